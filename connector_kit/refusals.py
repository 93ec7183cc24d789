"""HTTP 403 below a list: whether it is the endpoint that is refused, or the one parent that was asked about.

Where the first few are refused and none is answered it is the endpoint, and its streams end at once. Otherwise the
parents that may be read are read; the streams then end with an error that counts the others, and their state stays
before them, so that they are asked for again.
"""

from __future__ import annotations

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import NoAccess, failure
from connector_kit.settings import config_error

# So many refusals in a row, with no answer before them, are the endpoint's; more where it gave answers once.
_ENOUGH, _ENOUGH_OF_A_KNOWN = 4, 20


class Refusals:
    """The refusals that one reading meets.

    Args:
        known: whether an earlier sync had answers of the endpoint: its oldest parents may be those that are refused.
    """

    def __init__(self, known: bool = False) -> None:
        self._enough = _ENOUGH_OF_A_KNOWN if known else _ENOUGH
        self._answered = 0
        self._refused: list[NoAccess] = []

    def __bool__(self) -> bool:
        return bool(self._refused)

    @property
    def in_doubt(self) -> bool:
        """Whether nothing but refusals came so far: no more requests should be under way than are needed to know."""
        return bool(self._refused) and not self._answered

    def answered(self) -> None:
        self._answered += 1

    def note(self, refusal: NoAccess) -> None:
        """Count one.

        Raises:
            Forbidden: it is the endpoint that is refused.
        """
        self._refused.append(refusal)
        if self.in_doubt and len(self._refused) >= self._enough:
            raise failure(refusal)

    def error(self, path: str) -> AirbyteTracedException | None:
        """What the streams of the reading end with, once all was read. None where nothing was refused.

        Raises:
            Forbidden: all of it was refused.
        """
        if not self._refused:
            return None
        if self.in_doubt:
            raise failure(self._refused[0])
        refused, permission = len(self._refused), self._refused[0].permission
        every = refused + self._answered
        return config_error(
            f"No access to {path} for {refused} of {every} parents (HTTP 403). The others were read. {permission}"
        )
