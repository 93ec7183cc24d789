"""What a body is taken for: a record is not lost to a character that a stricter parser refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connector_kit.errors import UnexpectedAnswer
from connector_kit.requester import Answer, Requester, parsed


def answer_of(content: bytes) -> Any:
    response = requests.Response()
    response.status_code = 200
    body, _ = Requester._parse(response, content)
    again = Answer(200, {}, content, body, None).copy_of_body()
    assert again == body
    return body


@pytest.mark.parametrize("text", [r"\ud83d", r"cut \ud83d\u0041", r"\udc00 x"])
def test_half_an_emoji_costs_no_record(text: str) -> None:
    (first, second) = answer_of(b'[{"id": 1, "name": "%s"}, {"id": 2}]' % text.encode())
    assert (first["id"], second) == (1, {"id": 2})
    assert isinstance(first["name"], str)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("見本 😀", True),
        (r"\u898b\u672c \ud83d\ude00 \\ \n", True),
        (r"a\u0000b", False),
        (r"\ud83d", False),
    ],
)
def test_a_body_is_clean_where_its_texts_hold_nothing_that_databases_refuse(text: str, clean: bool) -> None:
    assert parsed(b'[{"name": "%s"}]' % text.encode())[1] is clean


def test_a_number_beyond_any_column_costs_no_record() -> None:
    content = b'[{"id": 1, "salary": 1e999}]'
    assert answer_of(content) == [{"id": 1, "salary": float("inf")}]
    assert not parsed(content)[1]


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": NaN}',
        b'{"a": 1e999, "b": NaN}',
        b'{"a": "\\ud83d"',
        b'{"a": "\\ud83',
        b'{"a": "\xff"}',
        b"",
        b"[" * 2000,
    ],
)
def test_what_is_no_json_is_no_answer(content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        answer_of(content)
