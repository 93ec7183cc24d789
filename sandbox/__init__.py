"""Talentics' and Talentio's APIs on loopback, with made-up people: for tests and for the demo.

In a test::

    from sandbox import Settings, World, serve

    with serve(Settings.for_size("small", talentics_limit=None)) as sandbox:
        sandbox.configs["talentics"]          # a source's config
        sandbox.world.log.summary()           # what was asked
        sandbox.world.data.update("candidates", 1000)

Without a network: `World(settings, clock).handle("GET", "/talentics/v2/exams", "page=1", headers)`.
As a program: `python -m sandbox --help`.
"""

from __future__ import annotations

from sandbox.app import create_app
from sandbox.clock import VirtualClock
from sandbox.limits import Limit
from sandbox.server import Running, serve
from sandbox.settings import Settings
from sandbox.world import World

__all__ = ["Limit", "Running", "Settings", "VirtualClock", "World", "create_app", "serve"]
