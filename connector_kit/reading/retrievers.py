"""What a manifest's streams are read by: built by the CDK's factory, then bound to a run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Optional, Union

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.models.declarative_component_schema import DatetimeBasedCursor
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import Config, StreamSlice

from connector_kit import times
from connector_kit.http.requester import Requester
from connector_kit.limits.budget import RateLimit
from connector_kit.reading.parents import ParentLink
from connector_kit.reading.reader import Reader
from connector_kit.settings import duration
from connector_kit.state.cursors import StreamCursor
from connector_kit.state.detail_cursors import IdCursor
from connector_kit.sync import Sync


@dataclass(kw_only=True)
class StreamRetriever(Retriever):
    """Reads one stream, as a member of the reading that `bind` gave it.

    Args:
        name, primary_key, incremental_sync: the stream's, as the factory hands them down.
        record_selector: how the stream's rows are made from an answer.
        clock_margin: an ISO 8601 duration, such as `PT5M`. The state stays so far behind the start of the sync: what is
            touched while the stream is read has a later time, by whichever of the server's clocks. For cursors that go
            by times, and for no others.
    """

    config: Config
    name: str
    primary_key: Union[str, list[str], list[list[str]], None] = None
    incremental_sync: Optional[DatetimeBasedCursor] = None
    record_selector: RecordSelector
    clock_margin: Optional[str] = None
    _reader: Reader | None = field(init=False, repr=False, default=None)

    @property
    def key_fields(self) -> list[str]:
        """The names of the primary key's fields."""
        key = self.primary_key or []
        return [key] if isinstance(key, str) else [name if isinstance(name, str) else name[0] for name in key]

    @property
    def start_instant(self) -> int | None:
        """The cursor's `start_datetime` in microseconds; None where it is empty, and everything is read."""
        if self.incremental_sync is None:
            return None
        declared = InterpolatedString.create(str(self.incremental_sync.start_datetime), parameters={})
        text = str(declared.eval(self.config)).strip()
        instant = times.instant(text)
        if text and instant is None:
            raise ValueError(f"{self.name}: start_datetime is no date or time")
        return instant

    def new_cursor(self, kind: type[StreamCursor], sync: Sync) -> StreamCursor | None:
        """The stream's memory for a run; None for a stream without a cursor."""
        declared = self.incremental_sync
        if declared is None:
            return None
        if (self.clock_margin is None) != (kind is IdCursor):
            raise ValueError(f"{self.name}: clock_margin is for cursors that go by times, and they need one")
        margin = duration(self.clock_margin, "clock_margin") if self.clock_margin else timedelta()
        return kind(sync, self.name, declared.cursor_field, margin, self.start_instant)

    def bind(self, reader: Reader) -> None:
        """Read as a member of `reading` from now on."""
        self._reader = reader

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: Optional[StreamSlice] = None
    ) -> Iterable[StreamData]:
        if self._reader is None:
            raise RuntimeError(f"{self.name}: not bound to a run")
        yield from self._reader.read_for(self.name, records_schema)


@dataclass(kw_only=True)
class EndpointRetriever(StreamRetriever):
    """Reads a stream that has an endpoint of its own.

    Args:
        requester: the endpoint.
        rate_limit: how many requests it may get: `{scope: endpoint, requests: 50, period: PT15M}`. The scope is `all`
            where all endpoints share one window. The other two may take config fields.
        partition_router: the parent stream, where there is a request for each of its records.
    """

    requester: HttpRequester
    rate_limit: Mapping[str, Any]
    partition_router: Optional[PartitionRouter] = None

    @property
    @abstractmethod
    def cursor_kind(self) -> type[StreamCursor]:
        """What remembers how far this stream, and each that is derived from it, was read."""

    @property
    def limit(self) -> RateLimit:
        """The rate limit with the config's values."""
        if set(self.rate_limit) != {"scope", "requests", "period"}:
            raise ValueError(f"{self.name}: rate_limit has scope, requests and period")
        requests, period = (
            str(InterpolatedString.create(str(self.rate_limit[name]), parameters={}).eval(self.config))
            for name in ("requests", "period")
        )
        seconds = duration(period, "rate_limit_period").total_seconds()
        return RateLimit(int(requests), seconds, str(self.rate_limit["scope"]))

    @property
    def other_path(self) -> str | None:
        """Another spelling of the requester's path."""
        return None

    @abstractmethod
    def new_reader(self, sync: Sync, requester: Requester, parent: ParentLink | None) -> Reader:
        """What reads the endpoint in one run, for this stream and those derived from it."""


@dataclass(kw_only=True)
class DerivedRetriever(StreamRetriever):
    """Makes a stream's rows from another stream's answers, without a request of its own.

    Args:
        stream: the other stream, which has an endpoint.
    """

    stream: AbstractStream
