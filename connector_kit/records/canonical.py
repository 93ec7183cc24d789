"""Brings personal values to a canonical form before they are hashed, so that two spellings get the same hash.

- email, `Ana@Example.com`: `ana@example.com`
- phone, `+62 812-3456-7890`: `081234567890`
- nik, `3174.0101 0190-0001`: `3174010101900001`
- birth date, `1990/1/31`: `1990-01-31`
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from connector_kit import times

# Takes a text to which `plain` and `str.strip` were applied.
Canonicalizer = Callable[[str], str]

# RFC 5321: 64 characters before the @, 255 after it.
_LONGEST_EMAIL = 320
# NFKC can turn one character into 18, so a long hostile text would take gigabytes. No name is longer than this.
_LONGEST_NORMALIZED = 10_000
_NO_DIGITS = re.compile(r"[^0-9]+")
_DATE_SEPARATORS = frozenset("-/")
_SECONDS_AND_OFFSET = len("YYYY-MM-DDTHH:MM:SS+HH:MM")
_ISO_DATE = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")
# Customers name Talentio's custom fields themselves, mostly in Japanese; a form's fields are Indonesian or English.
_PHONE_NAMES = (
    "phone",
    "mobile",
    "whatsapp",
    "telepon",
    "telp",
    "ponsel",
    "no_hp",
    "nomor hp",
    "電話",
    "携帯",
    "tel番号",
)
# A phone number in a field whose name does not say so. It has 9 to 15 digits.
_PHONE = re.compile(r"[+0][0-9 ()+-]{8,24}")
_PHONE_STARTS, _PHONE_DIGITS = frozenset("+0"), range(9, 16)
# Characters that a phone number, date or time can start with.
_NUMBER_STARTS = frozenset("+0123456789")
# Numbers of identity cards, tax and social security, which people write with dots, hyphens, blanks or none.
_CARD_NAMES = ("identity_number", "nik", "ktp", "npwp", "bpjs")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")


def canonicalizer(name: str) -> Canonicalizer:
    """Return the function that makes the canonical form of values of the field `name`.

    E-mail addresses lose their case, phone numbers are reduced to their national digits, numbers of identity and tax
    cards to digits and capitals, dates and times are written in ISO form. The name decides what is a phone or card
    number.
    """
    field = name.lower()
    if "mail" in field:
        return str.casefold
    if field in _CARD_NAMES or any(word in _CARD_NAMES for word in re.split(r"[\W_]+", field)):
        return _card_number
    return _phone_number if any(word in field for word in _PHONE_NAMES) else _any_text


def plain(text: str) -> str:
    """Return the text without NUL, and with plain letters and digits for full-width ones if it is not too long."""
    if not text.isascii() and len(text) <= _LONGEST_NORMALIZED:
        text = unicodedata.normalize("NFKC", text)
    return text.replace("\0", "")


def _card_number(text: str) -> str:
    if text.isdigit() and text.isascii():
        return text
    if "@" in text and _is_email(text):
        return text.casefold()
    return _NEITHER_LETTER_NOR_DIGIT.sub("", text).upper() or text


def _phone_number(text: str) -> str:
    if text.isdigit() and text.isascii() and text[0] == "0" and not text.startswith("00"):
        return text
    if "@" in text and _is_email(text):
        return text.casefold()
    return _phone_digits(text) or text


def _any_text(text: str) -> str:
    """Recognize a value by its shape, since its field's name says nothing."""
    if "@" in text and _is_email(text):
        return text.casefold()
    if text[:1] not in _NUMBER_STARTS:
        return text
    if text[0] in _PHONE_STARTS and _is_phone(text):
        return _phone_digits(text) or text
    if text[4:5] not in _DATE_SEPARATORS or _ISO_DATE.fullmatch(text):
        return text
    return _iso(text)


def _is_email(text: str) -> bool:
    """Whether a text looks like an e-mail address. A regular expression would be slow on long texts with many dots."""
    if len(text) > _LONGEST_EMAIL or text.count("@") != 1 or len(text.split()) != 1:
        return False
    user, _, host = text.partition("@")
    return bool(user) and "." in host[1:-1]


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and len(_NO_DIGITS.sub("", text)) in _PHONE_DIGITS


def _iso(text: str) -> str:
    """Return a date or time in ISO form; any other text, even if it starts like one, unchanged."""
    if len(text) == _SECONDS_AND_OFFSET and _is_iso_time(text):
        return text
    if text.startswith("0000-00-00"):
        # MySQL's zero date means "none". Its hash would join everybody who gave no date.
        return ""
    moment = times.parse(text)
    if moment is None:
        return text
    if moment.tzinfo is not None:
        return times.format_aware(moment)
    # A date may come as its midnight.
    return times.format_naive(moment).removesuffix("T00:00:00")


def _is_iso_time(text: str) -> bool:
    """Whether a time with an offset is already canonical: no fraction, `Z` instead of `+00:00`."""
    return text[19] in "+-" and not text.endswith("00:00") and times.is_rfc_3339(text)


def _phone_digits(text: str) -> str:
    """Return the digits as dialled inside the country, for Indonesia (+62) and Japan (+81).

    Without a `+`, 62 can only be the country, as national numbers start with 0. A bare 81 may also be an Indonesian
    mobile number that lost its 0 (0812...), so it counts as Japan only where a Japanese mobile number follows.
    """
    digits = _NO_DIGITS.sub("", text)
    international = text.startswith("+")
    number = digits
    if digits.startswith("00"):
        number, international = digits.lstrip("0"), True
    country, rest = number[:2], number[2:]
    if (
        (international and country in ("62", "81"))
        or (country == "62" and len(number) >= 10)
        or (country == "81" and len(number) == 12 and rest[:2] in ("70", "80", "90"))
    ):
        # "+62 (0)812" has the 0 that is dialled inside the country only.
        return "0" + rest.removeprefix("0")
    return number
