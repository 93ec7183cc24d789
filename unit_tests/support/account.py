"""An account at a vendor: a world of the sandbox, the clock that it shares with the source, and reads of the source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector_kit.source import read_manifest, stream_name
from sandbox import Settings, World
from unit_tests.support.clock import SharedClock
from unit_tests.support.outcome import Outcome
from unit_tests.support.run import read
from unit_tests.support.transport import LATENCY, Script, Transport, nothing_happens

ORIGIN = "https://api.test"
NO_LIMITS: Mapping[str, Any] = {"talentics_limit": None, "talentio_limit": None}


def world(clock: SharedClock, **settings: Any) -> World:
    """A world without limits where `settings` set none."""
    return World(Settings(**{**NO_LIMITS, **settings}), clock)


@dataclass
class Account:
    """A world, and the source that reads it.

    Args:
        source: talentics or talentio.
        settings: the sandbox's, over its defaults; without a limit where they set none.
    """

    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = SharedClock()
        self.world = world(self.clock, **self.settings)

    @property
    def package(self) -> str:
        return f"source_{self.source}"

    @property
    def config(self) -> dict[str, Any]:
        return self.world.configs(ORIGIN)[self.source]

    @property
    def streams(self) -> list[str]:
        """All streams of the source, in the manifest's order."""
        return [stream_name(stream) for stream in read_manifest(self.package)["streams"]]

    def later(self, seconds: float = 3600) -> None:
        """Time goes by, so that what was read is older than any doubt about clocks."""
        self.clock.advance(seconds)

    def transport(self, script: Script = nothing_happens, latency: float = LATENCY) -> Transport:
        return Transport(self.world, self.clock, script, latency)

    def read(
        self,
        streams: Iterable[str],
        script: Script = nothing_happens,
        states: Mapping[str, Mapping[str, Any]] | None = None,
        latency: float = LATENCY,
        **config: Any,
    ) -> Outcome:
        """Read streams of the source from their states, while what the script says happens to its requests."""
        given = {**self.config, **config}
        return read(self.package, streams, given, self.clock, self.transport(script, latency), states)
