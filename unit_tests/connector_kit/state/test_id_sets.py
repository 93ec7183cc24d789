"""The sets in a state, of ids and of ids with times: exact, and small."""

from __future__ import annotations

import base64
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_kit.state.id_sets import IdSet, IdTimes
from connector_kit.state.varints import MOST_CHARACTERS, MOST_NUMBERS, pack

IDS = st.sets(st.integers(0, 2**63))


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@given(IDS)
def test_what_was_added_comes_back_and_nothing_else(ids: set[int]) -> None:
    again = IdSet.decode(IdSet(ids).encode())
    assert len(again) == len(ids)
    assert all(number in again for number in ids)


@given(st.sets(st.integers(0, 300)), st.integers(0, 300))
def test_neighbouring_ids_are_told_apart(ids: set[int], number: int) -> None:
    assert (number in IdSet.decode(IdSet(ids).encode())) == (number in ids)


@given(IDS, st.integers(0, 2**63))
def test_the_order_of_adding_does_not_matter(ids: set[int], number: int) -> None:
    seen = IdSet(ids)
    seen.add(number)
    assert seen.encode() == IdSet({number, *ids}).encode()


def test_no_ids_are_no_text() -> None:
    assert IdSet().encode() == ""
    assert len(IdSet.decode("")) == 0


def test_a_negative_id_is_never_claimed() -> None:
    seen = IdSet([-1])
    seen.add(-2)
    assert len(seen) == 0
    assert -1 not in seen


def test_a_hundred_thousand_ids_in_a_row_take_next_to_nothing() -> None:
    assert len(IdSet(range(5_000_000, 5_100_000)).encode()) < 200


@pytest.mark.slow
def test_a_hundred_thousand_ids_with_gaps_fit_whole() -> None:
    # Two of three ids are a company's own.
    ids = {number for number in range(150_000) if random.Random(number).random() < 2 / 3}
    text = IdSet(ids).encode()
    assert len(text) < 30_000
    assert len(IdSet.decode(text)) == len(ids)


def test_ids_too_scattered_to_fit_lose_the_lowest_alone() -> None:
    ids = sorted(random.Random(1).sample(range(100_000_000), 100_000))
    text = IdSet(ids).encode()
    kept = IdSet.decode(text)
    assert MOST_CHARACTERS - 1000 < len(text) <= MOST_CHARACTERS
    assert all(number in kept for number in ids[-len(kept) :])


INSTANTS = st.integers(0, 2**53) | st.integers(1_700_000_000, 1_700_000_300).map(lambda second: second * 1_000_000)


@given(st.dictionaries(st.integers(0, 2**63), INSTANTS))
def test_each_id_comes_back_with_its_own_time(times: dict[int, int]) -> None:
    again = IdTimes.decode(IdTimes(times).encode())
    assert len(again) == len(times)
    assert all(again.get(number) == instant for number, instant in times.items())


def test_of_two_times_of_one_id_the_later_told_holds() -> None:
    both = IdTimes({1: 5, 2: 5}) | IdTimes({2: 3})
    assert [both.get(number) for number in (1, 2, 3, "1", None)] == [5, 3, None, None, None]
    both.add(1, 9)
    both.add(-1, 9)
    assert (both.get(1), both.get(-1), len(both)) == (9, None, 2)


def test_times_too_scattered_to_fit_lose_the_lowest_ids_alone() -> None:
    chance = random.Random(1)
    times = {number: chance.randrange(2**50) for number in range(50_000)}
    text = IdTimes(times).encode()
    kept = IdTimes.decode(text)
    assert MOST_CHARACTERS - 1000 < len(text) <= MOST_CHARACTERS
    assert all(kept.get(number) == times[number] for number in range(50_000 - len(kept), 50_000))


ODD = [
    None,
    5,
    ["1"],
    "no Base64!",
    "ｂａｓｅ６４",
    base64.b64encode(b"not deflated").decode(),
    pytest.param(pack([1, 5])[:-4], id="cut short"),
    pytest.param(base64.b64encode(zlib.compress(b"\x05") + b"more").decode(), id="something behind it"),
    pytest.param(packed(b"\x05\x81"), id="half a number"),
    pytest.param(packed(b"\xff" * 20 + b"\x01"), id="a number without an end"),
]


@pytest.mark.parametrize("kind", [IdSet, IdTimes])
@pytest.mark.parametrize("text", ODD)
def test_text_that_was_not_written_by_it_is_refused(kind: type[IdSet] | type[IdTimes], text: object) -> None:
    with pytest.raises(ValueError, match=r"not|cut short|ASCII|too large"):
        kind.decode(text)


@pytest.mark.parametrize("numbers", [[0, 1, 5], [1, 5], []])
def test_times_that_do_not_match_their_ids_are_refused(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="cut short"):
        IdTimes.decode(pack(numbers))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [IdSet, IdTimes])
@pytest.mark.parametrize(
    "text",
    [
        # 30 KB of text that unfold to 30 MB, each byte of them a number.
        pytest.param(packed(bytes(30_000_000)), id="a bomb"),
        pytest.param(packed(bytes(MOST_NUMBERS + 1)), id="one number too many"),
        pytest.param("A" * (MOST_CHARACTERS + 4), id="a text too long"),
    ],
)
def test_an_edited_state_that_would_eat_the_memory_is_refused(kind: type[IdSet] | type[IdTimes], text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"not written by this connector"):
            kind.decode(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000


def test_the_most_ids_that_are_read_back_are_the_most_that_are_written() -> None:
    text = IdSet(range(MOST_NUMBERS + 5)).encode()
    kept = IdSet.decode(text)
    assert len(kept) == MOST_NUMBERS
    assert (4 in kept, 5 in kept) == (False, True)
