"""Hashes of personal values: people join however they are spelled, others don't, and nobody guesses without the key."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_kit.records.canonical import canonicalizer, plain
from connector_kit.records.hashing import Hasher
from unit_tests.support.hashing import KEY, digest


def hashed(name: str, value: Any, key: str = KEY) -> Any:
    """What becomes of a field's value; and of a pair's with this name, for the same person may be in either."""
    hasher = Hasher(key)
    field, pair = {name: value}, {"name": name, "value": value}
    assert hasher.rule([name])(field) == hasher.named(name)(pair) == 0
    assert pair == {"name": name, "value": field[name]}
    return field[name]


def canonical_form(name: str, text: str) -> str:
    """What is hashed in a value's place."""
    return canonicalizer(name)(plain(text).strip())


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("email", "Budi@Example.com ", "budi@example.com"),
        ("email", "ｂｕｄｉ@example.com", "budi@example.com"),
        ("value", "Budi@Example.com", "budi@example.com"),
        ("phone_number", "+62 812-3456-7890", "0812 3456 7890"),
        ("phone_number", "6281234567890", "081234567890"),
        ("phone_number", "+62 (0)812 3456 7890", "081234567890"),
        ("phone_number", "0062 81234567890", "081234567890"),
        ("phone", "+65 9123 4567", "0065 9123 4567"),
        ("phone", "+81 90-1234-5678", "090-1234-5678"),
        ("phone", "819012345678", "09012345678"),
        ("phone", "０９０－１２３４－５６７８", "09012345678"),
        ("phone", "+81-3-1234-5678", "0312345678"),
        ("電話番号", "090-1234-5678", "09012345678"),
        ("No_HP", "+62 812 3456 7890", "081234567890"),
        ("Nomor telp.", "(0812) 3456-7890", "081234567890"),
        ("value", "+62 812-3456-7890", "0812 3456 7890"),
        ("value", "+81 (0)90 1234 5678", "０９０－１２３４－５６７８"),
        ("nik", "3174 0000 0000 0001", "3174000000000001"),
        ("npwp_number", "01.234.567.8-901.000", "012345678901000"),
        ("identity_number", "a 1234567", "A1234567"),
        ("value", "ＢＵＤＩ＠Ｅxample.com", "budi@example.com"),
        ("dob", "1990-06-7", "1990-06-07"),
        ("dob", "1990/06/07", "1990-06-07"),
        ("birthAt", "1990-06-07 12:00:00", "1990-06-7T12:00:00"),
        ("birthAt", "1990-06-07 00:00:00", "1990-06-07"),
        ("name", " 見本　太郎", "見本 太郎"),
        ("name", "a\0b", "ab"),
        ("crewId", 12.0, "12"),
        ("crewId", 12, " 12 "),
    ],
)
def test_the_same_person_joins_however_it_is_spelled(name: str, one: Any, other: Any) -> None:
    assert hashed(name, one) == hashed(name, other) is not None


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("name", "Budi", "budi"),
        ("phone", "+62 812-3456-7890", "+81 812-3456-7890x1"),
        # An Indonesian mobile number that lost its 0 is no Japanese number.
        ("phone_number", "81234567890", "0234567890"),
        ("phone", "unknown", "none"),
        ("nik", "3174000000000001", "3174000000000002"),
        ("teknik", "a-b", "ab"),
        # Too short for a telephone, too long, and no number at all.
        ("value", "+62 8123", "08123"),
        ("value", "+62 812 3456 7890 1234", "0812345678901234"),
        ("value", "0812 x 3456 7890", "081234567890"),
    ],
)
def test_different_values_stay_different(name: str, one: Any, other: Any) -> None:
    assert hashed(name, one) != hashed(name, other)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ([], None),
        ({}, None),
        (float("nan"), None),
        ("", ""),
        (" \0", ""),
        ("\u3000", ""),
        ("0000-00-00", ""),
    ],
)
def test_nothing_stays_nothing(value: Any, expected: str | None) -> None:
    assert hashed("dob", value) == expected


def test_a_long_text_that_is_nearly_an_address_is_no_address() -> None:
    """A pattern that looks for the last dot of each part never came to its end here."""
    hostile = "A@" + "." * 2_000_000 + "@"
    assert canonical_form("comment", hostile) == hostile
    assert canonical_form("comment", "A@" + "b." * 200 + "c") == "A@" + "b." * 200 + "c"


@pytest.mark.parametrize(
    "text", ["Budi Contoh@example.com", "Budi@example", "@Example.com", "A@.com", "A@b.", "A@b@c.D"]
)
def test_what_is_no_address_keeps_its_case(text: str) -> None:
    assert canonical_form("comment", text) == text


def test_a_long_text_does_not_grow() -> None:
    """One such character becomes eighteen."""
    assert len(canonical_form("comment", "\ufdfa" * 10_000)) > 10_000
    hostile = "\ufdfa" * 10_001
    assert canonical_form("comment", hostile) == hostile


def test_a_number_of_thousands_of_digits_is_nothing() -> None:
    """Python itself refuses to spell it."""
    assert hashed("nik", 10**5000) is None


@given(key=st.text(min_size=1, max_size=200), value=st.text(max_size=300))
def test_the_hash_is_the_standard_hmac(key: str, value: str) -> None:
    normal = canonical_form("name", value)
    expected = hmac.new(key.encode("utf-8", "surrogatepass"), normal.encode("utf-8", "replace"), "sha256").hexdigest()
    assert hashed("name", value, key) == (expected if normal else "")


@given(name=st.sampled_from(["email", "phone", "name"]), value=st.text())
def test_normalising_twice_is_normalising_once(name: str, value: str) -> None:
    once = canonical_form(name, value)
    assert canonical_form(name, once) == once


def test_another_key_gives_another_hash() -> None:
    assert hashed("name", "Budi") != hashed("name", "Budi", KEY + "x")


def test_fields_of_an_object_are_hashed_where_they_are() -> None:
    """As each by itself, though fields that are spelled alike are hashed one after another, and alike values once."""
    values = {
        "name": "3174000000000001",
        "nik": "3174000000000001",
        "phone": "+62 812-3456-7890",
        "identity_number": "3174000000000001",
        "email": "Budi@Example.com",
        "reference_email": "budi@example.com",
        "gender": 1,
        "tags": [],
        "address": "",
        "dob": None,
    }
    target = {"id": 7, **values}
    Hasher(KEY).rule([*values, "absent"])(target)
    assert target == {"id": 7, **{name: hashed(name, value) for name, value in values.items()}}
    assert list(target) == ["id", *values]
    assert target["name"] == target["nik"] == target["identity_number"] == digest("3174000000000001")
    assert target["gender"] == digest("1")


@pytest.mark.parametrize("between", [None, [], "", 5])
def test_a_value_is_spelled_as_its_own_field_wants_it(between: Any) -> None:
    """Here a name and a telephone number are the same text, with another number between them."""
    target = {"name": "62812345678", "phone": between, "mobile": "62812345678"}
    Hasher(KEY).rule(["name", "phone", "mobile"])(target)
    assert (target["name"], target["mobile"]) == (digest("62812345678"), digest("0812345678"))


def test_a_value_is_the_same_whether_it_is_remembered_or_not() -> None:
    """One field's values never come twice, one's come again and again, one changes its habits."""
    people = [
        {"code": f"A{number}", "school": f"S{number % 7}", "city": f"C{number if number < 3_000 else number % 7}"}
        for number in range(7_000)
    ]
    rule = Hasher(KEY).rule(["code", "school", "city"])
    for person in people:
        expected = {name: digest(value) for name, value in person.items()}
        rule(person)
        assert person == expected


def test_true_is_not_one() -> None:
    """Python's dicts hold them for the same."""
    rule = Hasher(KEY).rule(["level"])
    hashed = []
    for value in (1, True, 1.0, "1", "true"):
        target = {"level": value}
        rule(target)
        hashed.append(target["level"])
    assert hashed == [digest("1"), digest("true"), digest("1"), digest("1"), digest("true")]
