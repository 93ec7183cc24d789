"""Pictures as inline SVG, drawn so narrow that a phone shows them in readable letters; colours are the page's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 440
# Of a picture outside the page, where it may lie on white or on black.
_COLOURS = """text { fill: #767f88; font: 14.5px system-ui, sans-serif; }
.part0 { fill: #1b9a6c; } .part1 { fill: #3f83d0; } .part2 { fill: #c2a83e; } .part3 { fill: #98a1aa; }
.part4 { fill: #8a6fb8; }"""
_ROW, _GAP = 24, 8
_LEGEND = 28
_LABELS = 140
_VALUES = 80
_LETTER = 8.2
_WIDE_LETTER = 14.5


@dataclass(frozen=True)
class Bar:
    """A bar of one or more parts."""

    label: str
    parts: Sequence[float]
    value: str
    """What stands behind it."""


def bars(rows: Sequence[Bar], names: Sequence[str] = ()) -> str:
    """Horizontal bars, of parts where there are several; `names` are those of the parts."""
    longest = max((sum(row.parts) for row in rows), default=0) or 1
    room = _WIDTH - _LABELS - _VALUES
    drawn = []
    legend, begin = _legend(names)
    for number, row in enumerate(rows):
        top, left = begin + number * (_ROW + _GAP), float(_LABELS)
        drawn.append(_text(_LABELS - 8, top + 17, _shortened(row.label), "end"))
        for place, part in enumerate(row.parts):
            width = room * part / longest
            if width:
                drawn.append(
                    f'<rect class="part{place}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_ROW}">'
                    f"<title>{escape(_told(row, place, names))}</title></rect>"
                )
            left += width
        drawn.append(_text(left + 6, top + 17, row.value, "start"))
    height = begin + len(rows) * (_ROW + _GAP)
    return _svg([*legend, *drawn], height, ", ".join(f"{row.label} {row.value}" for row in rows))


def columns(values: Sequence[tuple[str, float]], caption: str, unit: str = "") -> str:
    """Upright bars, each over its name, with its height on top."""
    highest = max((value for _, value in values), default=0) or 1
    step = (_WIDTH - 10) / max(1, len(values))
    # Names that would run into each other are left out evenly.
    every = -(-len(values) * max((len(name) for name, _ in values), default=1) * 9 // _WIDTH)
    drawn = []
    for number, (name, value) in enumerate(values):
        left, height = 5 + number * step, 130 * value / highest
        if value:
            drawn.append(
                f'<rect class="part0" x="{left + 1.5:.1f}" y="{150 - height:.1f}" width="{max(1, step - 3):.1f}" '
                f'height="{height:.1f}"><title>{escape(f"{name}: {value:.0f}{unit}")}</title></rect>'
            )
        if value and step > 16:
            drawn.append(_text(left + step / 2, 146 - height, f"{value:.0f}{unit}", "middle"))
        if number % max(1, every) == 0:
            drawn.append(_text(left + step / 2, 166, name, "middle"))
    drawn.append(_text(_WIDTH / 2, 188, caption, "middle"))
    return _svg(drawn, 196, f"{caption}: " + ", ".join(f"{name} {value:.0f}{unit}" for name, value in values))


def _svg(drawn: Sequence[str], height: float, told: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(told)}">' + "".join(drawn) + "</svg>"


def _legend(names: Sequence[str]) -> tuple[list[str], int]:
    """The names of parts, in as many lines as they need, and how high that is."""
    drawn: list[str] = []
    left, top = 2.0, 0
    for place, name in enumerate(names):
        width = 32 + len(name) * _LETTER
        if place and left + width > _WIDTH:
            left, top = 2.0, top + _LEGEND
        drawn.append(f'<rect class="part{place}" x="{left:.1f}" y="{top + 4}" width="12" height="12"/>')
        drawn.append(_text(left + 17, top + 15, name, "start"))
        left += width
    return drawn, top + _LEGEND if names else 0


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _told(row: Bar, place: int, names: Sequence[str]) -> str:
    return f"{row.label}, {names[place]}: {row.parts[place]:,.0f}" if names else f"{row.label}: {row.value}"


def _shortened(label: str) -> str:
    room, kept = _LABELS - 12.0, ""
    for letter in label:
        room -= _WIDE_LETTER if ord(letter) > 0x2E80 else _LETTER
        if room < 0:
            return kept[:-1] + "…"
        kept += letter
    return kept


def standalone(picture: str) -> str:
    """Pictures of a page, one below the other, as a file of their own."""
    found = re.findall(r'<svg viewBox="0 0 \d+ ([\d.]+)"(.*?)</svg>', picture, re.DOTALL)
    top, drawn = 0.0, []
    for height, rest in found:
        place = f'<svg y="{top:g}" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
        drawn.append(f"{place}{rest}</svg>")
        top += float(height) + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top:g}" width="{_WIDTH}">'
        f"<style>{_COLOURS}</style>{''.join(drawn)}</svg>\n"
    )
