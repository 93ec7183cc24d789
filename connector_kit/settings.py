"""The configuration: defaults come from the spec, and every value is checked before the first request."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

import isodate  # type: ignore[import-untyped]  # the library ships no types
from jsonschema import Draft4Validator, ValidationError

from connector_kit import times
from connector_kit.config_errors import config_error

Mode = Literal["keep", "hash", "drop"]
# White space, and the byte order mark that some editors put at the start of a file.
_BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff"
# Seconds that `start_date` may be ahead: the user's day may start earlier, and this machine's clock may be behind.
_MOST_AHEAD = 86_400.0
PERSONAL_DATA_MODES: tuple[Mode, ...] = get_args(Mode)


def mode_of(config: Mapping[str, Any]) -> Mode:
    """Return what to do with personal data. Raises a config error rather than pass it on unhashed by mistake."""
    mode = config.get("personal_data")
    if mode is None:
        return "keep"
    if mode not in PERSONAL_DATA_MODES:
        raise config_error(f"personal_data: must be one of {', '.join(PERSONAL_DATA_MODES)}.")
    if mode == "hash" and not str(config.get("personal_data_key") or "").strip():
        raise config_error(
            "personal_data_key: required when personal_data is 'hash'. Set it to a long random text, keep it secret "
            "and never change it: values hashed with another key do not join."
        )
    return cast(Mode, mode)


def _filled_in(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with a value. Forms and environment variables leave an empty text for a field without one.

    An empty `personal_data` is kept, and refused later: whoever set it meant to hide data.
    """
    return {
        name: value
        for name, value in config.items()
        if value is not None and (name == "personal_data" or not isinstance(value, str) or value.strip())
    }


def _without_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an object with a value; forms leave an empty array, too."""
    return {name: part for name, part in value.items() if part is not None and str(part).strip() not in ("", "[]")}


def with_defaults(config: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with the spec's defaults filled in, so that the manifest never repeats a default.

    White space around required fields (the credentials) and secret ones is removed: copying leaves it there.
    """
    properties: Mapping[str, Mapping[str, Any]] = spec.get("properties", {})
    defaults = {name: field["default"] for name, field in properties.items() if "default" in field}
    given = _filled_in(config)
    to_strip = {*spec.get("required", []), *(name for name, field in properties.items() if field.get("airbyte_secret"))}
    stripped = {name: given[name].strip(_BLANKS) for name in to_strip if isinstance(given.get(name), str)}
    full = {**defaults, **given, **stripped}
    if isinstance(full.get("base_url"), str):
        # As `_base_url` checks it: the manifest builds its URLs from this text.
        full["base_url"] = full["base_url"].strip().rstrip("/")
    return full


@dataclass(frozen=True)
class Settings:
    """The settings that concern all streams; `base_url` has no slash at the end."""

    base_url: str
    num_workers: int
    personal_data: Mode
    detect_deletions: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, Any], spec: Mapping[str, Any]) -> Settings:
        """Check every value against the source's `connection_specification`, without sending anything.

        Raises:
            AirbyteTracedException: naming the first field that is wrong, and what to write instead.
        """
        _check_names_and_types(config, spec)
        full = with_defaults(config, spec)
        start_date = full.get("start_date")
        start_instant = times.instant(start_date) if start_date else None
        if start_date and start_instant is None:
            raise config_error(
                "start_date: not a date or RFC 3339 time. Write it as 2024-01-31 or 2024-01-31T00:00:00Z, or leave it "
                "out."
            )
        if start_instant is not None and start_instant > (time.time() + _MOST_AHEAD) * 1e6:
            raise config_error(
                f"start_date: {start_date} is in the future, so nothing would be read. Set it to a past date, or leave "
                "it out."
            )
        duration(str(full["rate_limit_period"]), "rate_limit_period")
        for name, field in spec["properties"].items():
            if "properties" in field:
                _check_object(name, full.get(name) or {}, field["properties"])
        return cls(
            base_url=_base_url(str(full["base_url"])),
            num_workers=int(full["num_workers"]),
            personal_data=mode_of(full),
            detect_deletions=full.get("detect_deletions") == "mark",
        )


def misspelled_warnings(config: Mapping[str, Any], spec: Mapping[str, Any]) -> list[str]:
    """Return a warning for each config field that doesn't exist but resembles one that does.

    A misspelled `personal_data` would let everybody's data through.
    """
    known = list(spec.get("properties", {}))
    near = {name: get_close_matches(name, known, 1, cutoff=0.8) for name in config if name not in known}
    return [
        f"Config field {name} is unknown and has no effect. Did you mean {found[0]}?"
        for name, found in near.items()
        if found
    ]


def _check_names_and_types(config: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    given = _filled_in(config)
    for name in spec.get("required", []):
        if name not in given:
            raise config_error(
                f"{name}: required, but missing or empty. {spec['properties'][name].get('description', '')}".strip()
            )
        # HTTP headers allow no other characters, and the HTTP client's own error would not name the field.
        if isinstance(given[name], str) and not re.fullmatch(r"[\x20-\x7e\xa1-\xff]+", given[name].strip(_BLANKS)):
            raise config_error(
                f"{name}: contains a line break or another character that no credential has. Copy it again, without "
                "the text around it."
            )
    objects = {name: _without_empty(value) for name, value in given.items() if isinstance(value, Mapping)}
    # Draft 4, because later drafts take 4.0 for an integer.
    for error in Draft4Validator(spec).iter_errors({**given, **objects}):
        # `from_config` checks the fields with a pattern at the top, and gives more helpful messages.
        if error.validator != "pattern" or len(error.path) > 1:
            # Without the position in an array: `candidate_filter.status`.
            name = ".".join(part for part in error.path if isinstance(part, str))
            raise config_error(f"{name}: must be {_expected(error)}.")


def _expected(error: ValidationError) -> str:
    """Say what a field's schema expects, and for a number that is no secret, also what it got."""
    field = cast(Mapping[str, Any], error.schema)
    if error.validator == "type":
        return f"of type {field['type']}, not {type(error.instance).__name__}"
    if error.validator == "enum":
        return f"one of {', '.join(map(str, field['enum']))}"
    if error.validator == "pattern":
        return f"written as {field['pattern_descriptor']}"
    low, high = field.get("minimum"), field.get("maximum")
    span = f"at least {low}" if high is None else f"from {low} to {high}"
    return span if field.get("airbyte_secret") else f"{span}, not {error.instance}"


def _check_object(name: str, given: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    """Check what no schema says of an object: the names in it, its dates, and that it is not empty by mistake."""
    for part in given:
        if part not in properties:
            # Unlike at the top: a misspelled filter would let through what should have been left out.
            raise config_error(f"{name}.{part}: there is no such field. {name} may have {', '.join(properties)}.")
    filled = _without_empty(given)
    if given and not filled and any(value == [] for value in given.values()):
        raise config_error(
            f"{name}: none of its fields has a value, so it would leave out nothing. Fill one in, or remove {name}."
        )
    days: dict[str, date] = {}
    for part, value in filled.items():
        if properties[part].get("format") == "date":
            try:
                days[part] = date.fromisoformat(value)
            except ValueError:
                raise config_error(f"{name}.{part}: there is no such date. Write it as 2024-01-31.") from None
    for part, first in days.items():
        last = part.removesuffix("_from") + "_to"
        if part.endswith("_from") and first > days.get(last, first):
            raise config_error(f"{name}.{part}: is later than {name}.{last}, so nothing would be read.")


def duration(text: str, name: str) -> timedelta:
    """Return a positive ISO 8601 duration, such as `PT15M`. Raises a config error that names the field `name`."""
    try:
        span = isodate.parse_duration(text)
    except (isodate.ISO8601Error, ValueError, OverflowError):
        span = None
    # isodate parses years and months to its own Duration, which has no fixed length in seconds.
    if not isinstance(span, timedelta) or span <= timedelta():
        raise config_error(
            f"{name}: not a positive ISO 8601 duration. Write it as PT15M (15 minutes) or PT1H (1 hour)."
        )
    return span


def _base_url(text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    host = parts.hostname or ""
    if not is_host(host) or not port_is_valid or re.search(r"[\s?#]", url):
        raise config_error("base_url: not a URL. Write it as https://host/path, without a query.")
    if "@" in parts.netloc:
        raise config_error("base_url: must not contain a user name or password; put them into their own fields.")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return url
    raise config_error(
        "base_url: must begin with https://, so that credentials and applicants' data travel encrypted; "
        "http:// is allowed for a loopback address only (127.0.0.1, localhost)."
    )


def is_host(host: str) -> bool:
    """Whether the text can be a host name or an IP address."""
    # DNS limits the length of labels; an IPv6 address counts as one label.
    return bool(host) and all(0 < len(label) <= 63 for label in host.removesuffix(".").split("."))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
