"""What every list stream is held to; the files of the streams say what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Optional

from unit_tests.support.transport import Reply
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import MISSING, Vendor, counted_page, laravel_page, numbered

Page = Callable[[Sequence[Record], Optional[int]], Reply]
PAGES: dict[str, Page] = {"source_talentics": laravel_page, "source_talentio": counted_page}
QUERIES = {"source_talentics": "page={page}&per_page=100", "source_talentio": "page={page}"}


@dataclass(frozen=True)
class ListStream:
    """A list with one record in it.

    Args:
        path: below the base URL.
        sent, given: the record in the API's answer and in the stream.
        state: the stream's state when the record was read.
        always: what every request has in its query beside the page.
        since: what a request has in its query once the stream has its state.
        around: the answers that the list's parents need.
    """

    vendor: Vendor
    name: str
    path: str
    sent: Record
    given: Record
    state: dict[str, str]
    always: str = ""
    since: str = ""
    around: dict[str, Reply] = field(default_factory=dict)

    def url(self, page: int = 1, since: bool = False) -> str:
        query = [QUERIES[self.vendor.package].format(page=page), self.always, self.since if since else ""]
        return f"{self.path}?{'&'.join(part for part in query if part)}"

    def page(self, rows: Sequence[Record], total: int | None = None) -> Reply:
        return PAGES[self.vendor.package](rows, total)

    def answers(self, *rows: Record, since: bool = False) -> dict[str, Reply]:
        """A list of these records on one page, and what its parents need."""
        return {**self.around, self.url(since=since): self.page(rows)}


@dataclass(frozen=True)
class Later:
    """A second record, updated since: as the API sends it, as the stream gives it, and the state behind it."""

    sent: Record
    given: Record
    state: dict[str, str]


class ListTests:
    """The tests of one list; a class for each stream names it."""

    stream: ClassVar[ListStream]

    def later(self) -> Later:
        """As Talentio's lists have it, all of which tell their time alike."""
        later = {"id": self.stream.sent["id"] + 1, "updatedAt": "2024-05-12T09:00:00+09:00"}
        return Later(
            {**self.stream.sent, **later}, {**self.stream.given, **later}, {"updatedAt": "2024-05-12T00:00:00Z"}
        )

    def test_every_page_is_read_by_number(self) -> None:
        """101 records: a full page and a page of one, each asked for once."""
        stream, sent = self.stream, numbered(self.stream.sent, 101)
        pages = {stream.url(1): stream.page(sent[:100], 101), stream.url(2): stream.page(sent[100:], 101)}
        outcome = stream.vendor.read(stream.name, {**stream.around, **pages})
        assert outcome.records == {stream.name: numbered(stream.given, 101)}
        assert outcome.states == {stream.name: stream.state}

    def test_an_unchanged_list_gives_nothing_again(self) -> None:
        """The lists alone are asked for, nothing comes, the state stays."""
        stream = self.stream
        outcome = stream.vendor.read(stream.name, stream.answers(stream.sent, since=True), {stream.name: stream.state})
        assert outcome.records == {stream.name: []}
        assert outcome.states == {stream.name: stream.state}

    def test_only_the_changed_record_comes(self) -> None:
        """And the state goes on to its time."""
        stream, later = self.stream, self.later()
        answers = stream.answers(stream.sent, later.sent, since=True)
        outcome = stream.vendor.read(stream.name, answers, {stream.name: stream.state})
        assert outcome.records == {stream.name: [later.given]}
        assert outcome.states == {stream.name: later.state}


class InferredListTests(ListTests):
    """Those of a list whose path no page of the vendor's tells."""

    def test_a_missing_path_is_told_to_be_inferred(self) -> None:
        stream = self.stream
        failure = stream.vendor.read(stream.name, {stream.url(): MISSING}, fails=True).failure
        assert (failure.stream, failure.kind) == (stream.name, "config_error")
        assert stream.path in failure.message
        assert "inferred" in failure.message
        assert "base_url" in failure.message
