"""What streams with one request for each record of a list are held to; the files of the streams say what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from unit_tests.support.list_tests import ListStream
from unit_tests.support.outcome import Outcome, States
from unit_tests.support.transport import Reply
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import MISSING, bare, wrapped

DOCUMENTS: dict[str, Callable[[Any], Reply]] = {"source_talentics": wrapped, "source_talentio": bare}


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
        time, newer_at: the parent's field with its time, and one behind that of the one parent.
    """

    name: str
    parents: ListStream
    path: str
    body: Callable[[Record], Any]
    rows: Callable[[Record], list[Record]]
    cursor: str
    time: str = "updatedAt"
    newer_at: str = "2024-05-12T09:00:00+09:00"

    @property
    def older(self) -> Record:
        return self.parents.sent

    @property
    def newer(self) -> Record:
        """Updated after `older`, with a lower id: the time decides, not the id."""
        return {**self.older, "id": self.older["id"] - 1, self.time: self.newer_at}

    def state(self, parent: Record) -> States:
        return {self.name: {self.cursor: parent[self.time], "id": parent["id"]}}

    def list_of(self, *parents: Record, since: bool = False) -> dict[str, Reply]:
        return self.parents.answers(*parents, since=since)

    def details_of(self, *parents: Record) -> dict[str, Reply]:
        document = DOCUMENTS[self.parents.vendor.package]
        return {self.path.format(id=parent["id"]): document(self.body(parent)) for parent in parents}

    def answers(self, *parents: Record, since: bool = False) -> dict[str, Reply]:
        """The list of these parents, and the detail of each."""
        return {**self.list_of(*parents, since=since), **self.details_of(*parents)}

    def read(self, answers: dict[str, Reply], states: States | None = None, **config: Any) -> Outcome:
        return self.parents.vendor.read(self.name, answers, states, **config)

    def gives(self, outcome: Outcome, parents: Sequence[Record], state: States) -> None:
        assert outcome.records == {self.name: [row for parent in parents for row in self.rows(parent)]}
        assert outcome.states == state

    def reads_oldest_first(self) -> None:
        """Each parent is asked for once; the state tells the last one."""
        outcome = self.read(self.answers(self.newer, self.older))
        self.gives(outcome, [self.older, self.newer], self.state(self.newer))


class DetailTests:
    """The tests of one such stream; a class for each stream names it."""

    stream: ClassVar[DetailStream]

    def test_one_request_a_parent_oldest_first(self) -> None:
        self.stream.reads_oldest_first()

    def test_nothing_changed_costs_the_lists_alone(self) -> None:
        """They are asked for from the state on; nothing comes, the state stays."""
        stream = self.stream
        state = stream.state(stream.older)
        stream.gives(stream.read(stream.list_of(stream.older, since=True), state), [], state)

    def test_only_the_changed_parent_is_asked_for(self) -> None:
        """One of two was updated since."""
        stream = self.stream
        both = stream.list_of(stream.older, stream.newer, since=True)
        outcome = stream.read({**both, **stream.details_of(stream.newer)}, stream.state(stream.older))
        stream.gives(outcome, [stream.newer], stream.state(stream.newer))

    def test_a_parent_deleted_in_between_gives_no_row(self) -> None:
        """A detail that answers 404 is not asked for again."""
        stream = self.stream
        gone = {stream.path.format(id=stream.newer["id"]): MISSING}
        outcome = stream.read({**stream.answers(stream.older, stream.newer), **gone})
        stream.gives(outcome, [stream.older], stream.state(stream.newer))
        assert "no record for 1 of 2 " in outcome.told

    def test_start_date_spares_older_parents(self) -> None:
        """The list is read in full; details of parents updated before the date are not asked for."""
        stream = self.stream
        both = stream.list_of(stream.older, stream.newer)
        outcome = stream.read({**both, **stream.details_of(stream.newer)}, start_date=stream.newer_at[:10])
        stream.gives(outcome, [stream.newer], stream.state(stream.newer))
