"""What Meltano's users configure beside the source: stream maps, flattening, batches, versions, a test run."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from singer_sdk.exceptions import ConfigValidationError

from connector_kit.singer import program
from unit_tests.support.taps import SOURCES, TINY, TapAccount, tap_of

CAPABILITIES = {
    "about", "activate-version", "batch", "catalog", "discover", "schema-flattening", "state", "stream-maps",
    "structured-logging",
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_about_names_every_setting_and_marks_each_secret(source: str) -> None:
    tap = tap_of(source)
    settings = tap._get_about_info().settings["properties"]
    own = tap.specification["properties"]
    assert {capability.value for capability in tap.capabilities} == CAPABILITIES
    assert {*own, "emit_activate_version_messages", "stream_maps", "flattening_enabled", "batch_config"} <= {*settings}
    secrets = {name for name, field in own.items() if field.get("airbyte_secret")}
    assert {name for name, field in settings.items() if field.get("secret")} == secrets != set()
    assert {name for name, field in settings.items() if field.get("writeOnly")} == secrets
    assert all(settings[name]["description"] and settings[name]["title"] for name in own)
    assert "airbyte" not in json.dumps(settings)


@pytest.mark.parametrize("source", SOURCES)
def test_the_version_is_that_of_the_package(source: str) -> None:
    assert tap_of(source).plugin_version[0].isdigit()


@pytest.mark.slow
def test_stream_maps_hash_drop_filter_and_rename(talentio: TapAccount) -> None:
    maps: dict[str, Any] = {
        "candidates": {
            "email": "sha256(config['seed'] + email) if email else None",
            "phone": "__NULL__",
            "__filter__": "record['id'] % 2 == 0",
            "__alias__": "people",
        },
        "employees": None,
    }
    plain = {row["id"]: row for row in talentio.run().rows("candidates")}
    output = talentio.run({"stream_maps": maps, "stream_map_config": {"seed": "pepper"}})
    judge = output.judged()
    assert judge.findings == []
    assert "employees" not in judge.rows
    people = {row["id"]: row for row in output.rows("people")}
    assert people.keys() == {number for number in plain if number % 2 == 0}
    assert not any("phone" in row for row in people.values())
    for number, row in people.items():
        email = plain[number]["email"]
        assert row["email"] == (hashlib.sha256(f"pepper{email}".encode()).hexdigest() if email else None)


@pytest.mark.slow
def test_flattening_leaves_no_column_of_objects_or_arrays(account: TapAccount) -> None:
    judge = account.run({"flattening_enabled": True, "flattening_max_depth": 3}).judged()
    assert judge.findings == []
    for message in account.run({"flattening_enabled": True, "flattening_max_depth": 3}).of("SCHEMA"):
        for name, field in message["schema"]["properties"].items():
            assert not {"object", "array"} & {*field["type"]}, (message["stream"], name)
    assert not any(isinstance(value, (dict, list)) for rows in judge.rows.values() for row in rows.values()
                   for value in row.values())  # fmt: skip


def test_batches_hold_the_same_rows_and_come_before_the_state_that_covers_them(
    talentio: TapAccount, tmp_path: Path
) -> None:
    config = {
        "batch_config": {
            "encoding": {"format": "jsonl", "compression": "gzip"},
            "storage": {"root": tmp_path.as_uri()},
            "batch_size": 5,
        }
    }
    catalog = talentio.catalog().select("candidates").deselect("candidates", "email")
    plain = talentio.run(catalog=catalog).rows("candidates")
    output = talentio.run(config, catalog=catalog)
    assert output.judged().findings == []
    kinds = [message["type"] for message in output.messages]
    assert kinds == ["SCHEMA", "STATE", "BATCH", "BATCH", "BATCH", "STATE"]
    batches = [rows_of_batch(message) for message in output.of("BATCH")]
    assert [len(rows) for rows in batches] == [5, 5, TINY["candidates"] - 10]
    assert [row for rows in batches for row in rows] == plain


def test_a_version_is_activated_behind_the_last_row_of_a_complete_full_read(talentics: TapAccount) -> None:
    output = talentics.run({"emit_activate_version_messages": True})
    activated = {message["stream"]: message["version"] for message in output.of("ACTIVATE_VERSION")}
    assert activated.keys() == {"applicants", "applicant_details"}
    for stream, version in activated.items():
        kinds = [message["type"] for message in output.messages if message.get("stream") == stream]
        assert kinds == ["SCHEMA", *["RECORD"] * (len(kinds) - 2), "ACTIVATE_VERSION"]
        assert len(kinds) > 2
        assert {message["version"] for message in output.of("RECORD") if message["stream"] == stream} == {version}
    assert not any("version" in message for message in output.of("RECORD") if message["stream"] not in activated)


def test_no_version_is_activated_where_a_stream_broke_or_was_not_read_in_full(talentics: TapAccount) -> None:
    talentics.world.settings.answers = (("*/jobs/applicants/*[0-9]", 403),)
    output = talentics.run({"emit_activate_version_messages": True})
    assert "applicant_details" in str(output.error)
    assert [message["stream"] for message in output.of("ACTIVATE_VERSION")] == ["applicants"]


def test_without_the_setting_rows_bear_no_version(talentics: TapAccount) -> None:
    output = talentics.run()
    assert output.of("ACTIVATE_VERSION") == []
    assert not any("version" in message for message in output.of("RECORD"))


@pytest.mark.slow
def test_the_test_of_an_account_reads_a_little_of_each_stream_and_confirms_nothing(account: TapAccount) -> None:
    whole = account.run()
    output = account.run(method="run_connection_test")
    assert output.judged().findings == []
    counted = {stream: len(rows) for stream, rows in output.judged().rows.items()}
    assert counted == dict.fromkeys(whole.judged().rows, 1)
    assert [message["value"] for message in output.of("STATE")] == [{"bookmarks": {}}]
    assert len(output.sent) < len(whole.sent)


def test_the_test_of_an_account_fails_where_a_stream_does(talentio: TapAccount) -> None:
    talentio.world.settings.answers = (("*/workspaces", 404),)
    assert "workspaces" in str(talentio.run(method="run_connection_test").error)


@pytest.mark.slow
def test_the_test_of_an_account_passes_where_some_endpoints_are_closed(
    talentio: TapAccount, caplog: pytest.LogCaptureFixture
) -> None:
    talentio.world.settings.answers = (("*/workspaces", 403), ("*/candidates", 403))
    assert talentio.run(method="run_connection_test").error is None
    assert re.search(r"workspaces: No access to \S+/workspaces \(HTTP 403\)", caplog.text)
    assert "workspaces" in str(talentio.run().error), "a sync fails"
    talentio.world.settings.answers = (("*", 403),)
    assert talentio.run(method="run_connection_test").error is not None
    talentio.world.settings.answers = ()
    talentio.world.faults.replace(["403-html:*/workspaces"])
    assert "workspaces" in str(talentio.run(method="run_connection_test").error)


def test_schemas_alone_cost_no_request(account: TapAccount) -> None:
    output = account.run(method="write_schemas")
    assert {message["type"] for message in output.messages} == {"SCHEMA"}
    assert len(output.messages) == len(account.catalog().document["streams"])
    assert output.sent == []


def test_values_of_stream_maps_that_json_hardly_knows_come_out(talentio: TapAccount) -> None:
    output = talentio.run(
        {"stream_maps": {"channels": {"big": "int(id) * 10 ** 30"}}}, catalog=talentio.catalog().select("channels")
    )
    assert output.error is None
    assert all(row["big"] == row["id"] * 10**30 for row in output.rows("channels"))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"access_token": ""}, "access_token: required"),
        ({"access_token": 1234567890}, "access_token: must be of type string"),
        ({"num_workers": 99}, "num_workers: must be from 1 to 20"),
        ({"personal_data": "hash"}, "personal_data_key: required"),
        ({"base_url": "http://api.example.com"}, "base_url: must begin with https://"),
        ({"flattening_enabled": "perhaps"}, "flattening_enabled: must be of type boolean"),
        ({"stream_map_config": "1234567890"}, "stream_map_config: must be of type object"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name_and_without_a_secret(
    talentio: TapAccount, config: Mapping[str, Any], words: str
) -> None:
    output = talentio.run(config)
    (message,) = getattr(output.error, "errors", [str(output.error)])
    assert message.startswith(words)
    assert "1234567890" not in message
    assert (output.lines, output.sent) == ([], [])


def test_a_stream_map_that_fails_is_told_without_the_value_that_it_failed_on(talentio: TapAccount) -> None:
    output = talentio.run(
        {"stream_maps": {"channels": {"number": "int('secret-' + str(id))"}}},
        catalog=talentio.catalog().select("channels"),
    )
    assert output.error is not None
    (message,) = program.error_messages(output.error)
    assert message.startswith("channels: a stream map failed (")
    assert "secret" not in message


def test_what_nobody_foresaw_is_told_by_its_type_and_place() -> None:
    try:
        int("secret")
    except ValueError as error:
        (message,) = program.error_messages(error)
    assert message.startswith("The tap: ValueError at test_tap_features.py:")
    assert "secret" not in message


def test_a_variable_that_is_no_number_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_TALENTIO_NUM_WORKERS", "secret")
    with pytest.raises(ConfigValidationError) as refused:
        tap_of("talentio")(config={}, parse_env_config=True)
    assert program.error_messages(refused.value) == ["num_workers: must be of type integer"]


def test_the_log_holds_no_traceback_of_a_failure_that_is_told_in_words(
    talentio: TapAccount, caplog: pytest.LogCaptureFixture
) -> None:
    talentio.world.settings.answers = (("*/channels", 403),)
    handler = Collecting()
    logging.getLogger().addHandler(handler)
    try:
        talentio.run(catalog=talentio.catalog().select("channels"))
    finally:
        logging.getLogger().removeHandler(handler)
    assert any("channels" in text for text in handler.texts)
    assert not any("Traceback" in text for text in handler.texts)


class Collecting(logging.Handler):
    """Keeps each line as a user would see it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


def rows_of_batch(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    (url,) = message["manifest"]
    with gzip.open(url2pathname(urlsplit(url).path), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
