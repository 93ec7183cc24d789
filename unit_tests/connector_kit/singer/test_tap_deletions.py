"""What taps do where `detect_deletions` is set: the field, the stream, and the states of streams without a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from unit_tests.support.taps import SOURCES, Catalog, TapAccount

MARK = {"detect_deletions": "mark"}
DELETED = {"talentics": "applicants", "talentio": "candidates"}


def catalog_of(account: TapAccount, config: Mapping[str, Any]) -> Catalog:
    return Catalog(account.tap(config).catalog_dict)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_a_record_that_is_gone_comes_once_with_its_mark_and_all_else_null(source: str) -> None:
    account, stream = TapAccount(source), DELETED[source]
    first = account.run(MARK, catalog=catalog_of(account, MARK))
    account.later(90_000)
    parent = account.world.data.ids("jobs")[0] if source == "talentics" else 0
    gone = account.world.data.ids(stream, parent)[0]
    account.world.data.delete(stream, gone)
    second = account.run(MARK, catalog=catalog_of(account, MARK), state=first.state)
    assert second.judged()
    (row,) = [row for row in second.rows(stream) if row.get("_sdc_deleted_at")]
    assert {name for name, value in row.items() if value is not None} <= {"id", "updatedAt", "_sdc_deleted_at"}
    assert row["id"] == gone
    assert row["_sdc_deleted_at"].endswith("Z")
    # All fields, so that the target empties each column.
    schema = next(it["schema"] for it in second.of("SCHEMA") if it["stream"] == stream)
    assert row.keys() == schema["properties"].keys()
    assert [(it["stream"], it["id"]) for it in second.rows("deletions")] == [(stream, gone)]
    assert not second.of("ACTIVATE_VERSION")
    third = account.run(MARK, catalog=catalog_of(account, MARK), state=second.state)
    assert not [row for row in third.rows(stream) if row.get("_sdc_deleted_at")]
    assert not third.rows("deletions")


def test_a_catalog_from_before_selects_the_mark_all_the_same() -> None:
    account = TapAccount("talentio")
    old = account.catalog().select("workspaces", "candidates")
    first = account.run(MARK, catalog=old)
    account.world.data.delete("candidates", account.world.data.ids("candidates")[0])
    second = account.run(MARK, catalog=old, state=first.state)
    assert len([row for row in second.rows("candidates") if row.get("_sdc_deleted_at")]) == 1


def test_applicants_are_incremental_in_this_mode_alone() -> None:
    account = TapAccount("talentics")
    without = {"applicants", "applicant_details"}
    assert without.isdisjoint(account.catalog().incremental)
    assert without | {"deletions"} <= set(catalog_of(account, MARK).incremental)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_a_state_of_this_mode_is_good_without_it(source: str) -> None:
    account = TapAccount(source)
    marked = account.run(MARK, catalog=catalog_of(account, MARK))
    account.later(90_000)
    plain = account.run(catalog=account.catalog(), state=marked.state)
    assert plain.judged()
    assert not [it for it in plain.of("RECORD") if "_sdc_deleted_at" in it["record"] or it["stream"] == "deletions"]
    assert "deletions" not in plain.state["bookmarks"]
