"""A list that comes to no end is found out; one that moves or grows is not mistaken for it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import pytest

from connector_kit.reading import page_walk
from connector_kit.reading.page_walk import PageWalk
from connector_kit.reading.paginators import PageSignals

SIZE = 3
Page = tuple[list[int], int | None]


def walk(pages: Iterable[Page], again: bool = False) -> tuple[int, str | None]:
    """Walk through pages as they come; how many were read, and why no more."""
    page_walk = PageWalk(SIZE)
    number: int | None = 1
    seen: set[int] = set()
    for read, (keys, total) in enumerate(pages, 1):
        assert number is not None
        signals = PageSignals(total=total)
        why = page_walk.why_endless(number, keys, signals, again)
        if why:
            return read, why
        news = not seen >= {*keys}
        seen.update(keys)
        number = page_walk.next(len(keys), page_walk.counts(number, len(keys), signals), signals, news)
        if number is None:
            return read, None
    raise AssertionError("more pages were asked for")


@pytest.mark.parametrize("total", [9, 10, 1_000])
def test_the_same_page_again_and_again(total: int) -> None:
    assert walk(([1, 2, 3], total) for _ in count()) == (3, "page 3 has the same records as the page before")


def test_the_same_page_again_and_again_with_a_link_to_the_next() -> None:
    page_walk, linked = PageWalk(SIZE), PageSignals(more=True)
    for page in (1, 2):
        assert page_walk.why_endless(page, [1, 2, 3], linked) is None
        assert page_walk.next(3, page_walk.counts(page, 3, linked), linked, page == 1) == page + 1
    assert page_walk.why_endless(3, [1, 2, 3], linked) == "page 3 has the same records as the page before"


def test_the_same_page_once_more_is_the_end_where_nothing_says_that_there_is_more() -> None:
    assert walk([([1, 2, 3], None), ([4], None), ([4], None)]) == (3, None)
    assert walk([([1, 2, 3], None), ([1, 2, 3], None)]) == (2, None)


def test_the_same_page_where_two_are_promised() -> None:
    """Half of the list is missing: by chance, where the order has ties, but not again at a second look."""
    pages: list[Page] = [([1, 2, 3], 6), ([1, 2, 3], 6)]
    assert walk(pages, again=True) == (2, "page 2 has the same records as the page before")
    assert walk(pages) == (2, None)


def test_a_page_that_others_pushed_back_is_no_end() -> None:
    """As many were created at the beginning as stand on a page; the list goes on after them."""
    assert walk([([1, 2, 3], 7), ([4, 5, 6], 7), ([4, 5, 6], 10), ([7], 10), ([7], 10)]) == (4, None)


def test_a_page_that_is_asked_for_again_is_no_end() -> None:
    """It holds fewer records than the total promises, and does so at a second look."""
    assert walk([([1, 2, 3], 6), ([4, 5], 6), ([4, 5], 6), ([4, 5], 6)]) == (4, None)


def test_empty_pages_and_records_without_ids_are_not_compared() -> None:
    page_walk = PageWalk(SIZE)
    for number in range(1, 9):
        signals = PageSignals(total=1_000)
        assert page_walk.why_endless(number, [None, None, None], signals) is None
        page_walk.counts(number, SIZE, signals)


@pytest.mark.parametrize("promised", [None, 30])
def test_a_list_that_grows_for_ever(promised: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_walk, "_SPARE_PAGES", 5)
    monkeypatch.setattr(page_walk, "_MOST_PAGES", 100)
    endless = (
        ([3 * page, 3 * page + 1, 3 * page + 2], promised and promised + 6 * page)
        for page in count()
    )  # fmt: skip
    # Twice the ten pages that it promised and five to spare; where it promises nothing, as many as any list may have.
    most = 25 if promised else 100
    assert walk(endless) == (most + 1, f"{most} pages were read, and it still goes on")


def test_a_total_that_goes_up_and_down_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time it shrinks, the walk steps back, as it does after a deletion."""
    monkeypatch.setattr(page_walk, "_SPARE_PAGES", 5)
    totals = (9 if number % 2 else 6 for number in count())
    read, why = walk(([number, -number, 0], total) for number, total in enumerate(totals))
    assert why
    assert read == 2 * 2 + 5 + 1
