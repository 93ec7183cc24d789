"""The polymorphic corners of a candidate: custom fields, educations, experiences, evaluation items.

Their shapes vary from record to record as the vendor's page, its samples and its write forms vary among themselves.
"""

from __future__ import annotations

from typing import Any

from sandbox.draws import Draw
from sandbox.people import People

Record = dict[str, Any]


def custom_fields(draw: Draw, revision: int) -> list[Record]:
    """Values as text, number, array, or nothing."""
    fields: list[Record] = [
        {"name": "自由テキスト", "value": draw.pick(("自由な\n文章", "", '"引用" と \\ と \t'))},
        {"name": "数値", "value": revision or draw.pick((10, 0, -3.5, None))},
        {"name": "セレクトボックス", "value": draw.pick(("はい", "いいえ"))},
        {"name": "チェックボックス", "value": draw.pick((["A", "B"], ["A"], []))},
        {"name": "日付", "value": "2022-01-01"},
    ]
    return fields[: draw.between(0, 5)]


def educations(draw: Draw) -> Record | list[Record] | None:
    """One object as in the sample, an array as in the write form, or nothing."""
    one = {
        "school": draw.pick(("サンプル大学", "例示高等専門学校", "")),
        "faculty": draw.pick(("工学部", "文学部", None)),
        "startAt": "2012-04-01",
        "endAt": draw.pick(("2016-03-31", "", None)),
        "description": "",
        "active": False,
    }
    shape = draw.between(0, 9)
    if shape < 4:
        return one
    return None if shape == 4 else [one, {**one, "school": "例示大学院"}][: draw.between(0, 2)]


def experiences(draw: Draw, people: People) -> list[Record]:
    """Former employers."""
    return [
        {
            "company": draw.pick(people.japanese_companies),
            "position": draw.pick(people.japanese_jobs),
            "startAt": f"{2005 + 5 * number}-04-01",
            "endAt": None if number else "2010-03-31",
            "description": draw.pick(("", None, "担当業務")),
            "active": bool(number),
        }
        for number in range(draw.between(0, 2))
    ]


def items(draw: Draw, evaluation_id: int, *, finished: bool) -> list[Record]:
    """The answers of an evaluation: an `input` of another JSON type for each `type`; `none` has no `input` at all."""
    every: list[Record] = [
        {"name": "総合評価", "type": "5level", "input": draw.between(1, 5)},
        {"name": "スキル", "type": "slide", "input": draw.between(0, 100)},
        {"name": "志望度", "type": "select", "input": draw.pick(("高い", "普通", ""))},
        {"name": "合否", "type": "bool", "input": draw.chance(0.5)},
        {"name": "所感", "type": "none"},
    ]
    chosen = every if evaluation_id % 2 else every[: evaluation_id % 5]
    for item in chosen:
        if not finished and "input" in item:
            item["input"] = None
        item["comment"] = draw.pick(("良い", "", None, "もう一度\n会いたい"))
    return chosen
