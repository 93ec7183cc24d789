"""The ids of what a stream has sent, as they stand in its state: exact, small, and no more than is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_kit.state.known_ids import KnownIds
from connector_kit.state.varints import MOST_CHARACTERS, MOST_NUMBERS, pack

IDS = st.integers(0, 10**12)


@given(
    st.dictionaries(IDS, st.integers(0, 5), max_size=60), st.booleans(), st.integers(0, 99), st.integers(0, 2**32 - 1)
)
def test_what_is_written_is_read_again(parents: dict[int, int], is_whole: bool, forgotten: int, scope: int) -> None:
    known = KnownIds(parents)
    known.is_whole, known.forgotten, known.scope = is_whole, forgotten, scope
    again = KnownIds.decode(known.encode())
    assert (again.parents, again.is_whole, again.forgotten, again.scope) == (parents, is_whole, forgotten, scope)


@pytest.mark.parametrize("text", [None, 5, "x", pack([1, 0, 0]), pack([1, 2, 0, 0]), pack([1, 1, 0, 2, 5, 6, 1, 1, 2])])
def test_another_text_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"not|cut short"):
        KnownIds.decode(text)


def dense(chance: random.Random, count: int = 100_000) -> list[int]:
    """Ids with gaps of up to five."""
    ids, last = [], 5_000_000
    for _ in range(count):
        last += chance.randint(1, 5)
        ids.append(last)
    return ids


@pytest.mark.parametrize("parents", [1, 40])
def test_a_hundred_thousand_dense_ids_fit_also_if_they_were_made_exam_by_exam(parents: int) -> None:
    ids = dense(random.Random(1))
    known = KnownIds({number: 1 + place * parents // len(ids) for place, number in enumerate(ids)})
    text = known.encode()
    assert len(text) < MOST_CHARACTERS
    assert known.left_out == 0
    assert KnownIds.decode(text).parents == known.parents


def test_what_does_not_fit_is_counted_and_never_taken_for_new() -> None:
    ids = sorted(random.Random(2).sample(range(10**9), 100_000))
    known = KnownIds(dict.fromkeys(ids, 0))
    known.learned_all()
    again = KnownIds.decode(known.encode())
    assert 10_000 < len(again.parents) < 100_000 == len(again)
    # The lowest are left out.
    assert again.parents.keys() == set(ids[-len(again.parents) :])
    assert not any(map(again.lacks, ids))
    assert again.lacks(ids[-1] + 1)


@pytest.mark.slow
def test_more_ids_of_several_parents_than_can_be_read_are_not_written() -> None:
    known = KnownIds({number: number // 1_000 for number in range(MOST_NUMBERS // 2)})
    again = KnownIds.decode(known.encode())
    assert len(again) == MOST_NUMBERS // 2
    assert again.forgotten == known.left_out > 0


def test_nothing_is_missed_before_everything_was_seen_once() -> None:
    known = KnownIds({7: 0})
    assert not known.lacks(8)
    known.learned_all()
    assert known.lacks(8)
    assert not known.lacks("8")


def test_another_part_of_the_source_has_nothing_to_do_with_what_was_known() -> None:
    known = KnownIds({7: 0})
    known.learned_all()
    known.enter(5)
    assert not known.parents
    assert not known.is_whole
    known.add(7)
    known.enter(5)
    assert known.parents == {7: 0}


def test_a_forgotten_id_that_is_sent_again_counts_among_the_forgotten_no_longer() -> None:
    ids = sorted(random.Random(2).sample(range(10**9), 100_000))
    known = KnownIds(dict.fromkeys(ids, 0))
    known.learned_all()
    again = KnownIds.decode(known.encode())
    again.add(ids[0])
    # One that is new has a higher id.
    again.add(ids[-1] + 1)
    assert len(again) == 100_001
    assert len(KnownIds.decode(again.encode())) == 100_001
