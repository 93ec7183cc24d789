"""A list that comes to no end is found out; one that moves or grows is not mistaken for it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import pytest

from connector_kit import paging
from connector_kit.paging import PageWalk

SIZE = 3
Page = tuple[list[int], int | None]


def walk(pages: Iterable[Page]) -> tuple[int, str | None]:
    """Walk through pages as they come; how many were read, and why no more."""
    page_walk = PageWalk(SIZE)
    number: int | None = 1
    for read, (keys, total) in enumerate(pages, 1):
        assert number is not None
        why = page_walk.why_endless(number, keys, total)
        if why:
            return read, why
        number = page_walk.next(number, len(keys), page_walk.counts(number, len(keys), total))
        if number is None:
            return read, None
    raise AssertionError("more pages were asked for")


@pytest.mark.parametrize("total", [None, 9, 10, 1_000])
def test_the_same_page_again_and_again(total: int | None) -> None:
    assert walk(([1, 2, 3], total) for _ in count()) == (3, "page 3 has the same records as the page before")


def test_the_same_page_where_two_are_promised() -> None:
    """Half of the list is missing, and nothing else would tell."""
    assert walk([([1, 2, 3], 6), ([1, 2, 3], 6)]) == (2, "page 2 has the same records as the page before")


def test_a_page_that_others_pushed_back_is_no_end() -> None:
    """As many were created at the beginning as stand on a page; the list goes on after them."""
    assert walk([([1, 2, 3], 7), ([4, 5, 6], 7), ([4, 5, 6], 10), ([7], 10), ([7], 10)]) == (4, None)


def test_a_page_that_is_asked_for_again_is_no_end() -> None:
    """It holds fewer records than the total promises, and does so at a second look."""
    assert walk([([1, 2, 3], 6), ([4, 5], 6), ([4, 5], 6), ([4, 5], 6)]) == (4, None)


def test_empty_pages_and_records_without_ids_are_not_compared() -> None:
    page_walk = PageWalk(SIZE)
    for number in range(1, 9):
        assert page_walk.why_endless(number, [None, None, None], 1_000) is None  # type: ignore[list-item]
        page_walk.counts(number, SIZE, 1_000)


@pytest.mark.parametrize("promised", [None, 30])
def test_a_list_that_grows_for_ever(promised: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_SPARE_PAGES", 5)
    monkeypatch.setattr(paging, "_MOST_PAGES", 100)
    endless = (
        ([3 * page, 3 * page + 1, 3 * page + 2], promised and promised + 6 * page)
        for page in count()
    )  # fmt: skip
    # Twice the ten pages that it promised and five to spare; where it promises nothing, as many as any list may have.
    most = 25 if promised else 100
    assert walk(endless) == (most + 1, f"{most} pages were read, and it goes on")


def test_a_total_that_goes_up_and_down_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time it shrinks, the walk steps back, as it does after a deletion."""
    monkeypatch.setattr(paging, "_SPARE_PAGES", 5)
    totals = (9 if number % 2 else 6 for number in count())
    read, why = walk(([number, -number, 0], total) for number, total in enumerate(totals))
    assert why
    assert read == 2 * 2 + 5 + 1
