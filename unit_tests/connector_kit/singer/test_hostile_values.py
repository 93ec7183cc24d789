"""What no API should send, on its way into the pickiest target: nothing of it may reach a message."""

from __future__ import annotations

from typing import Any

import pytest

from unit_tests.support.taps import TapAccount

ODD: tuple[Any, ...] = (
    "", "2024/01/01 10:00", "0000-00-00", "nul\0nul", 2**65, -1.5, True, [], {}, [1, "a"], {"deep": [1]},
    "2024-02-30T00:00:00Z", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00", "1e400", "\ud83d",
)  # fmt: skip


# The last two are a comment's key.
KEPT = ("updatedAt", "updated_at", "stages", "createdAt", "employeeCreatedBy")


@pytest.mark.slow
def test_odd_values_in_every_field_leave_messages_that_any_target_takes(account: TapAccount) -> None:
    turn = 0

    def odd(kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Each field in turn with each odd value; what tells records apart and when they changed stays as it is."""
        nonlocal turn
        result: dict[str, Any] = {}
        for name, value in record.items():
            turn += 1
            kept = name == "id" or name.endswith(("_id", "_slug")) or name in KEPT
            result[name] = value if kept or turn % 3 else ODD[turn // 3 % len(ODD)]
        return {**result, "brand-new.field": 1, "新": "x", "x" * 70: {"y": None}}

    account.world.set_rewrite(odd)
    output = account.run()
    judge = output.judged().require_bookmarks(account.catalog().incremental)
    assert judge.findings == []
    assert sum(len(rows) for rows in judge.rows.values()) > 40


def test_times_of_any_zone_come_in_utc(talentio: TapAccount) -> None:
    spelled = iter(
        ["2024-01-01T10:00:00+09:00", "2024-01-01T01:00:00Z", "2024-01-01 01:00:00", "2024-01-01T01:00:00.000Z"]
    )

    def moved(kind: str, record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "appliedAt": next(spelled, None)} if kind == "candidates" else record

    talentio.world.set_rewrite(moved)
    rows = talentio.run(catalog=talentio.catalog().select("candidates")).rows("candidates")
    assert [row["appliedAt"] for row in rows[:4]] == [*["2024-01-01T01:00:00Z"] * 3, "2024-01-01T01:00:00.000Z"]
    assert {row["appliedAt"] for row in rows[4:]} == {None}


@pytest.mark.slow
def test_times_without_a_zone_are_read_as_utc(talentics: TapAccount) -> None:
    rows = talentics.run(catalog=talentics.catalog().select("exams")).rows("exams")
    assert all(row["updated_at"].endswith("Z") for row in rows)
