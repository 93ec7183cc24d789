"""Reads the files that the command line names, each once, so that a pipe works too.

Messages never quote the content, as a config holds credentials. Does without airbyte-cdk, whose import takes seconds.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

Kind = Literal["config", "catalog", "state"]


class UnreadableFile(Exception):
    """A file that cannot be used; the message names it and says what to do."""


def shown(path: str) -> str:
    """Return a path, or other text of the command line, as UTF-8 for a message, whatever the locale."""
    return os.fsencode(path).decode("utf-8", "backslashreplace") or '""'


def read_config_file(path: str, **options: Any) -> Mapping[str, Any]:
    """Return a config, which is a JSON object. `options` are those of `json.loads`. Raises UnreadableFile."""
    config = read_json(path, "config", **options)
    if not isinstance(config, dict):
        raise UnreadableFile(f'The config file {shown(path)} is not a JSON object. Write it as {{"name": "value"}}.')
    return config


def read_json(path: str, kind: Kind, **options: Any) -> Any:
    """Return the JSON value in a file. Raises UnreadableFile."""
    text = _text(path, kind)
    if not text.strip():
        raise UnreadableFile(f"The {kind} file {shown(path)} is empty. Check the path, or the program that writes it.")
    return _value(text, path, kind, **options)


def read_state_file(path: str, logger: logging.Logger) -> Any:
    """Return the state in a file; None if the file is empty. Raises UnreadableFile.

    Some targets write each state as a line; the last complete one counts. A crash may have cut off the last line, which
    loses nothing: what it covered is read again.
    """
    text = _text(path, "state")
    if not text.strip():
        logger.warning("The state file %s is empty, so there is no state yet: everything is read.", shown(path))
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    values = [_line(line) for line in lines]
    if len(lines) == 1 or None in values[:-1]:
        return _value(text, path, "state")
    if values[-1] is None:
        if text.endswith("\n"):
            raise _not_json(path, "state", f"the last of {len(lines)} states")
        logger.warning("The last line of the state file %s is incomplete. The state before it is used.", shown(path))
        values.pop()
    return values[-1]


def _line(line: str) -> Any:
    """Return the state on a line, or None if it is incomplete."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _text(path: str, kind: Kind) -> str:
    try:
        # "utf-8-sig" also accepts the byte order mark that some editors put at the start.
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
        raise _not_json(path, kind, f"line {error.lineno}") from None
    except (ValueError, RecursionError):
        # Numbers with thousands of digits, or thousands of nested lists.
        raise _not_json(path, kind, "a number too long, or nesting too deep", "Correct the file.") from None


def _not_json(path: str, kind: Kind, where: str, advice: str = "Fix that line.") -> UnreadableFile:
    return UnreadableFile(f"The {kind} file {shown(path)} is not valid JSON ({where}). {advice}")
