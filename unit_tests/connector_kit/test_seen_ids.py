"""The set of ids in a state: exact, and small."""

from __future__ import annotations

import base64
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_kit.seen_ids import SeenIds

IDS = st.sets(st.integers(0, 2**63))


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@given(IDS)
def test_what_was_added_comes_back_and_nothing_else(ids: set[int]) -> None:
    again = SeenIds.decode(SeenIds(ids).encode())
    assert len(again) == len(ids)
    assert all(number in again for number in ids)


@given(st.sets(st.integers(0, 300)), st.integers(0, 300))
def test_neighbouring_ids_are_told_apart(ids: set[int], number: int) -> None:
    assert (number in SeenIds.decode(SeenIds(ids).encode())) == (number in ids)


@given(IDS, st.integers(0, 2**63))
def test_the_order_of_adding_does_not_matter(ids: set[int], number: int) -> None:
    seen = SeenIds(ids)
    seen.add(number)
    assert seen.encode() == SeenIds({number, *ids}).encode()


def test_no_ids_are_no_text() -> None:
    assert SeenIds().encode() == ""
    assert len(SeenIds.decode("")) == 0


def test_a_negative_id_is_never_claimed() -> None:
    seen = SeenIds([-1])
    seen.add(-2)
    assert len(seen) == 0
    assert -1 not in seen


def test_a_hundred_thousand_ids_in_a_row_take_next_to_nothing() -> None:
    assert len(SeenIds(range(5_000_000, 5_100_000)).encode()) < 200


def test_a_hundred_thousand_ids_with_gaps_fit_whole() -> None:
    # Two of three ids are a company's own.
    ids = {number for number in range(150_000) if random.Random(number).random() < 2 / 3}
    text = SeenIds(ids).encode()
    assert len(text) < 48_000
    assert len(SeenIds.decode(text)) == len(ids)


def test_ids_too_scattered_to_fit_lose_the_lowest_alone() -> None:
    ids = sorted(random.Random(1).sample(range(100_000_000), 100_000))
    text = SeenIds(ids).encode()
    kept = SeenIds.decode(text)
    assert 40_000 < len(text) <= 48_000
    assert all(number in kept for number in ids[-len(kept) :])


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        ["1"],
        "no Base64!",
        "ｂａｓｅ６４",
        base64.b64encode(b"not deflated").decode(),
        SeenIds([1, 5]).encode()[:-4],
        pytest.param(packed(b"\x05\x81"), id="half a number"),
    ],
)
def test_text_that_was_not_written_by_it_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"not|cut short|ASCII"):
        SeenIds.decode(text)
