"""Takes turns among a list's orders, to find records that share their place and so hide each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector_kit.errors import RequestFailed

# If records came twice in one walk, they took the place of others, and another walk may well show those. Stop after
# this many in a row that showed nothing new.
MOST_FRUITLESS_WALKS = 6


class OtherOrders:
    """The orders of one list: the other ones first, then its own. `fruitless` counts walks in a row without news.

    Args:
        others: query parameters that return the same list in another order.
    """

    def __init__(self, others: Iterable[Mapping[str, str]]) -> None:
        self._orders: list[Mapping[str, str]] = [*others, {}]
        self._taken = 0
        self.fruitless = 0

    def take(self) -> Mapping[str, str]:
        """Return the order for the next walk."""
        order = self._orders[self._taken % len(self._orders)]
        self._taken += 1
        return order

    def leave_out(self, order: Mapping[str, str], error: RequestFailed) -> None:
        """Walk no more in an order that failed, as this API doesn't know it. Raises the error of the list's own."""
        if not order:
            raise error
        self._orders.remove(order)

    def walked(self, has_news: bool) -> None:
        """Note whether a walk showed anything new."""
        self.fruitless = 0 if has_news else self.fruitless + 1
