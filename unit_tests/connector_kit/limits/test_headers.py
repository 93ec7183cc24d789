"""Headers of the rate limit are believed where they make sense, and ignored where they do not."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_kit.limits.headers import LimitHeaders
from unit_tests.support.clock import SharedClock

PERIOD = 900.0
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=timezone.utc)
EPOCH = int(NOW.timestamp())
# Ours is ten minutes slow: moments are the server's, and are to be read by its Date header.
DATE = {"Date": "Sat, 01 Jun 2024 12:10:00 GMT"}


def read(headers: dict[str, str]) -> LimitHeaders:
    return LimitHeaders.of(headers, PERIOD, SharedClock(NOW.timestamp()))


CASES: list[tuple[str, dict[str, str], LimitHeaders]] = [
    ("nothing", {}, LimitHeaders()),
    ("seconds", {"X-Remaining": "4999", "X-Reset": "1153"}, LimitHeaders(remaining=4999, reset=1153)),
    (
        "epoch",
        {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": f"{EPOCH + 60}"},
        LimitHeaders(remaining=3, reset=60),
    ),
    ("epoch by the server's clock", {**DATE, "X-RateLimit-Reset": f"{EPOCH + 660}"}, LimitHeaders(reset=60)),
    ("epoch just past", {"X-RateLimit-Reset": f"{EPOCH - 5}"}, LimitHeaders(reset=0)),
    ("epoch long past", {"X-RateLimit-Reset": f"{EPOCH - 86_400}"}, LimitHeaders()),
    ("epoch of next year", {"X-RateLimit-Reset": f"{EPOCH + 31_536_000}"}, LimitHeaders()),
    ("epoch in milliseconds", {"X-RateLimit-Reset": f"{EPOCH}000"}, LimitHeaders()),
    ("lower case", {"x-remaining": "7", "x-reset": "9"}, LimitHeaders(remaining=7, reset=9)),
    ("upper case", {"X-RATELIMIT-REMAINING": "7", "RETRY-AFTER": "9"}, LimitHeaders(remaining=7, retry_after=9)),
    ("blanks around", {"X-Remaining": " 7 "}, LimitHeaders(remaining=7)),
    ("a fraction", {"X-Remaining": "7.0", "Retry-After": "1.5"}, LimitHeaders(remaining=7, retry_after=1.5)),
    ("negative", {"X-Remaining": "-1", "X-Reset": "-30", "Retry-After": "-5"}, LimitHeaders()),
    ("huge", {"X-Remaining": "9" * 30, "X-Reset": "9" * 30}, LimitHeaders()),
    ("words", {"X-Remaining": "many", "X-Reset": "soon", "Retry-After": "later"}, LimitHeaders()),
    ("numbers that are none", {"X-Remaining": "nan", "X-Reset": "inf", "Retry-After": "1e9"}, LimitHeaders()),
    ("digits of another script", {"X-Remaining": "٣"}, LimitHeaders()),
    ("empty", {"X-Remaining": "", "X-Reset": "", "Retry-After": ""}, LimitHeaders()),
    ("two that disagree", {"X-Remaining": "9", "X-RateLimit-Remaining": "4"}, LimitHeaders(remaining=4)),
    ("two resets", {"X-Reset": "30", "X-RateLimit-Reset": f"{EPOCH + 60}"}, LimitHeaders(reset=60)),
    ("one of two is nonsense", {"X-Reset": "30", "X-RateLimit-Reset": "x"}, LimitHeaders(reset=30)),
    ("the same one twice", {"X-Remaining": "9, 4"}, LimitHeaders(remaining=4)),
    ("a limit", {"X-RateLimit-Limit": "30", "X-RateLimit-Remaining": "29"}, LimitHeaders(limit=30, remaining=29)),
    ("more left than there is", {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "29"}, LimitHeaders(remaining=29)),
    ("a limit of nothing", {"X-RateLimit-Limit": "0"}, LimitHeaders()),
    ("nothing left of nothing", {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0"}, LimitHeaders()),
    ("twice", {"X-RateLimit-Limit": "50, 50", "X-RateLimit-Remaining": "49, 49"}, LimitHeaders(limit=50, remaining=49)),
    ("a limit below nothing", {"X-RateLimit-Limit": "-5", "X-RateLimit-Remaining": "9"}, LimitHeaders(remaining=9)),
    ("a power", {"X-RateLimit-Limit": "1e9", "X-RateLimit-Remaining": "1e9"}, LimitHeaders()),
    ("a date", {"Retry-After": "Sat, 01 Jun 2024 12:01:30 GMT"}, LimitHeaders(retry_after=90)),
    ("a date by its clock", {**DATE, "Retry-After": "Sat, 01 Jun 2024 12:11:30 GMT"}, LimitHeaders(retry_after=90)),
    ("a date in the past", {"Retry-After": "Sat, 01 Jun 2024 11:00:00 GMT"}, LimitHeaders(retry_after=0)),
    ("a date that is none", {"Retry-After": "Sat, 99 Jun 2024 12:00:00 GMT"}, LimitHeaders()),
    ("a date without a zone", {"Retry-After": "Sat, 01 Jun 2024 12:01:30"}, LimitHeaders()),
    ("a month", {"Retry-After": "2592000"}, LimitHeaders(retry_after=3600)),
    ("a date in a century", {"Retry-After": "Thu, 01 Jun 2124 12:00:00 GMT"}, LimitHeaders(retry_after=3600)),
    ("reset within two windows", {"X-Reset": "1800"}, LimitHeaders(reset=1800)),
    ("reset beyond them", {"X-Reset": "1801"}, LimitHeaders()),
]


@pytest.mark.parametrize(("headers", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_headers_tell(headers: dict[str, str], told: LimitHeaders) -> None:
    assert read(headers) == told


NAMES = st.sampled_from(
    ["Retry-After", "X-Reset", "X-Remaining", "X-RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Limit", "Date"]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
    st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,6} \d\d:\d\d:\d\d( [A-Z+0-9-]{0,6})?", fullmatch=True),
)


@pytest.mark.slow
@given(st.dictionaries(NAMES, VALUES))
def test_no_header_gives_a_number_that_could_stop_a_sync_or_set_it_free(headers: dict[str, str]) -> None:
    told = read(headers)
    assert told.limit is None or told.limit >= 1
    assert told.remaining is None or told.remaining >= 0
    assert told.reset is None or 0 <= told.reset <= 2 * PERIOD
    assert told.retry_after is None or 0 <= told.retry_after <= 3600
