"""Which texts are kept out of logs and messages."""

from __future__ import annotations

import logging
from urllib.parse import quote, quote_plus

from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets


def mask(secret: str) -> None:
    """Have the CDK mask a secret as it is, and as a URL spells it: so a server may give it back, in a path's name."""
    for spelled in (secret, quote(secret, safe=""), quote_plus(secret)):
        add_to_secrets(spelled)


class NoForeignTracebacks(logging.Filter):
    """Takes the tracebacks off what libraries log: the text of an exception may quote what a server sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("airbyte"):
            record.exc_info = record.exc_text = None
        return True
