"""What is missing from a long list is found by few of its pages, or the list is read in full."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

import pytest

from connector_kit.http.requester import Answer
from connector_kit.reading.page_search import PageSearch, SearchedPage, Unsearchable

SIZE = 100
NO_ANSWER = Answer(200, {}, b"", None, None)


class Server:
    """A list of ids, and which of its pages were asked for."""

    def __init__(self, ids: Sequence[int], happens: Callable[[Server, int], None] = lambda *_: None) -> None:
        self.ids = list(ids)
        self.asked: list[int] = []
        self._happens = happens

    def fetch(self, page: int, order: Mapping[str, str]) -> SearchedPage:
        self._happens(self, page)
        self.asked.append(page)
        return SearchedPage(NO_ANSWER, self.ids[(page - 1) * SIZE : page * SIZE], len(self.ids))

    def search(self) -> PageSearch:
        return PageSearch(self.fetch, self.fetch(1, {}), len(self.ids), SIZE)


def some_ids(count: int, seed: int) -> list[int]:
    chance = random.Random(seed)
    return sorted(chance.sample(range(3 * count), count))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("gone", "most"), [(1, 9), (2, 16), (20, 100)])
def test_a_few_of_twenty_thousand_are_found_in_a_few_requests(gone: int, most: int, seed: int) -> None:
    known = some_ids(20_000, seed)
    lost = set(random.Random(seed).sample(known, gone))
    server = Server([number for number in known if number not in lost])
    assert server.search().missing(known) == lost
    assert len(server.asked) <= most
    assert len(set(server.asked)) == len(server.asked)


@pytest.mark.parametrize("seed", range(200))
def test_whatever_is_gone_and_new_is_found_or_the_list_is_read_in_full(seed: int) -> None:
    chance = random.Random(seed)
    known = some_ids(chance.randrange(1, 2_000), seed)
    lost = set(chance.sample(known, min(len(known), chance.randrange(4))))
    new = set(chance.sample(range(6_000, 7_000), chance.randrange(4))) | set(
        chance.sample(sorted(set(range(max(known))) - set(known)), chance.randrange(2)) if len(known) > 10 else []
    )
    server = Server(sorted(set(known) - lost | new))
    search = server.search()
    try:
        found = search.missing(known)
    except Unsearchable:
        assert search.read_all()
    else:
        # A page that lost as many as it got looks as it did; none that exists is ever among the missing.
        assert found <= lost
        assert len(known) - len(found) + len(new) >= len(server.ids)


@pytest.mark.parametrize("order", [lambda ids: ids[::-1], lambda ids: random.Random(1).sample(ids, len(ids))])
def test_a_list_in_another_order_is_read_in_full(order: Callable[[list[int]], list[int]]) -> None:
    known = list(range(1_600))
    server = Server(order(known[:900] + known[901:]))
    search = server.search()
    with pytest.raises(Unsearchable):
        search.missing(known)
    assert search.read_all()
    assert 900 not in search.ids


def test_a_list_that_moves_is_not_judged() -> None:
    def another_goes(server: Server, page: int) -> None:
        if page > 1 and len(server.ids) == 1_599:
            server.ids.remove(0)

    known = list(range(1_600))
    server = Server(known[:900] + known[901:], another_goes)
    search = server.search()
    with pytest.raises(Unsearchable):
        search.missing(known)
    assert not search.read_all()
