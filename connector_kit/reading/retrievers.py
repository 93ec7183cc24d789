"""The retrievers that a manifest names. The CDK's factory builds them; `ReaderRegistry` binds them to a run."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Optional, Union

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.models.declarative_component_schema import DatetimeBasedCursor
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.requesters.paginators import Paginator
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import Config, StreamSlice

from connector_kit import times
from connector_kit.limits.budget import RateLimit
from connector_kit.reading.list_filter import ListFilter
from connector_kit.reading.reader import Reader
from connector_kit.records.extractor import BodyExtractor
from connector_kit.settings import duration
from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


@dataclass(kw_only=True)
class StreamRetriever(Retriever):
    """Reads one stream through the reader that `bind` gave it.

    Args:
        name, primary_key, incremental_sync: the stream's own, passed by the factory.
        record_selector: makes the stream's rows from an answer.
    """

    config: Config
    name: str
    primary_key: Union[str, list[str], list[list[str]], None] = None
    incremental_sync: Optional[DatetimeBasedCursor] = None
    record_selector: RecordSelector
    # Whether a request can leave out what was last updated before some time.
    takes_start_time: ClassVar[bool] = False
    _reader: Reader | None = field(init=False, repr=False, default=None)

    @property
    def key_fields(self) -> list[str]:
        """The names of the primary key's fields: `["ticket_id", "assessment_slug"]`."""
        key = self.primary_key or []
        return [key] if isinstance(key, str) else [name if isinstance(name, str) else name[0] for name in key]

    @property
    def marks_deletions(self) -> bool:
        """Whether each row has the key of a listed record, so that a tombstone of the record can take its place."""
        return False

    @property
    def remembers(self) -> bool:
        """Whether the stream remembers ids where deletions are detected: it also notices what comes back by them."""
        return False

    @property
    def start_instant(self) -> int | None:
        """The cursor's `start_datetime` in microseconds since the epoch; None if it is empty: read everything."""
        if self.incremental_sync is None:
            return None
        declared = InterpolatedString.create(str(self.incremental_sync.start_datetime), parameters={})
        text = str(declared.eval(self.config)).strip()
        instant = times.instant(text)
        if text and instant is None:
            raise ValueError(f"{self.name}: start_datetime is not a date or time")
        return instant

    def new_cursor(
        self, endpoint: EndpointRetriever, sync: Sync, list_filter: ListFilter | None
    ) -> StreamCursor | None:
        """Return the stream's cursor for a run; None if the manifest declares none and there is nothing to remember.

        `endpoint` has the answers that the rows are made from: this retriever, or the one that it is derived from.
        """
        kind, declared = endpoint.cursor_kind, self.incremental_sync
        compares_times = kind is not IdCursor and (declared is not None or endpoint.incremental_sync is not None)
        if compares_times == (endpoint.clock_margin is None):
            raise ValueError(
                f"{endpoint.name}: clock_margin is required for cursors that compare times, and only for them"
            )
        remembers = self.remembers and sync.settings.detect_deletions and self.name not in sync.unmarked
        if declared is None:
            return kind(sync, self.name, "", remembers=True) if remembers else None
        if declared.start_time_option is not None and not self.takes_start_time:
            raise ValueError(f"{self.name}: start_time_option has an effect for a list only")
        digest = list_filter.digest if list_filter else None
        cursor = kind(sync, self.name, declared.cursor_field, endpoint.margin, self.start_instant, digest, remembers)
        if list_filter and cursor.starts_over and self.name in (sync.selected or ()):
            logger.info("%s: %s was changed; reading everything again.", self.name, list_filter.config_field)
        return cursor

    def bind(self, reader: Reader) -> None:
        """Read through `reader` from now on."""
        self._reader = reader

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: Optional[StreamSlice] = None
    ) -> Iterable[StreamData]:
        if self._reader is None:
            raise RuntimeError(f"{self.name}: not bound to a run")
        yield from self._reader.read_for(self.name, records_schema)


@dataclass(kw_only=True)
class EndpointRetriever(StreamRetriever):
    """Reads a stream that has its own endpoint.

    Args:
        requester: the endpoint.
        rate_limit: how many requests it may get: `{scope: endpoint, requests: 50, period: PT15M}`. Scope `all` means
            that all endpoints share one window. `requests` and `period` may be expressions on the config.
        partition_router: names the parent stream, if there is one request per parent record.
        clock_margin: how far the state stays behind the start of the sync, as an ISO 8601 duration such as `PT5M`.
            Records changed during the sync must get a later time than the state, even if the server's clocks differ.
            Holds for derived streams as well. Required for cursors that compare times, and refused for others.
    """

    requester: HttpRequester
    rate_limit: Mapping[str, Any]
    partition_router: Optional[PartitionRouter] = None
    clock_margin: Optional[str] = None

    @property
    @abstractmethod
    def cursor_kind(self) -> type[StreamCursor]:
        """The class of cursor for this stream and those derived from it."""

    @property
    def remembers(self) -> bool:
        return True

    @property
    def margin(self) -> timedelta:
        """The `clock_margin`; zero where it has none."""
        return duration(self.clock_margin, f"{self.name}: clock_margin") if self.clock_margin else timedelta()

    @property
    def limit(self) -> RateLimit:
        """The rate limit, evaluated with the config."""
        if set(self.rate_limit) != {"scope", "requests", "period"}:
            raise ValueError(f"{self.name}: rate_limit must have scope, requests and period, and nothing else")
        requests, period = (
            str(InterpolatedString.create(str(self.rate_limit[name]), parameters={}).eval(self.config))
            for name in ("requests", "period")
        )
        if not requests.isdecimal():
            raise ValueError(f"{self.name}: rate_limit.requests is not a whole number")
        seconds = duration(period, f"{self.name}: rate_limit.period").total_seconds()
        return RateLimit(int(requests), seconds, str(self.rate_limit["scope"]))

    @property
    def other_path(self) -> str | None:
        """The requester's path in an alternative spelling, if the API may use one."""
        return None


@dataclass(kw_only=True)
class ListRetriever(EndpointRetriever):
    """Reads a list page by page, for its stream, those derived from it, and those that have it as their parent.

    Args:
        paginator: how the list pages.
        other_orders: query parameters that return the same list in another order, such as `{sort: -registeredAt}`.
            Used if fewer records were seen than the list's total says.
        filter: which records belong to the sync, by the config: see `ListFilter.declared_by`.
        detail_path: the path of a single record, `exams/{{ stream_partition['id'] }}`, to ask whether one that is no
            longer listed is gone; none if there is no such endpoint, or if it may have nothing about a living record.
        detail_parameters: query parameters that make it show every record that exists, whatever the config leaves out.
    """

    paginator: Paginator
    detail_path: Optional[str] = None
    detail_parameters: Mapping[str, str] = field(default_factory=dict)
    other_orders: list[Mapping[str, str]] = field(default_factory=list)
    filter: Optional[Mapping[str, Any]] = None
    takes_start_time = True

    def __post_init__(self) -> None:
        if self.detail_parameters and not self.detail_path:
            raise ValueError(f"{self.name}: detail_parameters have an effect with a detail_path only")
        orders = list(self.other_orders)
        if any(not order or order in orders[:at] for at, order in enumerate(orders)):
            raise ValueError(f"{self.name}: other_orders has an order that is empty, or the same as another")

    @property
    def list_filter(self) -> ListFilter | None:
        """The filter, evaluated with the config; None if the manifest declares none."""
        return ListFilter.declared_by(self.name, self.filter, self.config) if self.filter else None

    @property
    def cursor_kind(self) -> type[StreamCursor]:
        return ListCursor

    @property
    def marks_deletions(self) -> bool:
        return True


@dataclass(kw_only=True)
class DetailRetriever(EndpointRetriever):
    """Reads one document per parent record, for its stream and those derived from it.

    Args:
        alternative_path: another spelling of the requester's path, tried as long as that one answers only 404.
        track: `times` if the parents have a time of change, `ids` if only their ids are known.
    """

    alternative_path: Optional[str] = None
    track: str = "times"

    def __post_init__(self) -> None:
        if self.track not in ("ids", "times"):
            raise ValueError(f"{self.name}: track must be ids or times, not {self.track}")

    @property
    def cursor_kind(self) -> type[StreamCursor]:
        return IdCursor if self.track == "ids" else DetailCursor

    @property
    def other_path(self) -> str | None:
        return self.alternative_path

    @property
    def marks_deletions(self) -> bool:
        extractor = self.record_selector.extractor
        return isinstance(extractor, BodyExtractor) and extractor.single and len(self.key_fields) == 1


@dataclass(kw_only=True)
class DerivedRetriever(StreamRetriever):
    """Makes a stream's rows from another stream's answers, without any requests.

    Args:
        stream: the other stream, which must have an endpoint.
    """

    stream: AbstractStream
