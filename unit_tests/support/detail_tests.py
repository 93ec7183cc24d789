"""What the details of Talentio's lists are held to; the files of the streams say what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from unit_tests.support.list_tests import ListStream
from unit_tests.support.outcome import Outcome
from unit_tests.support.transport import Reply
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import MISSING, bare

States = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class DetailStream:
    """A stream with one request for each record of a list.

    Args:
        name: the stream.
        parents: the list, with one parent in it, and `since` as the stream's own state makes it.
        path: the detail's, with `{id}` for the parent's id.
        body: the API's answer for a parent.
        rows: what the stream makes of that answer.
        cursor: the field of its state that holds the parent's time.
    """

    name: str
    parents: ListStream
    path: str
    body: Callable[[Record], Any]
    rows: Callable[[Record], list[Record]]
    cursor: str

    @property
    def older(self) -> Record:
        return self.parents.sent

    @property
    def newer(self) -> Record:
        """Updated after `older`, with a lower id: the time decides, not the id."""
        return {**self.older, "id": self.older["id"] - 1, "updatedAt": "2024-05-12T09:00:00+09:00"}

    def state(self, parent: Record) -> States:
        return {self.name: {self.cursor: parent["updatedAt"], "id": parent["id"]}}

    def list_of(self, *parents: Record, since: bool = False) -> dict[str, Reply]:
        return {self.parents.url(since=since): self.parents.page(parents)}

    def details_of(self, *parents: Record) -> dict[str, Reply]:
        return {self.path.format(id=parent["id"]): bare(self.body(parent)) for parent in parents}

    def read(self, answers: dict[str, Reply], states: States | None = None, **config: Any) -> Outcome:
        return self.parents.vendor.read(self.name, answers, states, **config)

    def gives(self, outcome: Outcome, parents: Sequence[Record], state: States) -> None:
        assert outcome.records == {self.name: [row for parent in parents for row in self.rows(parent)]}
        assert outcome.states == state

    def reads_oldest_first(self) -> None:
        """Each parent is asked for once; the state tells the last one."""
        both = (self.newer, self.older)
        outcome = self.read({**self.list_of(*both), **self.details_of(*both)})
        self.gives(outcome, [self.older, self.newer], self.state(self.newer))

    def asks_nothing_twice(self) -> None:
        """Unchanged source: the list alone is asked for, from the state on; nothing comes, the state stays."""
        state = self.state(self.older)
        self.gives(self.read(self.list_of(self.older, since=True), state), [], state)

    def asks_for_what_changed(self) -> None:
        """One parent of two was updated since: its detail alone is asked for."""
        both = self.list_of(self.older, self.newer, since=True)
        outcome = self.read({**both, **self.details_of(self.newer)}, self.state(self.older))
        self.gives(outcome, [self.newer], self.state(self.newer))

    def survives_a_deleted_parent(self) -> None:
        """A detail that answers 404 gives no row, and is not asked for again."""
        gone = {self.path.format(id=self.newer["id"]): MISSING}
        outcome = self.read({**self.list_of(self.older, self.newer), **self.details_of(self.older), **gone})
        self.gives(outcome, [self.older], self.state(self.newer))
        assert "no record for 1 of 2 " in outcome.told

    def spares_what_start_date_leaves_out(self) -> None:
        """The list is read in full; details of parents updated before the date are not asked for."""
        both = self.list_of(self.older, self.newer)
        outcome = self.read({**both, **self.details_of(self.newer)}, start_date="2024-05-12")
        self.gives(outcome, [self.newer], self.state(self.newer))
