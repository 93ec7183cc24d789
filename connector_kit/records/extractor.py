"""Finds the records in an answer, and the rows of derived streams in a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.types import Config

from connector_kit.errors import UnexpectedAnswer
from connector_kit.records.bodies import parsed
from connector_kit.records.shapes import flat, objects_in, unkeyed


@dataclass
class BodyExtractor(RecordExtractor):
    """Finds the records in a body, whichever shape PHP gave the list.

    With `field_path: [data]` each of these holds the records `a` and `b`:

        {"data": [a, b]}    {"data": {"0": a, "2": b}}    {"data": [[a], b, null]}

    and each of these holds none: `{"data": []}`, `{"data": {}}`, `{"data": null}`.

    Args:
        field_path: where they are; empty for the whole body.
        single: True for one record, False for a list of them.
        none_if_empty: True where a whole body that is `null` means "no record". Elsewhere it is refused: it may come
            from a gateway.
    """

    config: Config
    field_path: list[str] = field(default_factory=list)
    single: bool = False
    none_if_empty: bool = False

    def __post_init__(self) -> None:
        if self.none_if_empty and self.field_path:
            raise ValueError("BodyExtractor: none_if_empty is for whole bodies; with field_path it has no effect")

    def extract_records(self, response: requests.Response) -> Iterable[Mapping[str, Any]]:
        yield from self.records(parsed(response.content).value)

    def records(self, body: Any) -> list[dict[str, Any]]:
        """Return the records of a parsed body.

        Raises:
            UnexpectedAnswer: the body is not one of this endpoint's.
        """
        found = body
        for name in self.field_path:
            if not isinstance(found, Mapping) or name not in found:
                raise UnexpectedAnswer(f"JSON without `{'.'.join(self.field_path)}`")
            found = found[name]
        may_be_none = bool(self.field_path) or self.none_if_empty
        if found is None or (found == {} and self.field_path):
            found = [] if may_be_none else None
        elif isinstance(found, dict) and (self.single or (found and all(map(str.isdigit, found)))):
            found = unkeyed(found)
        records = [record for record in flat(found) if record is not None] if isinstance(found, list) else [found]
        if not self.single:
            if not isinstance(found, list) or not all(isinstance(record, dict) for record in records):
                raise UnexpectedAnswer("JSON that holds no list of records")
        elif not (isinstance(records[0], dict) and len(records) == 1 if records else may_be_none):
            raise UnexpectedAnswer("JSON that holds no record")
        return records


@dataclass
class RowExtractor(RecordExtractor):
    """Finds the rows of a derived stream in a record of the stream that it is derived from.

    With `expand: [{field: stages, keep: {candidateId: id}}]` and `position: place`, the record

        {"id": 7, "stages": [{"type": "document"}, {"type": "interview"}]}

    has the rows `{"type": "document", "candidateId": 7, "place": 0}` and `{"type": "interview", "candidateId": 7,
    "place": 1}`.

    Args:
        expand: the arrays to descend into, outermost first. Each step is
            `{field: results, keep: {name in the row: name in the outer record}}`.
        position: the name of a field to add, with the row's index in its array.
    """

    config: Config
    expand: list[Mapping[str, Any]]
    position: Optional[str] = None

    def __post_init__(self) -> None:
        for step in self.expand:
            if "field" not in step or set(step) - {"field", "keep"}:
                raise ValueError(f"expand: a step is {{field: …, keep: {{…}}}}, not {dict(step)}")

    def extract_records(self, response: requests.Response) -> Iterable[Mapping[str, Any]]:
        yield from self.rows(parsed(response.content).value)

    def rows(self, record: dict[str, Any]) -> Iterable[dict[str, Any]]:
        """Return the rows that a record holds."""
        rows = [record]
        for step in self.expand:
            rows = [inner for outer in rows for inner in self._inner(outer, step)]
        return rows

    def _inner(self, outer: dict[str, Any], step: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        inner = outer.get(step["field"])
        kept = {name: outer.get(source) for name, source in (step.get("keep") or {}).items()}
        # Unpacked as in the normalization, so that the rows match the record's own list.
        items = objects_in(inner) if isinstance(inner, (list, dict)) else []
        for place, item in enumerate(items):
            if isinstance(item, dict):
                row = {**item, **kept}
                if self.position is not None and step is self.expand[-1]:
                    row[self.position] = place
                yield row
