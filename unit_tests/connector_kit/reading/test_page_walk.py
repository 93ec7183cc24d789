"""Which page comes next while the list moves: nothing that stays in the list may be missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from connector_kit.reading.page_walk import OnePage, PageWalk
from connector_kit.reading.paginators import LaravelLinks, PageSignals
from connector_kit.reading.seen_records import SeenRecords

SIZE = 100
# More requests than any of these walks may need: an endless one fails instead of hanging.
TOO_MANY = 40

Change = Callable[[list[int]], object]
Total = Callable[[Sequence[int]], "int | None"]


def walk(
    rows: list[int],
    changes: dict[int, Change] | None = None,
    total: Total = len,
    given: int = SIZE,
    links: bool = False,
    hidden: Sequence[int] = (),
) -> tuple[set[int], list[int]]:
    """Walk through `rows`, which `changes[n]` alters before the n-th request and which come `given` a page.

    With `links` each page says whether there is another; the `hidden` are left out of the pages, and counted all the
    same. Returns what was seen on pages that counted, and the pages asked for.
    """
    walker = PageWalk(SIZE)
    seen: set[int] = set()
    pages: list[int] = []
    page: int | None = 1
    while page is not None:
        pages.append(page)
        assert len(pages) < TOO_MANY
        if changes and len(pages) in changes:
            changes[len(pages)](rows)
        found = [row for row in rows[(page - 1) * given : page * given] if row not in hidden]
        signals = PageSignals(total(rows), page * given < len(rows) if links else None)
        counted = walker.counts(page, len(found), signals)
        brought_news = not seen >= {*found}
        seen.update(found if counted else [])
        page = walker.next(len(found), counted, signals, brought_news)
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


def untold(rows: Sequence[int]) -> None:
    """No total."""


@pytest.mark.parametrize("given", [15, 100])
@pytest.mark.parametrize("length", [0, 99, 100, 250])
def test_without_a_word_of_the_servers_a_list_ends_with_an_empty_page(length: int, given: int) -> None:
    pages = [*range(1, -(-length // given) + 2)]
    assert walk(list(range(length)), total=untold, given=given) == (set(range(length)), pages)


@pytest.mark.parametrize("given", [15, 100])
@pytest.mark.parametrize("length", [1, 99, 100, 250])
def test_a_link_says_whether_there_is_another_page(length: int, given: int) -> None:
    pages = [*range(1, -(-length // given) + 1)]
    assert walk(list(range(length)), total=untold, given=given, links=True) == (set(range(length)), pages)


def test_a_link_says_so_of_an_empty_page_too() -> None:
    rows = list(range(300))
    seen, pages = walk(rows, total=untold, links=True, hidden=range(100, 200))
    assert (seen, pages) == ({*range(100), *range(200, 300)}, [1, 2, 3])


@pytest.mark.parametrize("hidden", [range(0, 300, 4), range(100, 200), range(250, 300)])
def test_rows_that_the_credential_may_not_see_end_no_list(hidden: Sequence[int]) -> None:
    seen, _ = walk(list(range(387)), hidden=hidden)
    assert seen == {*range(387)} - {*hidden}


def test_a_total_that_promises_too_much_is_followed_to_its_end() -> None:
    assert walk(list(range(150)), total=lambda rows: 450) == (set(range(150)), [1, 2, 2, 2, 3, 4, 5])


def test_a_total_that_is_too_small_ends_nothing() -> None:
    assert walk(list(range(250)), total=lambda rows: 50) == (set(range(250)), [1, 2, 3, 4])
    assert walk(list(range(250)), total=lambda rows: 50, links=True) == (set(range(250)), [1, 2, 3])


@pytest.mark.parametrize(("length", "last"), [(30, 2), (45, 3), (50, 4)])
def test_a_server_that_gives_smaller_pages_than_asked_for_loses_nothing(length: int, last: int) -> None:
    assert walk(list(range(length)), given=15, links=True) == (set(range(length)), [*range(1, last + 1)])
    # Without a link the first page might be short because a record was deleted between counting and listing.
    assert walk(list(range(length)), given=15) == (set(range(length)), [1, 1, 1, *range(2, last + 1)])


def test_where_link_and_total_contradict_each_other_more_is_read() -> None:
    walker = PageWalk(SIZE)
    for page, signals in ((1, PageSignals(100, more=True)), (2, PageSignals(300, more=False))):
        assert walker.next(SIZE, walker.counts(page, SIZE, signals), signals) == page + 1
    signals = PageSignals(300, more=False)
    assert walker.next(SIZE, walker.counts(3, SIZE, signals), signals) is None


def test_a_link_that_goes_on_behind_the_total_is_followed_until_nothing_new_comes() -> None:
    walker, signals = PageWalk(SIZE), PageSignals(1, more=True)
    assert walker.next(1, walker.counts(1, 1, signals), signals) == 2
    assert walker.next(1, walker.counts(2, 1, signals), signals, brought_news=False) is None


def test_a_total_that_counts_the_page_alone_is_no_total() -> None:
    walker = PageWalk(SIZE)
    for page, rows in ((1, SIZE), (2, SIZE), (3, 60)):
        signals = PageSignals(rows, more=page < 3)
        following = walker.next(rows, walker.counts(page, rows, signals), signals)
        assert following == (page + 1 if page < 3 else None)
    assert walker.total is None
    assert walker.is_blind


def test_a_total_that_changes_with_each_answer_ends_the_steps_back() -> None:
    walker, asked = PageWalk(SIZE), 0
    page: int | None = 1
    while page is not None:
        asked += 1
        rows, signals = (SIZE if page < 3 else 50), PageSignals(250 - asked % 2)
        page = walker.next(rows, walker.counts(page, rows, signals), signals, brought_news=page > len(walker.rows))
        assert asked < 20
    assert walker.rows == [SIZE, SIZE, 50]


@pytest.mark.parametrize("more", [True, None])
def test_an_empty_page_that_says_nothing_behind_one_that_says_more_is_not_the_end(more: bool | None) -> None:
    walker = PageWalk(SIZE)
    first, second = PageSignals(more=more), PageSignals()
    assert walker.next(SIZE, walker.counts(1, SIZE, first), first) == 2
    assert walker.next(0, walker.counts(2, 0, second), second) is None
    assert walker.is_cut_short is bool(more)


def test_empty_pages_in_a_row_are_not_the_same_records() -> None:
    walker, signals = PageWalk(SIZE), PageSignals(1_000)
    assert [walker.why_endless(page, [], signals) for page in range(1, 8)] == [None] * 7


def test_an_endpoint_without_pages_is_known_for_lists_that_are_no_longer() -> None:
    known, silent = OnePage(), PageSignals()

    def asked(length: int, paged: bool = False) -> int:
        walker = PageWalk(SIZE, one_page=known)
        pages = 1
        while True:
            is_new = pages == 1 or (paged and pages < 3)
            versions = [(pages if is_new else pages - 1, number) for number in range(length)]
            assert walker.why_endless(pages, versions, silent) is None
            page = walker.next(length, walker.counts(pages, length, silent), silent, brought_news=is_new)
            if page is None:
                return pages
            pages = page

    assert [asked(length) for length in (5, 5, 3, 40, 40, 6)] == [2, 1, 1, 2, 1, 1]
    # Longer than all so far: it might be a page of many.
    assert asked(60, paged=True) == 3
    assert asked(6) == 2


def test_an_empty_second_page_says_that_an_endpoint_has_pages() -> None:
    known, silent = OnePage(), PageSignals()
    for length in (5, 40, 3):
        walker = PageWalk(SIZE, one_page=known)
        assert walker.next(length, walker.counts(1, length, silent), silent) == 2
        assert walker.next(0, walker.counts(2, 0, silent), silent) is None


@pytest.mark.parametrize("link", [["https://api.test?page=2"], {"url": "x"}, 7, True])
def test_a_link_that_is_no_text_says_nothing(link: object) -> None:
    strategy = LaravelLinks({}, SIZE)
    assert strategy.signals({}, {"data": [], "links": {"next": link}}, 1) == PageSignals()


def test_one_page_without_a_total_is_enough_to_let_a_deletion_go_unseen() -> None:
    walker = PageWalk(SIZE)
    for page, total in ((1, 200), (2, None), (3, 210)):
        rows, signals = SIZE if page < 3 else 10, PageSignals(total)
        counted = walker.counts(page, rows, signals)
        assert counted
        walker.next(rows, counted, signals)
    assert walker.is_blind


def test_a_list_that_is_paged_by_cursor_lets_no_deletion_go_unseen() -> None:
    walker = PageWalk(SIZE)
    for page, cursor in ((1, "a"), (2, None)):
        signals = PageSignals(more=cursor is not None, cursor=cursor)
        walker.next(SIZE, walker.counts(page, SIZE, signals), signals)
    assert not walker.is_blind


def test_a_server_that_counts_before_a_deletion_and_lists_after_it_loses_nothing() -> None:
    counts = iter([250, 250, 250, 249, 249, 249])
    seen, pages = walk(list(range(250)), {3: delete(0, 1)}, total=lambda rows: next(counts))
    assert seen >= set(range(1, 250))
    assert pages == [1, 2, 3, 3, 2, 3]


def test_a_page_that_is_read_again_after_a_deletion_is_no_sign_of_a_list_that_moved() -> None:
    walker, seen = PageWalk(2), SeenRecords()
    seen.begin_walk()
    # One of the first four goes before the third page is asked for: the second is read again.
    for page, rows, total in ((1, "ab", 6), (2, "cd", 6), (3, "f", 5), (2, "de", 5), (3, "f", 5)):
        if walker.counts(page, len(rows), PageSignals(total)):
            for row in rows:
                seen.is_new(row, 0, walker.is_repeat)
    assert seen.moved is None
    seen.is_new("d", 1, is_repeat=True)
    assert seen.moved == "whole"
