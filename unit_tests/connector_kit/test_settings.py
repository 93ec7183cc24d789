"""The configuration: every field's bad values are refused by the field's name, before any request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit import times
from connector_kit.reading.retrievers import EndpointRetriever
from connector_kit.settings import Settings, misspelled_warnings, with_defaults
from connector_kit.source import ManifestSource, read_manifest
from unit_tests.support.account import Account
from unit_tests.support.run import read

SPECS: dict[str, Mapping[str, Any]] = {
    package: read_manifest(package)["spec"]["connection_specification"]
    for package in ("source_talentics", "source_talentio")
}
GOOD: dict[str, dict[str, Any]] = {
    "source_talentics": {"app_id": "an-app", "app_secret": "its-secret"},
    "source_talentio": {"access_token": "a-token"},
}
STREAM = {"source_talentics": "exams", "source_talentio": "candidates"}

CREDENTIAL: list[Any] = [None, "", "  ", 5, ["a"], "two\nlines", "a\ttab", "a\x00null", "a\u200bblank", "トークン"]
# Of each field that both sources have.
COMMON: dict[str, list[Any]] = {
    "start_date": ["yesterday", "2024-13-01", "2024-02-30", "01.02.2024", 20240101],
    "base_url": [
        5,
        "api.example.com/v2",
        "https://",
        "ftp://api.example.com",
        "http://api.example.com/v2",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://api.example.com:port",
        "https://api.example .com",
        "https://api.example.com/v2?page=1",
        "https://api.example.com/v2#top",
        "https://user:a-password@api.example.com",
        "https://api.example.com/v2?",
        "https://api.example.com/v2#",
        "https://@api.example.com/v2",
        "https://[::1",
        "https://.com/v2",
        f"https://{'a' * 64}.example.com/v2",
    ],
    "rate_limit_requests": [0, -1, "50", 1.5, True],
    "rate_limit_period": ["15m", "PT", "PT0S", "-PT15M", "P1M", "PT99999999999999H", 900],
    "num_workers": [0, 21, "4", 2.5, True],
    "personal_data": ["mask", "Keep", 5, "", " "],
    "personal_data_key": [None, "", 5],
    "detect_deletions": ["on", "Mark", True, ["mark"]],
}
BAD: dict[str, dict[str, list[Any]]] = {
    "source_talentics": {"app_id": CREDENTIAL, "app_secret": CREDENTIAL, **COMMON},
    "source_talentio": {
        "access_token": CREDENTIAL,
        "include_inactive_responsible_employees": ["true", 1, 0],
        # An empty array may have been meant to leave something out.
        "candidate_filter": ["status", ["pass"], 5, {"requisition_ids": []}, {"status": [], "applied_to": ""}],
        **COMMON,
    },
}
CASES = [
    pytest.param(package, field, value, id=f"{package}-{field}-{value!r}")
    for package, fields in BAD.items()
    for field, values in fields.items()
    for value in values
]


@pytest.mark.parametrize("package", GOOD)
def test_no_field_of_the_spec_is_left_out_here(package: str) -> None:
    assert set(BAD[package]) == set(SPECS[package]["properties"])


@pytest.mark.slow
@pytest.mark.parametrize(("package", "field", "value"), CASES)
def test_a_bad_value_is_refused_by_its_field_before_any_request(package: str, field: str, value: Any) -> None:
    config = {**GOOD[package], field: value}
    if field == "personal_data_key":
        config["personal_data"] = "hash"
    account = Account(package.removeprefix("source_"))
    transport = account.transport()
    failure = read(package, [STREAM[package]], config, account.clock, transport).failure
    assert (failure.stream, failure.kind) == ("", "config_error")
    assert failure.message.startswith(f"{field}: ")
    assert "a-password" not in failure.message
    assert not transport.requests


DAY: list[Any] = ["31.01.2024", "2024-1-31", "2024-02-30", "2024-01-31T00:00:00Z", 20240131, ["2024-01-31"]]
BAD_FILTERS: dict[str, list[Any]] = {
    "status": ["pass", ["happy"], [""], [None], ["pass", 5]],
    "requisition_ids": [5, "1,2", ["1"], [0], [-1], [1.5], [True], [None]],
    "job_title_ids": [5, ["1"], [0]],
    "stage_statuses": ["pass", [""], ["pass,fail"], ["pass "], [5]],
    **dict.fromkeys(("applied_from", "applied_to", "joined_from", "joined_to"), DAY),
    "requisition_id": [[1]],
}


@pytest.mark.slow
@pytest.mark.parametrize(("part", "value"), [(part, value) for part, values in BAD_FILTERS.items() for value in values])
def test_a_bad_value_in_a_filter_is_refused_by_its_field_before_any_request(part: str, value: Any) -> None:
    account = Account("talentio")
    outcome = account.read(["candidates"], candidate_filter={"status": ["pass"], part: value})
    assert (outcome.failure.kind, outcome.requests) == ("config_error", [])
    assert outcome.failure.message.startswith(f"candidate_filter.{part}: ")


@pytest.mark.parametrize("of", ["applied", "joined"])
def test_a_range_that_ends_before_it_begins_is_refused(of: str) -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        settings("source_talentio", candidate_filter={f"{of}_from": "2024-02-01", f"{of}_to": "2024-01-31"})
    assert str(caught.value.message).startswith(f"candidate_filter.{of}_from: is later than candidate_filter.{of}_to")
    settings("source_talentio", candidate_filter={f"{of}_from": "2024-02-01", f"{of}_to": "2024-02-01"})


def retriever(package: str = "source_talentics", **given: Any) -> EndpointRetriever:
    """A list's retriever as the manifest declares it, with the config's values."""
    config = {**GOOD[package], **given}
    source = ManifestSource(package, config=config, only=[STREAM[package]])
    source.streams(config)
    retriever = source.retrievers[STREAM[package]]
    assert isinstance(retriever, EndpointRetriever)
    return retriever


def settings(package: str = "source_talentics", **config: Any) -> Settings:
    return Settings.from_config({**GOOD[package], **config}, SPECS[package])


@pytest.mark.parametrize(
    ("package", "base_url", "requests", "period"),
    [
        ("source_talentics", "https://api.talentics.id/v2", 50, 900.0),
        ("source_talentio", "https://talentio.com/api/v1", 5000, 3600.0),
    ],
)
def test_what_is_left_out_has_the_specs_default(package: str, base_url: str, requests: int, period: float) -> None:
    assert settings(package) == Settings(base_url, 4, "keep")
    declared = retriever(package)
    assert (declared.limit.requests, declared.limit.period, declared.start_instant) == (requests, period, None)
    assert settings(package, base_url=None, num_workers=None, start_date=None) == settings(package)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://api.example.com/v2/", "https://api.example.com/v2"),
        ("https://api.example.com", "https://api.example.com"),
        ("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080/v2"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_base_url_is_https_or_loopback(given: str, used: str) -> None:
    assert settings(base_url=given).base_url == used


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("2024-01-31", "2024-01-31T00:00:00Z"),
        ("2024-01-31T00:00:00", "2024-01-31T00:00:00Z"),
        ("2024-01-31T09:00:00+09:00", "2024-01-31T00:00:00Z"),
    ],
)
def test_a_start_date_without_a_zone_is_utc(given: str, used: str) -> None:
    assert retriever(start_date=given).start_instant == times.instant(used)


@pytest.mark.parametrize("package", GOOD)
@pytest.mark.parametrize("empty", ["", " ", None])
def test_an_empty_field_counts_as_one_that_was_left_out(package: str, empty: str | None) -> None:
    """Forms and runners give an empty text where nobody filled a field in, whatever the field's type."""
    # But not the one by which data may be hidden.
    optional = SPECS[package]["properties"].keys() - GOOD[package].keys() - {"personal_data"}
    assert settings(package, **dict.fromkeys(optional, empty)) == settings(package)
    given = {**GOOD[package], **dict.fromkeys(optional, empty)}
    assert with_defaults(given, SPECS[package]) == with_defaults(GOOD[package], SPECS[package])


@pytest.mark.parametrize("package", GOOD)
def test_personal_data_is_kept_where_nobody_chose_but_not_where_a_choice_came_empty(package: str) -> None:
    assert settings(package, personal_data=None).personal_data == settings(package).personal_data == "keep"
    with pytest.raises(AirbyteTracedException) as caught:
        settings(package, personal_data="")
    assert caught.value.message == "personal_data: must be one of keep, hash, drop."


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rate_limit_requests", "50", "rate_limit_requests: must be of type integer, not str."),
        ("rate_limit_requests", 0, "rate_limit_requests: must be at least 1, not 0."),
        ("num_workers", 50, "num_workers: must be from 1 to 20, not 50."),
        ("num_workers", 4.0, "num_workers: must be of type integer, not float."),
        ("num_workers", True, "num_workers: must be of type integer, not bool."),
        ("personal_data", "mask", "personal_data: must be one of keep, hash, drop."),
        ("personal_data_key", 12345678, "personal_data_key: must be of type string, not int."),
    ],
)
def test_what_a_field_must_be_is_told_and_no_secret_repeated(field: str, value: Any, message: str) -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        settings(**{field: value})
    assert caught.value.message == message


def days_from_now(days: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("days", [1.01, 2, 100_000])
def test_a_start_date_in_the_future_is_refused_by_its_name(days: float) -> None:
    start_date = days_from_now(days)
    with pytest.raises(AirbyteTracedException) as caught:
        settings(start_date=start_date)
    assert caught.value.failure_type == FailureType.config_error
    assert str(caught.value.message).startswith(f"start_date: {start_date} is in the future")


def test_a_start_date_may_be_tomorrow_where_the_clock_is_late_or_the_day_began_elsewhere() -> None:
    settings(start_date=days_from_now(0.99))


@pytest.mark.parametrize(("given", "used"), [("PT1H30M", 5400.0), ("P1D", 86400.0), ("PT0.5S", 0.5)])
def test_a_period_is_a_duration_in_seconds(given: str, used: float) -> None:
    settings(rate_limit_period=given)
    assert retriever(rate_limit_period=given).limit.period == used


def test_the_bounds_of_a_number_belong_to_it() -> None:
    assert [settings(num_workers=number).num_workers for number in (1, 20)] == [1, 20]
    settings(rate_limit_requests=1)
    assert retriever(rate_limit_requests=1).limit.requests == 1


def test_hashing_with_a_key_is_right() -> None:
    assert settings(personal_data="hash", personal_data_key="a long random text").personal_data == "hash"


def test_a_field_that_the_spec_does_not_know_is_no_failure() -> None:
    assert settings(__injected_declarative_manifest={}) == settings()


@pytest.mark.parametrize("spelled", [" https://api.example.com/v2 ", "https://api.example.com/v2/"])
def test_the_base_url_that_was_checked_is_the_one_that_is_used(spelled: str) -> None:
    full = with_defaults({"base_url": spelled}, SPECS["source_talentics"])
    assert full["base_url"] == "https://api.example.com/v2"


def test_a_misspelled_field_is_named_with_the_one_that_is_meant() -> None:
    config = {"access_token": "a-token", "personal_dta": "drop", "acces_tokn": "x", "comment": "ours", "__injected": 1}
    assert misspelled_warnings(config, SPECS["source_talentio"]) == [
        "Config field personal_dta is unknown and has no effect. Did you mean personal_data?",
        "Config field acces_tokn is unknown and has no effect. Did you mean access_token?",
    ]


@pytest.mark.parametrize("package", GOOD)
def test_what_copying_leaves_around_a_credential_is_not_sent(package: str) -> None:
    given = {name: f"\u3000{value} \r\n" for name, value in GOOD[package].items()}
    Settings.from_config(given, SPECS[package])
    assert GOOD[package].items() <= with_defaults(given, SPECS[package]).items()
