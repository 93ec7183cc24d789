"""What a body is taken for: a record is not lost to a character that a stricter parser refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector_kit.errors import BeyondBounds, UnexpectedAnswer
from connector_kit.http.requester import Answer
from connector_kit.records.bodies import MARKED, UNDECODABLE, UNESCAPED, body_of, parsed


def answer_of(content: bytes) -> Any:
    body = body_of(content, 200).value
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
    assert parsed(b'[{"name": "%s"}]' % text.encode()).clean is clean


def test_a_number_beyond_any_column_costs_no_record() -> None:
    content = b'[{"id": 1, "salary": 1e999}]'
    assert answer_of(content) == [{"id": 1, "salary": float("inf")}]
    assert not parsed(content).clean


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": NaN}',
        b'{"a": 1e999, "b": NaN}',
        b'{"a": "\\ud83d"',
        b'{"a": "\\ud83',
        b'{"a": \xff}',
        b'{"a": "\xff',
        b'[{"a": "\xe8\xa6',
        b'[{"a": "x\ty"}, {"a": "\xe8\xa6\x8b',
        b"\xef\xbb\xbf",
        b'\xef\xbb\xbf[{"a": 1',
        b'{"a": "x\ty", "b": NaN}',
        b"",
        b"[" * 2000,
    ],
)
def test_what_is_no_json_is_no_answer(content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        answer_of(content)


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("content", "value", "repairs"),
    [
        (b'[{"a": "\xe8\xa6\x8b"}]', [{"a": "見"}], ()),
        (MARK + b'[{"a": 1}]', [{"a": 1}], (MARKED,)),
        (b'[{"a": "x\ty\nz\x01"}]', [{"a": "x\ty\nz\x01"}], (UNESCAPED,)),
        (b'[{"a\t": "\xe8\xa6\x8b"}]', [{"a\t": "見"}], (UNESCAPED,)),
        (b'[{"a": "caf\xe9"}, {"a": "\xe8\xa6\x8b"}]', [{"a": "caf\ufffd"}, {"a": "見"}], (UNDECODABLE,)),
        (b'[{"\xff": 1}]', [{"\ufffd": 1}], (UNDECODABLE,)),
        (MARK + b'["\xff\n", 1e999]', ["\ufffd\n", float("inf")], (MARKED, UNDECODABLE, UNESCAPED)),
        (b"[\t1,\n2]", [1, 2], ()),
    ],
)
def test_what_is_not_quite_json_is_read_and_named(content: bytes, value: Any, repairs: tuple[str, ...]) -> None:
    assert answer_of(content) == value
    assert parsed(content).repairs == repairs


TEXTS_FULL_OF_BRACKETS = json.dumps([{"text": '[{,\\"' * 10 + "\\"}] * 400_000, separators=(",", ":")).encode()


@pytest.mark.slow
def test_brackets_and_commas_in_texts_are_no_values() -> None:
    assert len(answer_of(TEXTS_FULL_OF_BRACKETS)) == 400_000


@pytest.mark.parametrize(
    "content",
    [
        b"[" + b"[]," * 600_000 + b"[]]",
        b"[" + b"{}," * 600_000 + b"{}]",
        b'["[\\\\", ' + b"{}," * 600_000 + b"{}]",
        b"[" + b"1," * 5_100_000 + b"1]",
        b"[" * 2000 + b"]" * 2000,
        TEXTS_FULL_OF_BRACKETS[:-1] + b"," + b"{}," * 200_000 + b"{}]",
    ],
)
def test_what_is_beyond_any_answer_is_refused(content: bytes) -> None:
    with pytest.raises(BeyondBounds):
        answer_of(content)
