"""A defect of the connector may be caused by a value, and its exception may quote it; what is told does not."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from connector_kit.records.normalization import SchemaNormalization
from unit_tests.support.vendors import TALENTIO, counted_page


class Quoting(Exception):
    """Says the value that it fell over, and so does what caused it."""


def fall_over(_: SchemaNormalization, record: dict[str, Any], schema: Any) -> None:
    try:
        int(record["name"])
    except ValueError as error:
        raise Quoting(f"what is {record['name']}?") from error


def test_an_unforeseen_exception_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(SchemaNormalization, "transform", fall_over)
    monkeypatch.setattr(SchemaNormalization, "transform_clean", fall_over)
    employee = TALENTIO.sample("employees", name="Mkquoted Santoso")
    with caplog.at_level(logging.DEBUG):
        outcome = TALENTIO.read("employees", {"/employees?page=1": counted_page([employee])}, fails=True)
    told = "\n".join([outcome.told, caplog.text, *capfd.readouterr(), *(each.message for each in outcome.failures)])
    assert "Mkquoted" not in told
    assert outcome.failure.kind == "system_error"
    assert "employees: Quoting at test_errors.py:" in told
