"""Which page comes next while the list moves: nothing that stays in the list may be missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from connector_kit.paging import PageWalk, Sightings

SIZE = 100
# More requests than any of these walks may need: an endless one fails instead of hanging.
TOO_MANY = 40

Change = Callable[[list[int]], object]
Total = Callable[[Sequence[int]], "int | None"]


def walk(
    rows: list[int],
    changes: dict[int, Change] | None = None,
    total: Total = len,
    whole: bool = False,
    given: int = SIZE,
) -> tuple[set[int], list[int]]:
    """Walk through `rows`, which `changes[n]` alters before the n-th request and which come `given` a page.

    Returns what was seen on pages that counted, and the pages asked for.
    """
    walker = PageWalk(SIZE, one_page_without_total=whole)
    seen: set[int] = set()
    pages: list[int] = []
    page: int | None = 1
    while page is not None:
        pages.append(page)
        assert len(pages) < TOO_MANY
        if changes and len(pages) in changes:
            changes[len(pages)](rows)
        found = rows[(page - 1) * given : page * given]
        counted = walker.counts(page, len(found), total(rows))
        seen.update(found if counted else [])
        page = walker.next(page, len(found), counted)
    return seen, pages


def delete(start: int, end: int) -> Change:
    return lambda rows: rows.__delitem__(slice(start, end))


@pytest.mark.parametrize(
    ("length", "pages"), [(0, [1]), (1, [1]), (99, [1]), (100, [1]), (101, [1, 2]), (300, [1, 2, 3])]
)
def test_a_quiet_list_costs_each_page_once(length: int, pages: list[int]) -> None:
    assert walk(list(range(length))) == (set(range(length)), pages)


@pytest.mark.parametrize("deleted", [1, 150])
@pytest.mark.parametrize("when", [2, 3, 4])
def test_what_a_deletion_pulls_forward_is_read(deleted: int, when: int) -> None:
    rows = list(range(450))
    seen, _ = walk(rows, {when: delete(0, deleted)})
    assert seen >= set(rows)


def test_one_deletion_costs_two_requests_at_the_most() -> None:
    _, pages = walk(list(range(450)), {3: delete(0, 1)})
    assert len(pages) <= 5 + 2


def test_the_last_page_may_vanish() -> None:
    rows = list(range(101))
    seen, _ = walk(rows, {2: delete(0, 1)})
    assert seen >= set(rows)


@pytest.mark.parametrize("where", [0, 150, 250])
def test_a_list_that_grows_is_read_to_its_new_end(where: int) -> None:
    rows = list(range(250))

    def grow(rows: list[int]) -> None:
        rows[where:where] = range(1000, 1120)

    seen, _ = walk(rows, {2: grow})
    assert seen >= set(range(250))


@pytest.mark.parametrize(("length", "pages"), [(99, [1]), (100, [1, 2]), (250, [1, 2, 3])])
def test_without_a_total_a_page_that_is_not_full_is_the_last(length: int, pages: list[int]) -> None:
    assert walk(list(range(length)), total=lambda rows: None) == (set(range(length)), pages)


def test_a_list_that_comes_whole_without_a_total_is_one_page() -> None:
    assert walk(list(range(100)), total=lambda rows: None, whole=True) == (set(range(100)), [1])


def test_a_total_that_promises_too_much_is_doubted_twice_and_then_believed_no_more() -> None:
    assert walk(list(range(150)), total=lambda rows: 1000) == (set(range(150)), [1, 2, 2, 2, 3])


def test_a_total_that_is_too_small_does_not_end_a_full_page() -> None:
    assert walk(list(range(250)), total=lambda rows: 50) == (set(range(250)), [1, 2, 3])


@pytest.mark.parametrize(("length", "last"), [(30, 2), (45, 3), (50, 4)])
def test_a_server_that_gives_smaller_pages_than_asked_for_loses_nothing(length: int, last: int) -> None:
    assert walk(list(range(length)), given=15) == (set(range(length)), [1, 1, 1, *range(2, last + 1)])


def test_one_page_without_a_total_is_enough_to_let_a_deletion_go_unseen() -> None:
    walker = PageWalk(SIZE)
    for page, total in ((1, 200), (2, None), (3, 210)):
        assert walker.counts(page, SIZE if page < 3 else 10, total)
    assert walker.is_blind


def test_a_server_that_counts_before_a_deletion_and_lists_after_it_loses_nothing() -> None:
    counts = iter([250, 250, 250, 249, 249, 249])
    seen, pages = walk(list(range(250)), {3: delete(0, 1)}, total=lambda rows: next(counts))
    assert seen >= set(range(1, 250))
    assert pages == [1, 2, 3, 3, 2, 3]


def test_a_page_that_is_read_again_after_a_deletion_is_no_sign_of_a_list_that_moved() -> None:
    walker, sightings = PageWalk(2), Sightings()
    sightings.begin_walk()
    # One of the first four goes before the third page is asked for: the second is read again.
    for page, rows, total in ((1, "ab", 6), (2, "cd", 6), (3, "f", 5), (2, "de", 5), (3, "f", 5)):
        if walker.counts(page, len(rows), total):
            for row in rows:
                sightings.is_news(row, 0, walker.is_repeat)
    assert sightings.moved is None
    sightings.is_news("d", 1, is_repeat=True)
    assert sightings.moved == "whole"
