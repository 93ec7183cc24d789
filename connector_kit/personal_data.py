"""What becomes of applicants' personal data: kept, replaced by a keyed hash, or dropped.

Each field of a schema carries `x-personal-data`, its class; every class but `none` is personal. What a form's field or
a custom field reveals depends on its name, so there the name decides, and a name that is not known counts as personal.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from connector_kit import scalars, times
from connector_kit.settings import PERSONAL_DATA_MODES, Mode, config_error

Schema = Mapping[str, Any]

MARK = "x-personal-data"
CLASSES = frozenset({"none", "identifier", "contact", "special", "free_text", "file_link"})
HASHED_TYPE = ["null", "string"]

# The fields of Talentics' employment form that the vendor's page shows (V). Only a field of class `none` stays readable
# in `hash` and `drop`: the bank's name alone says nothing of who banks there.
FORM_FIELD_CLASSES: Mapping[str, str] = {
    "birthplace": "identifier",
    "religion": "special",
    "identity_address": "contact",
    "current_address": "contact",
    "blood_type": "special",
    "marital_status": "identifier",
    "date_of_married": "identifier",
    "number_of_children": "identifier",
    "npwp_number": "identifier",
    "npwp_address": "contact",
    "license_number": "identifier",
    "reference_name": "identifier",
    "reference_address": "contact",
    "reference_phone": "contact",
    "reference_email": "contact",
    "reference_relation": "identifier",
    "bank_account_number": "special",
    "bank_name": "none",
    "bank_account_name": "identifier",
    "identity_card": "file_link",
    "npwp_card": "file_link",
    "bank_book": "file_link",
    "other_document": "file_link",
}

# RFC 5321: 64 characters before the @, 255 behind it.
_LONGEST_EMAIL = 320
# One character can become 18; longer texts than this are no names, and a hostile one would take gigabytes.
_LONGEST_NORMALISED = 10_000
_NO_DIGITS = re.compile(r"[^0-9]+")
_DATE_SEPARATORS = frozenset("-/")
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
_PHONE_STARTS, _PHONE_DIGITS = ("+", "0"), range(9, 16)
# Numbers of identity cards, tax and social security, which are written with dots, hyphens, blanks or none.
_CARD_NAMES = ("identity_number", "nik", "ktp", "npwp", "bpjs")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")
# Shorter than this, whoever has hashed data may find the key by trying.
SAFE_KEY_LENGTH = 16
_REMEMBERED_HASHES, _LONGEST_REMEMBERED = 2000, 200
# Names of form and custom fields; a server may make them up without end.
_MOST_NAMES = 200
_BLOCK = hashlib.sha256().block_size


def mode_of(config: Mapping[str, Any]) -> Mode:
    """Read the mode from the config. Raises a config error rather than let data through unhashed."""
    mode = config.get("personal_data")
    if mode is None:
        return "keep"
    if mode not in PERSONAL_DATA_MODES:
        raise config_error(f"personal_data: must be one of {', '.join(PERSONAL_DATA_MODES)}.")
    if mode == "hash" and not str(config.get("personal_data_key") or "").strip():
        raise config_error("personal_data_key: required when personal_data is 'hash'. Set it to a long random text.")
    return cast(Mode, mode)


def is_personal(field: Schema) -> bool:
    """Whether a leaf of a schema holds personal data. One without a mark does: it was forgotten, not cleared."""
    return bool(field.get(MARK) != "none")


def is_leaf(field: Schema) -> bool:
    """Whether the field has no fields of its own, so that its mark speaks for all of it."""
    return "properties" not in field and "properties" not in field.get("items", ())


def is_named_value(properties: Mapping[str, Schema]) -> bool:
    """Whether an object is a `{name, value}` pair, such as a form's field, whose name tells what the value reveals."""
    return "name" in properties and "value" in properties and is_personal(properties["value"])


def is_harmless_name(name: object) -> bool:
    """Whether a form's field of this name may be read by everybody. A name that is not known may not."""
    return isinstance(name, str) and FORM_FIELD_CLASSES.get(name) == "none"


def schema_for(schema: Schema, mode: Mode) -> Schema:
    """Describe the records as they are in a mode.

    In `hash` a personal field is text, whatever it was; in `drop` it may be null; in `keep` the schema is as it was.
    Marks and descriptions stay.
    """
    if mode == "keep":
        return schema
    adapted = dict(schema)
    if "properties" in schema:
        adapted["properties"] = {
            name: _leaf_for(field, mode) if is_leaf(field) and is_personal(field) else schema_for(field, mode)
            for name, field in schema["properties"].items()
        }
    if "properties" in schema.get("items", ()):
        adapted["items"] = schema_for(schema["items"], mode)
    return adapted


def _leaf_for(field: Schema, mode: Mode) -> Schema:
    if mode == "hash":
        return {"type": HASHED_TYPE, **{key: field[key] for key in ("description", MARK) if key in field}}
    types = [field["type"]] if isinstance(field["type"], str) else field["type"]
    return {**field, "type": ["null", *(kind for kind in types if kind != "null")]}


class Hasher:
    """HMAC-SHA-256 over the normalised value, as 64 hexadecimal digits.

    The same e-mail address, phone number or date gives the same hash in every stream and sync, however it is spelled;
    nobody without the key can try values out. Safe to share among threads.
    """

    def __init__(self, key: str) -> None:
        secret = key.encode("utf-8", "surrogatepass")
        if len(secret) > _BLOCK:
            secret = hashlib.sha256(secret).digest()
        secret = secret.ljust(_BLOCK, b"\0")
        # RFC 2104, with the key's two blocks digested once: `hmac` would do it anew for each value, at twice the cost.
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in secret))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in secret))
        self._rules: dict[str, Callable[[Any], str | None]] = {}

    def __call__(self, name: str, value: Any) -> str | None:
        """Hash a field's value. Nothing stays nothing: null and empty lists are null, blank text is empty."""
        rule = self._rules.get(name)
        if rule is None:
            rule = self.rule(name)
            if len(self._rules) < _MOST_NAMES:
                self._rules[name] = rule
        return rule(value)

    def rule(self, name: str) -> Callable[[Any], str | None]:
        """The same for one field, which is by far faster where it has many values."""
        normalise = _normaliser(name)
        copy_inner, copy_outer = self._inner.copy, self._outer.copy
        # Employees, schools and the like repeat from record to record; what is first seen later hardly does.
        remembered: dict[str, str] = {}

        def hash_value(value: Any) -> str | None:
            text = value if type(value) is str else _text_of(value)
            if not text:
                return text
            known = remembered.get(text)
            if known is not None:
                return known
            normal = normalise(text)
            if not normal:
                return ""
            inner, outer = copy_inner(), copy_outer()
            inner.update(normal.encode("utf-8", "replace"))
            outer.update(inner.digest())
            result = outer.hexdigest()
            if len(remembered) < _REMEMBERED_HASHES and len(text) <= _LONGEST_REMEMBERED:
                remembered[text] = result
            return result

        return hash_value


def _text_of(value: Any) -> str | None:
    if type(value) is str:
        return value
    if value is None or value in ([], {}):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return scalars.to_text(value)
    except scalars.UnreadableError:
        return None


def normalised(name: str, text: str) -> str:
    """Find the one spelling of a value that is hashed.

    E-mail addresses are compared without case, phone numbers by their national digits, numbers of identity and tax
    cards by their digits and letters, dates in ISO form, all else as text without blanks around it. Full-width letters
    and digits count as plain ones in texts of up to 10,000 characters.
    """
    return _normaliser(name)(text)


def _normaliser(name: str) -> Callable[[str], str]:
    """`normalised` for one field."""
    kind = _kind_of(name)

    def normalise(text: str) -> str:
        if len(text) <= _LONGEST_NORMALISED and not text.isascii():
            text = unicodedata.normalize("NFKC", text)
        if "\0" in text:
            text = text.replace("\0", "")
        text = text.strip()
        if kind == "mail" or _is_email(text):
            return text.casefold()
        if kind == "card":
            return _NEITHER_LETTER_NOR_DIGIT.sub("", text).upper() or text
        if kind == "phone" or (text[:1] in _PHONE_STARTS and _is_phone(text)):
            return _phone_digits(text) or text
        return _iso(text) if text[4:5] in _DATE_SEPARATORS else text

    return normalise


def _is_email(text: str) -> bool:
    """Whether a text looks like an e-mail address. No regular expression: one is slow in long texts of many dots."""
    if len(text) > _LONGEST_EMAIL or text.count("@") != 1 or len(text.split()) != 1:
        return False
    user, _, host = text.partition("@")
    return bool(user) and "." in host[1:-1]


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and len(_NO_DIGITS.sub("", text)) in _PHONE_DIGITS


def _iso(text: str) -> str:
    """A date or time in ISO form; any other text as it is."""
    if text.startswith("0000-00-00"):
        # MySQL's zero date is no date; hashed, it would join everybody who gave none.
        return ""
    if not text[:4].isdigit() or (moment := times.parse(text)) is None:
        return text
    if len(text) <= len("YYYY-MM-DD"):
        return times.format_date(moment)
    return times.format_naive(moment) if moment.tzinfo is None else times.format_aware(moment)


def _kind_of(name: str) -> Literal["mail", "phone", "card", ""]:
    field = name.lower()
    if "mail" in field:
        return "mail"
    if field in _CARD_NAMES or any(word in _CARD_NAMES for word in re.split(r"[\W_]+", field)):
        return "card"
    return "phone" if any(word in field for word in _PHONE_NAMES) else ""


def _phone_digits(text: str) -> str:
    """Digits of the number as dialled inside its country, for Indonesia (+62) and Japan (+81).

    Without a `+`, 62 can only be the country: national numbers start with 0. A bare 81 may also be an Indonesian mobile
    number that lost its 0 (0812...), so it counts as Japan only where a Japanese mobile number follows.
    """
    digits = _NO_DIGITS.sub("", text)
    international = text.startswith("+")
    number = digits
    if digits.startswith("00"):
        number, international = digits[2:], True
    country, rest = number[:2], number[2:]
    if (
        (international and country in ("62", "81"))
        or (country == "62" and len(number) >= 10)
        or (country == "81" and len(number) == 12 and rest[:2] in ("70", "80", "90"))
    ):
        # "+62 (0)812" keeps the 0 that only a caller inside the country dials.
        return "0" + rest.removeprefix("0")
    return digits
