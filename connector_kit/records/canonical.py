"""The one spelling of a personal value that is hashed, so that a person spelled in two ways is still one person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from connector_kit import times

# Takes a text as `plain` and `str.strip` leave it.
Canonicalizer = Callable[[str], str]

# RFC 5321: 64 characters before the @, 255 behind it.
_LONGEST_EMAIL = 320
# One character can become 18; longer texts than this are no names, and a hostile one would take gigabytes.
_LONGEST_NORMALISED = 10_000
_NO_DIGITS = re.compile(r"[^0-9]+")
_DATE_SEPARATORS = frozenset("-/")
_SECONDS_AND_OFFSET = len("YYYY-MM-DDTHH:MM:SS+HH:MM")
_ISO_DATE = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")
# Talentio's custom fields have names of the customer's own, mostly Japanese; a form's are Indonesian or English.
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
# A number as people write it where a form does not ask for it by name; 9 to 15 digits are those of a telephone.
_PHONE = re.compile(r"[+0][0-9 ()+-]{8,24}")
_PHONE_STARTS, _PHONE_DIGITS = frozenset("+0"), range(9, 16)
# Of telephone numbers, dates and times.
_NUMBER_STARTS = frozenset("+0123456789")
# Numbers of identity cards, tax and social security, which are written with dots, hyphens, blanks or none.
_CARD_NAMES = ("identity_number", "nik", "ktp", "npwp", "bpjs")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")


def canonical_form(name: str, text: str) -> str:
    """Find the one spelling of a field's value.

    E-mail addresses are compared without case, phone numbers by their national digits, numbers of identity and tax
    cards by their digits and letters, dates in ISO form, all else as text without blanks around it. Full-width letters
    and digits count as plain ones in texts of up to 10,000 characters.
    """
    return canonicalizer(name)(plain(text).strip())


def canonicalizer(name: str) -> Canonicalizer:
    """What finds the spelling of one field's values, of which there may be many."""
    field = name.lower()
    if "mail" in field:
        return str.casefold
    if field in _CARD_NAMES or any(word in _CARD_NAMES for word in re.split(r"[\W_]+", field)):
        return _card_number
    return _phone_number if any(word in field for word in _PHONE_NAMES) else _any_text


def plain(text: str) -> str:
    """The text with plain letters and digits for full-width ones, and without NUL."""
    if not text.isascii() and len(text) <= _LONGEST_NORMALISED:
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
    """Spell a value whose field does not tell what it is: its shape does."""
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
    """Whether a text looks like an e-mail address. No regular expression: one is slow in long texts of many dots."""
    if len(text) > _LONGEST_EMAIL or text.count("@") != 1 or len(text.split()) != 1:
        return False
    user, _, host = text.partition("@")
    return bool(user) and "." in host[1:-1]


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and len(_NO_DIGITS.sub("", text)) in _PHONE_DIGITS


def _iso(text: str) -> str:
    """A date or time in ISO form; any other text, though it starts like one, as it is."""
    if len(text) == _SECONDS_AND_OFFSET and _is_iso_time(text):
        return text
    if text.startswith("0000-00-00"):
        # MySQL's zero date is no date; hashed, it would join everybody who gave none.
        return ""
    moment = times.parse(text)
    if moment is None:
        return text
    if moment.tzinfo is not None:
        return times.format_aware(moment)
    # A day may come as the midnight with which it begins.
    return times.format_naive(moment).removesuffix("T00:00:00")


def _is_iso_time(text: str) -> bool:
    """Whether a time with an offset is spelled as it would be: no fraction, `Z` for no offset at all."""
    return text[19] in "+-" and not text.endswith("00:00") and times.is_rfc_3339(text)


def _phone_digits(text: str) -> str:
    """Digits of the number as dialled inside its country, for Indonesia (+62) and Japan (+81).

    Without a `+`, 62 can only be the country: national numbers start with 0. A bare 81 may also be an Indonesian mobile
    number that lost its 0 (0812...), so it counts as Japan only where a Japanese mobile number follows.
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
        # "+62 (0)812" keeps the 0 that only a caller inside the country dials.
        return "0" + rest.removeprefix("0")
    return number
