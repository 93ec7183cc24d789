"""Files that a program is given, read once, so that a pipe will do. Without airbyte-cdk, whose import takes seconds.

No word of the content is repeated: a config holds credentials.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

Kind = Literal["config", "catalog", "state"]


class UnreadableFile(Exception):
    """A file that is not what it should be; the message names it and says what to do."""


def shown(path: str) -> str:
    """A path, or another text of the command line, as UTF-8 has it, whatever the locale made of it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace") or '""'


def read_config_file(path: str, **options: Any) -> Mapping[str, Any]:
    """A config: a JSON object. `options` are those of `json.loads`."""
    config = read_json(path, "config", **options)
    if not isinstance(config, dict):
        raise UnreadableFile(f'The config file {shown(path)} is not a JSON object. Write it as {{"name": "value"}}.')
    return config


def read_json(path: str, kind: Kind, **options: Any) -> Any:
    """The JSON value in a file. Raises UnreadableFile."""
    text = _text(path, kind)
    if not text.strip():
        raise UnreadableFile(f"The {kind} file {shown(path)} is empty. Check the path, or what should have written it.")
    return _value(text, path, kind, **options)


def read_state_file(path: str, logger: logging.Logger) -> Any:
    """The state in a file; None where the file is empty. Raises UnreadableFile.

    Targets that write each state as a line of its own leave several: the last whole one counts. One that was cut by a
    crash is not needed: what came after the one before it is read again.
    """
    text = _text(path, "state")
    if not text.strip():
        logger.warning("The state file %s is empty, which counts as no state yet: everything is read.", shown(path))
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    values = [_line(line) for line in lines]
    if len(lines) == 1 or None in values[:-1]:
        return _value(text, path, "state")
    if values[-1] is None:
        if text.endswith("\n"):
            raise _no_json(path, "state", f"the last of {len(lines)} states")
        logger.warning("The last line of the state file %s is incomplete. The state before it is used.", shown(path))
        values.pop()
    return values[-1]


def _line(line: str) -> Any:
    """A line that is a whole state, else None."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _text(path: str, kind: Kind) -> str:
    try:
        # With or without the mark that some editors put at the beginning.
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise UnreadableFile(
            f"The {kind} file {shown(path)} cannot be read: {error.strerror}. Check the path."
        ) from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"The {kind} file {shown(path)} is not in UTF-8. Save it as UTF-8.") from None


def _value(text: str, path: str, kind: Kind, **options: Any) -> Any:
    parse: Callable[..., Any] = json.loads
    try:
        return parse(text, **options)
    except json.JSONDecodeError as error:
        raise _no_json(path, kind, f"line {error.lineno}") from None
    except (ValueError, RecursionError):
        # Numbers of thousands of digits, lists in lists without end.
        raise _no_json(path, kind, "too long a number, or nested too deeply") from None


def _no_json(path: str, kind: Kind, where: str) -> UnreadableFile:
    return UnreadableFile(f"The {kind} file {shown(path)} is not valid JSON ({where}). Fix it there.")
