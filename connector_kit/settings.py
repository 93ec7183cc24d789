"""The configuration as the kit reads it: defaults from the spec, each value checked by name before any request."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

import isodate  # type: ignore[import-untyped]  # the library ships no types
from jsonschema import Draft4Validator, ValidationError

from connector_kit import times
from connector_kit.errors import config_error

Mode = Literal["keep", "hash", "drop"]
# Blanks, line breaks, and the mark that some editors put at the beginning of a file.
_AROUND = " \t\r\n\v\f\u00a0\u3000\ufeff"
# Today may have begun where the user is and not yet here; this machine's clock may be hours behind.
_CLOCKS_APART = 86_400.0
PERSONAL_DATA_MODES: tuple[Mode, ...] = get_args(Mode)


def mode_of(config: Mapping[str, Any]) -> Mode:
    """What is to become of personal data. Raises a config error rather than let it through unhashed."""
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
    """The fields that somebody gave a value. Forms and environments leave an empty text where nobody did.

    But whoever set `personal_data` to something that came out empty meant to hide data, and is told so.
    """
    return {
        name: value
        for name, value in config.items()
        if value is not None and (name == "personal_data" or not isinstance(value, str) or value.strip())
    }


def with_defaults(config: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with the spec's defaults filled in, so that the manifest never repeats a default.

    The required fields, which are the credentials, and the secret ones lose the blanks and line breaks that copying,
    or the program that made them, left around them.
    """
    properties: Mapping[str, Mapping[str, Any]] = spec.get("properties", {})
    defaults = {name: field["default"] for name, field in properties.items() if "default" in field}
    given = _filled_in(config)
    copied = {*spec.get("required", []), *(name for name, field in properties.items() if field.get("airbyte_secret"))}
    stripped = {name: given[name].strip(_AROUND) for name in copied if isinstance(given.get(name), str)}
    full = {**defaults, **given, **stripped}
    if isinstance(full.get("base_url"), str):
        # The manifest makes its URLs of the very text that was checked.
        full["base_url"] = full["base_url"].strip().rstrip("/")
    return full


@dataclass(frozen=True)
class Settings:
    """What of the configuration is not for one stream; `base_url` without a slash at its end."""

    base_url: str
    num_workers: int
    personal_data: Mode

    @classmethod
    def from_config(cls, config: Mapping[str, Any], spec: Mapping[str, Any]) -> Settings:
        """Check every value and say which field is wrong. Raises a config error; never sends anything."""
        _check_names_and_types(config, spec)
        full = with_defaults(config, spec)
        start_date = full.get("start_date")
        start_instant = times.instant(start_date) if start_date else None
        if start_date and start_instant is None:
            raise config_error(
                "start_date: not a date or RFC 3339 time. Write it as 2024-01-31 or 2024-01-31T00:00:00Z, or leave it "
                "out."
            )
        if start_instant is not None and start_instant > (time.time() + _CLOCKS_APART) * 1e6:
            raise config_error(
                f"start_date: {start_date} lies in the future, so nothing would be read. Set it to a day that is past, "
                "or leave it out."
            )
        duration(str(full["rate_limit_period"]), "rate_limit_period")
        return cls(
            base_url=_base_url(str(full["base_url"])),
            num_workers=int(full["num_workers"]),
            personal_data=mode_of(full),
        )


def misspelled(config: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, str]:
    """Names in a config that no field has, by the field that was probably meant. Other unknown names are nobody's."""
    known = list(spec.get("properties", {}))
    near = {name: get_close_matches(name, known, 1, cutoff=0.8) for name in config if name not in known}
    return {name: found[0] for name, found in near.items() if found}


def _check_names_and_types(config: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    given = _filled_in(config)
    for name in spec.get("required", []):
        if name not in given:
            raise config_error(
                f"{name}: required and missing or empty. {spec['properties'][name].get('description', '')}".strip()
            )
        # It goes into an HTTP header, which holds no other characters; the HTTP client would raise an error of its own.
        if isinstance(given[name], str) and not re.fullmatch(r"[\x20-\x7e\xa1-\xff]+", given[name].strip(_AROUND)):
            raise config_error(
                f"{name}: holds a line break or another character that no credential has. Copy it again, without what "
                "stands around it."
            )
    # To later drafts 4.0 is an integer, too.
    for error in Draft4Validator(spec).iter_errors(given):
        # What does not match a pattern is refused below, in words that help more.
        if error.validator != "pattern":
            raise config_error(f"{error.path[0]}: must be {_wanted(error)}.")


def _wanted(error: ValidationError) -> str:
    """What a field's schema asks for. The value is told where it is a number, and no secret."""
    field = cast(Mapping[str, Any], error.schema)
    if error.validator == "type":
        return f"of type {field['type']}, not {type(error.instance).__name__}"
    if error.validator == "enum":
        return f"one of {', '.join(map(str, field['enum']))}"
    low, high = field.get("minimum"), field.get("maximum")
    span = f"at least {low}" if high is None else f"from {low} to {high}"
    return span if field.get("airbyte_secret") else f"{span}, not {error.instance}"


def duration(text: str, name: str) -> timedelta:
    """A span of time. Raises a config error that names the field for what is no positive ISO 8601 duration."""
    try:
        span = isodate.parse_duration(text)
    except (isodate.ISO8601Error, ValueError, OverflowError):
        span = None
    # Years and months parse to isodate's own Duration, which has no fixed length in seconds.
    if not isinstance(span, timedelta) or span <= timedelta():
        raise config_error(
            f"{name}: not a positive ISO 8601 duration. Write it as PT15M (15 minutes) or PT1H (1 hour)."
        )
    return span


def _base_url(text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port_is_sane = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_sane = urlsplit(""), False
    host = parts.hostname or ""
    if not is_host(host) or not port_is_sane or re.search(r"[\s?#]", url):
        raise config_error("base_url: not a URL. Write it as https://host/path, without a query.")
    if "@" in parts.netloc:
        raise config_error("base_url: must not hold a user name or password; put them into their own fields.")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return url
    raise config_error(
        "base_url: must begin with https://, so that credentials and applicants' data travel encrypted; "
        "http:// is for a loopback address only (127.0.0.1, localhost)."
    )


def is_host(host: str) -> bool:
    """Whether a name server, or the machine itself, could know such a host."""
    # What a name server would refuse; an IPv6 address has colons in the place of labels.
    return bool(host) and all(0 < len(label) <= 63 for label in host.removesuffix(".").split("."))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
