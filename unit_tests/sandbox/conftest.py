"""What the tests of the sandbox share: a small world that stands still, and a way to ask it without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import Settings, VirtualClock, World

Answer = tuple[int, dict[str, str], Any]
Ask = Callable[..., Answer]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def make(clock: VirtualClock) -> Callable[..., World]:
    """Makes a world of the size small without limits; settings by keyword."""

    def make_world(**settings: Any) -> World:
        free: dict[str, Any] = {"talentics_limit": None, "talentio_limit": None}
        return World(Settings.for_size("small", **{**free, **settings}), clock)

    return make_world


@pytest.fixture
def talentics() -> Ask:
    """Asks Talentics for a path below its prefix: status, headers, JSON."""

    def ask(world: World, path: str, **query: object) -> Answer:
        pair = f"{world.settings.app_id}:{world.settings.app_secret}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return _ask(world, f"/talentics/v2{path}", query, headers)

    return ask


@pytest.fixture
def talentio() -> Ask:
    """Asks Talentio for a path below its prefix: status, headers, JSON."""

    def ask(world: World, path: str, **query: object) -> Answer:
        headers = {"Authorization": f"Bearer {world.settings.access_token}"}
        return _ask(world, f"/talentio/api/v1{path}", query, headers)

    return ask


def _ask(world: World, path: str, query: dict[str, object], headers: dict[str, str]) -> Answer:
    given = {name: str(value) for name, value in query.items()}
    status, received, body = world.handle("GET", path, given, headers)
    return status, received, json.loads(body)
