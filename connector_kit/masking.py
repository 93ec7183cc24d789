"""Keeps secrets and quoted values out of logs and messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets, filter_secrets, get_secrets


def mask(secret: str) -> None:
    """Have the CDK mask a secret, as it is and URL-encoded, since a server may echo it in a path."""
    for text in (secret, quote(secret, safe=""), quote_plus(secret)):
        # Once is enough: a process that syncs again and again would search each log line for ever more of them.
        if filter_secrets(text) != "****":
            add_to_secrets(text)


def mask_secrets(specification: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Mask the fields of a config that its specification marks as secret."""
    for secret in get_secrets(specification, config):
        if secret:
            mask(str(secret))


class NoForeignTracebacks(logging.Filter):
    """Removes tracebacks from what libraries log: the text of an exception may quote what a server sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("airbyte"):
            record.exc_info = record.exc_text = None
        return True
