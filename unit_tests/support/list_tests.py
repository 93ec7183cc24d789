"""What every list stream is held to; the files of the streams say what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Optional

from unit_tests.support.transport import Reply
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import Vendor, counted_page, laravel_page, numbered

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

    def reads_two_pages(self) -> None:
        """101 records: a full page and a page of one, each asked for once, by number."""
        sent = numbered(self.sent, 101)
        pages = {self.url(1): self.page(sent[:100], 101), self.url(2): self.page(sent[100:], 101)}
        outcome = self.vendor.read(self.name, {**self.around, **pages})
        assert outcome.records == {self.name: numbered(self.given, 101)}
        assert outcome.states == {self.name: self.state}

    def gives_nothing_twice(self) -> None:
        """Unchanged source: the lists alone are asked for, nothing comes, the state stays."""
        answers = {**self.around, self.url(since=True): self.page([self.sent])}
        outcome = self.vendor.read(self.name, answers, {self.name: self.state})
        assert outcome.records == {self.name: []}
        assert outcome.states == {self.name: self.state}

    def gives_what_changed(self, sent: Record, given: Record, state: dict[str, str]) -> None:
        """A second record, updated since: it comes alone, and the state goes on to `state`."""
        answers = {**self.around, self.url(since=True): self.page([self.sent, sent])}
        outcome = self.vendor.read(self.name, answers, {self.name: self.state})
        assert outcome.records == {self.name: [given]}
        assert outcome.states == {self.name: state}

    def gives_the_later_one(self) -> None:
        """The same for Talentio's lists, all of which tell their time alike."""
        later = {"id": self.sent["id"] + 1, "updatedAt": "2024-03-01T09:00:00+09:00"}
        self.gives_what_changed({**self.sent, **later}, {**self.given, **later}, {"updatedAt": "2024-03-01T00:00:00Z"})
