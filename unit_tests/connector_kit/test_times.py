"""The spellings of time that the two APIs send, and some that they might."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_kit import times

JAPAN = timezone(timedelta(hours=9))
SEVENTH = datetime(2021, 6, 7)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-06-7 00:00:00", SEVENTH),
        ("2021-6-07 1:02:03", SEVENTH.replace(hour=1, minute=2, second=3)),
        ("2021-06-07T10:20", SEVENTH.replace(hour=10, minute=20)),
        ("2021-06-07", SEVENTH),
        ("2021/06/07", SEVENTH),
        (" 2021-06-07 00:00:00 ", SEVENTH),
        ("2021-06-07T00:00:00Z", SEVENTH.replace(tzinfo=timezone.utc)),
        ("2021-06-07t00:00:00z", SEVENTH.replace(tzinfo=timezone.utc)),
        ("2021-06-07T00:00:00.000000Z", SEVENTH.replace(tzinfo=timezone.utc)),
        ("2021-06-07T00:00:00.5Z", SEVENTH.replace(microsecond=500000, tzinfo=timezone.utc)),
        ("2021-06-07T00:00:00.1234567890", SEVENTH.replace(microsecond=123456)),
        ("2021-06-07T00:00:00+09:00", SEVENTH.replace(tzinfo=JAPAN)),
        ("2021-06-07T00:00:00.000+09:00", SEVENTH.replace(tzinfo=JAPAN)),
        ("2021-06-07T00:00:00+0900", SEVENTH.replace(tzinfo=JAPAN)),
        ("2021-06-07 00:00:00 +09", SEVENTH.replace(tzinfo=JAPAN)),
        ("2021-06-07T00:00:00-03:30", SEVENTH.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
    ],
)
def test_a_time_is_read_with_the_zone_that_it_names(value: str, expected: datetime) -> None:
    parsed = times.parse(value)
    assert parsed == expected
    assert parsed is not None
    assert parsed.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "soon",
        "0000-00-00 00:00:00",
        "0000-01-01T00:00:00Z",
        "2021-02-30",
        "2021-13-01T00:00:00Z",
        "2021-06-07T25:00:00Z",
        "2021-06-07T00:00:00+99:00",
        "20210607",
        "2021-W23-1",
        "2021-06",
        "２０２１-06-07",
        None,
        1623024000,
        1.5,
        True,
        [],
        {},
    ],
)
def test_what_is_no_possible_time_is_none(value: object) -> None:
    assert times.parse(value) is None
    assert times.instant(value) is None


@given(st.text() | st.from_regex(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([T ][0-9:.,+-]*Z?)?", fullmatch=True))
def test_no_text_raises(value: str) -> None:
    moment = times.parse(value)
    assert (times.instant(value) is None) == (moment is None)
    if moment is not None:
        assert times.is_rfc_3339(times.format_aware(moment))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01 00:00:01", 1_000_000),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T09:00:00+09:00", 0),
        ("1969-12-31T23:59:59Z", -1_000_000),
        ("0001-01-01T00:00:00+09:00", -62_135_629_200_000_000),
    ],
)
def test_an_instant_counts_microseconds_and_reads_no_zone_as_utc(value: str, expected: int) -> None:
    assert times.instant(value) == expected


@given(st.datetimes(timezones=st.sampled_from([timezone.utc, JAPAN, timezone(-timedelta(minutes=210))])))
def test_instants_keep_the_order_of_times(moment: datetime) -> None:
    spelled = times.format_aware(moment)
    assert times.parse(spelled) == moment
    later = times.instant((moment + timedelta(microseconds=1)).isoformat()) if moment.year < 9999 else None
    assert later is None or later == (times.instant(spelled) or 0) + 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-06-07T00:00:00Z", True),
        ("2021-06-07T00:00:00.123456789+09:00", True),
        ("2024-02-29T00:00:00Z", True),
        ("2023-02-29T00:00:00Z", False),
        ("0000-01-01T00:00:00Z", False),
        ("2021-06-07 00:00:00Z", False),
        ("2021-06-07T00:00:00", False),
        ("2021-06-07T00:00:00+0900", False),
        ("2021-06-07T00:00:00Z\n", False),
    ],
)
def test_rfc_3339_is_known_when_seen(value: str, expected: bool) -> None:
    assert times.is_rfc_3339(value) is expected


@pytest.mark.parametrize(
    ("moment", "naive", "aware"),
    [
        (SEVENTH, "2021-06-07T00:00:00", "2021-06-07T00:00:00Z"),
        (SEVENTH.replace(microsecond=500), "2021-06-07T00:00:00", "2021-06-07T00:00:00.000500Z"),
        (SEVENTH.replace(tzinfo=JAPAN), "2021-06-07T00:00:00", "2021-06-07T00:00:00+09:00"),
        (datetime(1, 1, 1, tzinfo=JAPAN), "0001-01-01T00:00:00", "0001-01-01T00:00:00+09:00"),
    ],
)
def test_formats_keep_the_wall_clock(moment: datetime, naive: str, aware: str) -> None:
    assert times.format_naive(moment) == naive
    assert times.format_aware(moment) == aware


QUICK = st.builds(
    "{}{}{}{}".format,
    st.dates().map(str),
    st.sampled_from("T t"),
    st.times().map(lambda time: time.isoformat("seconds")),
    st.sampled_from(["", "Z", "+09:00", "+07:00", "-11:00", "+05:30", "-00:30", "+24:00", "+0900", "x09:00"]),
)


@given(QUICK | st.text(max_size=25))
def test_the_quick_way_to_utc_leads_where_the_other_does(value: str) -> None:
    quick = times.quick_utc(value)
    moment = times.parse(value)
    if quick is not None:
        assert moment is not None
        assert quick == times.format_utc(moment)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-01T08:59:59+09:00", "2025-12-31T23:59:59Z"),
        ("2024-02-28T23:00:00-02:00", "2024-02-29T01:00:00Z"),
        ("2021-06-07 10:00:00", "2021-06-07T10:00:00Z"),
        ("0001-01-01T08:59:59+09:00", None),
        ("9999-12-31T23:00:00-01:00", None),
        ("2026-01-01T08:59:59+05:30", None),
        ("2026-02-30T08:59:59+09:00", None),
    ],
)
def test_utc_of_the_usual_spellings(value: str, expected: str | None) -> None:
    assert times.quick_utc(value) == expected
