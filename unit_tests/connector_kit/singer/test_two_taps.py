"""Two taps in one process, as an orchestrator has them that imports the package: neither takes from the other."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from airbyte_cdk.utils import airbyte_secrets_utils
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from connector_kit.singer.tap import tap_class

TWO_AT_ONCE = """
    import logging.config, threading
    import attributes_doc
    from connector_kit.singer.output import import_source

    before = logging.config.dictConfig, attributes_doc.get_attributes_doc
    threads = [threading.Thread(target=import_source) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print((logging.config.dictConfig, attributes_doc.get_attributes_doc) == before)
"""


@pytest.mark.slow
def test_two_that_start_at_once_leave_the_process_as_it_was() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TWO_AT_ONCE)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "True\n"


def test_a_second_tap_leaves_the_credentials_of_the_first_masked() -> None:
    tap_class("source_talentics")(config={"app_id": "first-id", "app_secret": "first-secret"})
    tap_class("source_talentio")(config={"access_token": "second-token"})
    assert filter_secrets("first-secret second-token") == "**** ****"


def test_many_taps_with_one_credential_mask_it_once() -> None:
    masked: list[str] = []
    airbyte_secrets_utils.update_secrets(masked)
    for _ in range(3):
        tap_class("source_talentio")(config={"access_token": "token/with+signs"})
    assert len(masked) == len(set(masked)) == 2
    assert filter_secrets("token/with+signs token%2Fwith%2Bsigns") == "**** ****"


def test_what_stands_for_a_missing_credential_is_in_no_log_line() -> None:
    tap = tap_class("source_talentio")(config={}, validate_config=False)
    assert tap.streams
    assert filter_secrets("candidates: 2026-11-27 - 3 records") == "candidates: 2026-11-27 - 3 records"
