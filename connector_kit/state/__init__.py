"""What each stream remembers between syncs, as small states.

`ListCursor` for lists, `DetailCursor` and `IdCursor` for details.
"""

from __future__ import annotations

from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor

__all__ = ["DetailCursor", "IdCursor", "ListCursor", "StreamCursor"]
