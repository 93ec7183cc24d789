"""Values that the kit mends in Python, mended by airbyte-cdk's templates where they can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Component = dict[str, Any]

_BACKSLASH = "\\\\"


def mended_fields(stream: str, schema: Mapping[str, Any]) -> list[Component]:
    """Transformations that bring a stream's own fields to what its schema declares."""
    times = [(path, _wall_clock(path)) for path in _zoneless_times(schema, ())]
    found = [_add(times, "{{ value }}")] if times else []
    # A template's result is read as a Python literal: only what is no text may go through one, else "'a'" becomes "a".
    for path, value, condition in _MENDED.get(stream, ()):
        found.append(_add([(path, value)], condition))
    return found


def added_fields(transformation: Mapping[str, Any]) -> list[Component]:
    """What a custom transformation of the real manifest becomes."""
    name = transformation["class_name"].rpartition(".")[2]
    if name == "ParentFields":
        return [_add([((field,), _from_parent(of)) for field, of in transformation["fields"].items()])]
    return _ADDED[name]


def _from_parent(of: str) -> str:
    """A parent's id stands in the partition, its other fields beside it."""
    return f"{{{{ stream_slice.extra_fields.get('{of}', stream_partition.get('{of}')) }}}}"


def _add(fields: list[tuple[tuple[str, ...], str]], condition: str = "") -> Component:
    component: Component = {
        "type": "AddFields",
        "fields": [{"type": "AddedFieldDefinition", "path": list(path), "value": value} for path, value in fields],
    }
    return {**component, "condition": condition} if condition else component


def _zoneless_times(schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in schema.get("properties", {}).items():
        if field.get("airbyte_type") == "timestamp_without_timezone":
            yield (*path, name)
        yield from _zoneless_times(field, (*path, name))


def _wall_clock(path: tuple[str, ...]) -> str:
    """`2021-06-7 00:00:00` with its day mended and a T."""
    record = "record"
    for step in path[:-1]:
        record = f"({record}.get('{step}') or {{}})"
    text = f"({record}.get('{path[-1]}') or '') | string"
    mended = "regex_replace('^([0-9]+-[0-9]+-)([0-9])( |$)', '\\\\g<1>0\\\\2\\\\3')"
    return f"{{{{ {text} | {mended} | replace(' ', 'T') }}}}"


def text_of(value: str) -> str:
    """An expression for the JSON of a value that is no text."""
    escaped = f"map('replace', '{_BACKSLASH}', '{_BACKSLASH * 2}') | map('replace', '\"', '{_BACKSLASH}\"')"
    joined = f"'[\"' ~ ({value} | {escaped} | join('\", \"')) ~ '\"]'"
    # `tojson` marks its text as safe HTML, a mark that a record can't hold; `format` leaves it behind. It writes some
    # letters of a text otherwise than the package, so it is for the rest alone.
    of_object = f"('%s' | format({value} | tojson))"
    of_array = f"({joined} if {value} and {value} | reject('string') | list == [] else {of_object})"
    of_scalar = f"(({value} ~ '') | lower)"
    return f"({of_scalar} if {value} is not iterable else {of_object} if {value} is mapping else {of_array})"


def _text_or(value: str) -> str:
    return f"({value} if {value} is string or {value} is none else {text_of(value)})"


def _each(records: str, name: str, new: str) -> str:
    """A template that gives the list `records`, each `name` of it as `new` says."""
    into = f"new_{name}s"
    return (
        f"{{% set {into} = namespace(all=[]) %}}{{% for {name} in {records} or [] %}}{new}"
        f"{{% set {into}.all = {into}.all + [{name}] %}}{{% endfor %}}"
    )


def _mended_list(records: str, name: str, field: str) -> str:
    value = f"{name}['{field}']"
    return _each(
        records,
        name,
        f"{{% set {name} = dict({name}, {field}={_text_or(value)}) if '{field}' in {name} else {name} %}}",
    )


_CUSTOM_FIELDS = (
    ("customFields",),
    _mended_list("record.get('customFields')", "pair", "value") + "{{ new_pairs.all }}",
    "{{ value }}",
)
_EDUCATIONS = (("educations",), "{{ [record['educations']] }}", "{{ record.get('educations') is mapping }}")
_ITEMS = _mended_list("evaluation.get('items')", "item", "input")
_STAGES = _each(
    "record.get('stages')",
    "stage",
    _each(
        "stage.get('evaluations')",
        "evaluation",
        _ITEMS
        + "{% set evaluation = dict(evaluation, items=new_items.all) if evaluation.get('items') else evaluation %}",
    )
    + "{% set stage = dict(stage, evaluations=new_evaluations.all) if stage.get('evaluations') else stage %}",
)
_DETAILS = (
    "{% set flat = namespace(all=[]) %}{% for part in record.get('details') or [] %}"
    "{% set flat.all = flat.all + (part if part is not mapping else [part]) %}{% endfor %}"
    + _mended_list("flat.all", "pair", "value")
    + "{{ new_pairs.all }}"
)

_MENDED: Mapping[str, tuple[tuple[tuple[str, ...], str, str], ...]] = {
    "candidates": (_EDUCATIONS, _CUSTOM_FIELDS),
    "candidate_details": (
        _EDUCATIONS,
        _CUSTOM_FIELDS,
        (("stages",), _STAGES + "{{ new_stages.all }}", "{{ value }}"),
    ),
    "stage_evaluations": (
        (("items",), _mended_list("record.get('items')", "item", "input") + "{{ new_items.all }}", "{{ value }}"),
    ),
    "requisition_details": ((("details",), _DETAILS, "{{ value }}"),),
}
"""By stream: path, template and condition."""

_POSITION = (
    "{% set found = namespace(at=none) %}{% for item in record['original_record']['items'] %}"
    "{% if found.at is none and item['name'] == record['name'] and item['type'] == record['type'] and "
    "item.get('input') == record.get('input') and item.get('comment') == record.get('comment') %}"
    "{% set found.at = loop.index0 %}{% endif %}{% endfor %}{{ found.at }}"
)
_INPUT = "record.get('input')"
_ADDED: Mapping[str, list[Component]] = {
    "EvaluationInput": [
        _add([(("position",), _POSITION)]),
        _add([(("inputNumber",), f"{{{{ {_INPUT} }}}}")], f"{{{{ {_INPUT} is number and {_INPUT} is not boolean }}}}"),
        _add([(("inputBoolean",), f"{{{{ {_INPUT} }}}}")], f"{{{{ {_INPUT} is boolean }}}}"),
        {
            "type": "AddFields",
            "fields": [
                {
                    "type": "AddedFieldDefinition",
                    "path": ["input"],
                    "value": f"{{{{ {text_of(_INPUT)} }}}}",
                    "value_type": "string",
                }
            ],
            "condition": f"{{{{ {_INPUT} is not none and {_INPUT} is not string }}}}",
        },
        {"type": "RemoveFields", "field_pointers": [["original_record"]]},
    ],
    "CommentAuthor": [_add([(("employeeId",), "{{ (record.get('employeeCreatedBy') or {}).get('id') or 0 }}")])],
}
