"""What only Talentio needs and YAML can't express: two fields computed from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from connector_kit.records.shapes import UNREADABLE, only_object


@dataclass
class EvaluationInput(RecordTransformation):
    """Adds `inputNumber` and `inputBoolean` to an evaluation item.

    `input` is a number for the types `5level` and `slide`, a boolean for `bool` and text for `select` (V). A column has
    one type, so `input` becomes text, and these fields keep a number or boolean as what it is.
    """

    config: Config

    def transform(
        self,
        record: dict[str, Any],
        config: Optional[Config] = None,
        stream_state: Optional[StreamState] = None,
        stream_slice: Optional[StreamSlice] = None,
    ) -> None:
        value = record.get("input")
        is_boolean = isinstance(value, bool)
        record["inputNumber"] = value if isinstance(value, (int, float)) and not is_boolean else None
        record["inputBoolean"] = value if is_boolean else None


@dataclass
class CommentAuthor(RecordTransformation):
    """Adds `employeeId`, which is part of the key, to a comment; it is 0 if no author is named."""

    config: Config

    def transform(
        self,
        record: dict[str, Any],
        config: Optional[Config] = None,
        stream_state: Optional[StreamState] = None,
        stream_slice: Optional[StreamSlice] = None,
    ) -> None:
        named = record.get("employeeCreatedBy") or None
        author = only_object(named) if named else None
        # An unreadable author is passed on as it is, so that the key is refused rather than invented.
        key = named if author is UNREADABLE else author and author.get("id")
        record["employeeId"] = 0 if key is None or key == "" else key
