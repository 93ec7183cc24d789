"""The cursors: what each stream remembers between syncs, in a small state.

`ListCursor` is for lists; `DetailCursor` and `IdCursor` are for details. Each may remember the ids of what it sent.
"""

from __future__ import annotations

from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor

__all__ = ["DetailCursor", "IdCursor", "ListCursor", "StreamCursor"]
