"""What stands on a list's pages where a server is odd: ties, records that are hidden, pages behind the last."""

from __future__ import annotations

from random import Random

from sandbox.draws import mix
from sandbox.settings import Settings


class Pages:
    """Cuts lists into pages as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._random = Random(settings.seed)

    def cut(self, ids: list[int], page: int, size: int) -> list[int] | None:
        """The ids on a page that may be shown. None where there is no such page, which is a 404."""
        settings = self._settings
        if settings.ties:
            tied = ids[: settings.ties]
            self._random.shuffle(tied)
            ids = tied + ids[settings.ties :]
        last = max(1, -(-len(ids) // size))
        shown = ids[(page - 1) * size : page * size]
        if page > last and settings.past_end != "empty":
            if settings.past_end == "404":
                return None
            shown = ids if settings.past_end == "all" else ids[(last - 1) * size :]
        if settings.hidden:
            shown = [each for each in shown if not self.is_hidden(each)]
        return shown

    def is_hidden(self, record_id: int) -> bool:
        """Whether the credential may not see a record: always the same ones."""
        return mix(self._settings.seed, 97, record_id) % 1000 < self._settings.hidden * 1000
