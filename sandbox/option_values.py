"""What the program's options take: readers for argparse, whose errors say what is wrong with a value."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TypeVar

from sandbox.limits import Limit

_Value = TypeVar("_Value")
_HIGHEST_PORT = 65535
_CENTURY = 100 * 365 * 86_400


def _told(read: Callable[[str], _Value], wanted: str = "") -> Callable[[str], _Value]:
    """A reader of an option's value for argparse, which would tell of a ValueError by the reader's name only.

    `wanted` says what the option takes, where the ValueError does not.
    """

    def told(text: str) -> _Value:
        try:
            return read(text)
        except ValueError as problem:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}" if wanted else str(problem)) from None

    return told


def _over_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


def _skew(text: str) -> float:
    value = float(text)
    # Farther off, the header's year has no four digits.
    if not abs(value) <= _CENTURY:
        raise ValueError
    return value


def _status(text: str) -> tuple[str, int]:
    status, separator, glob = text.partition(":")
    if not separator or not status.isdecimal() or not 200 <= int(status) <= 599:
        raise ValueError(f"{text!r} is not an answer; write STATUS:GLOB, for example 403:*/employees")
    return glob, int(status)


def _from_utc(text: str) -> float:
    value = float(text)
    if not -24 <= value <= 24:
        raise ValueError
    return value


def _time(text: str) -> float:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _not_below_zero(text: str) -> int:
    if not text.isdecimal():
        raise ValueError
    return int(text)


def _port_number(text: str) -> int:
    value = _not_below_zero(text)
    if value > _HIGHEST_PORT:
        raise ValueError
    return value


COUNT = _told(_not_below_zero, "a number from 0 on, without a fraction")
WHOLE = _told(int, "a number without a fraction")
SECONDS = _told(_over_zero, "a number of seconds above 0")
SKEW = _told(_skew, "a number of seconds within a century, such as -259200 (three days behind)")
ANSWER = _told(_status)
ZONE = _told(_from_utc, "a zone: hours from -24 to 24, such as 9 or -3.5")
PORT = _told(_port_number, f"a port: a number from 0 (a free one) to {_HIGHEST_PORT}")
MOMENT = _told(_time, "a time, such as 2026-04-01T09:00:00Z")
LIMIT = _told(Limit.parse)
