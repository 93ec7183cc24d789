"""The report: one HTML file with pictures, the figures under each and the SQL behind it. It loads and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from demo.pictures import standalone
from demo.questions import QUESTIONS, Question, Row

SCHEMA = "analytics"

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1d2329; --soft: #5b6570; --line: #dde2e7; --code: #f4f6f8;
  --c0: #1b7f5c; --c1: #3f83d0; --c2: #c2a83e; --c3: #b9bfc6; --c4: #8a6fb8; }
@media (prefers-color-scheme: dark) { :root { --back: #14181c; --text: #e6eaee; --soft: #9aa5b1; --line: #2c343c;
  --code: #1c2228; --c0: #3fb68b; --c1: #6aa9ee; --c2: #d8c25e; --c3: #59636e; --c4: #a78fd6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 44rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0.25rem; }
p { margin: 0.25rem 0 0.75rem; } .soft, figcaption { color: var(--soft); }
figure { margin: 0; }
svg { display: block; width: 100%; max-width: 33rem; height: auto; margin-bottom: 0.5rem; }
svg text { fill: var(--text); font: 14.5px system-ui, sans-serif; }
.part0 { fill: var(--c0); } .part1 { fill: var(--c1); } .part2 { fill: var(--c2); } .part3 { fill: var(--c3); }
.part4 { fill: var(--c4); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.75rem 0.2rem 0; border-bottom: 1px solid var(--line); text-align: left;
  white-space: nowrap; }
th.number, td.number { text-align: right; }
details { margin: 0.5rem 0; } summary { cursor: pointer; color: var(--soft); padding: 0.25rem 0; }
pre { background: var(--code); padding: 0.75rem; overflow-x: auto; font-size: 0.85rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.75rem; }
dt { color: var(--soft); font-size: 0.9rem; } dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
"""
# Nothing may be loaded or run, whatever stands in the data.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_KEY_FIGURES = (
    ("candidate", "Candidates", "select count(*) from analytics.candidate"),
    ("time_to_hire", "Hires", "select count(*) from analytics.time_to_hire"),
    ("time_to_hire", "Days to a hire", "select median(days_to_decision) from analytics.time_to_hire"),
    ("exam_completion", "Tests finished", "select sum(finished) from analytics.exam_completion"),
)


@dataclass(frozen=True)
class Answer:
    """What the tables say to a question."""

    question: Question
    headings: tuple[str, ...]
    rows: list[Row]


def answers(connection: duckdb.DuckDBPyConnection) -> list[Answer]:
    """The answers to all questions whose models are there."""
    built = _built(connection)
    found = []
    for question in QUESTIONS:
        if question.model in built:
            asked = connection.execute(question.sql)
            headings = tuple(str(column[0]) for column in asked.description or ())
            found.append(Answer(question, headings, asked.fetchall()))
    return found


def page(connection: duckdb.DuckDBPyConnection, title: str = "Recruiting report") -> str:
    """The whole page."""
    built = _built(connection)
    figures = []
    for model, label, sql in _KEY_FIGURES:
        row = connection.execute(sql).fetchone() if model in built else None
        if row is not None:
            figures.append(f"<div><dt>{escape(label)}</dt><dd>{_shown(row[0])}</dd></div>")
    sections = "".join(map(_section, answers(connection)))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"<dl>{''.join(figures)}</dl>\n{sections}</body>\n</html>\n"
    )


def write_report(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Writes the page into a file."""
    path.write_text(page(connection), encoding="utf-8")


def write_pictures(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Writes the picture of each question as a file of its own, as docs/models.md shows them."""
    for answer in answers(connection):
        path = folder / f"{answer.question.name}.svg"
        path.write_text(standalone(answer.question.picture(answer.rows)), encoding="utf-8")


def _built(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [SCHEMA]).fetchall()
    return {str(name) for (name,) in rows}


def _section(answer: Answer) -> str:
    question = answer.question
    picture = question.picture(answer.rows) if answer.rows else '<p class="soft">No rows yet.</p>'
    return (
        f'<section id="{question.name}">\n<h2>{escape(question.title)}</h2>\n'
        f'<p class="soft">{escape(question.text)}</p>\n<figure>{picture}</figure>\n'
        f'<details open><summary>The figures</summary><div class="wide">{_table(answer)}</div></details>\n'
        f"<details><summary>The same in SQL</summary><pre><code>{escape(question.sql)}</code></pre></details>\n"
        "</section>\n"
    )


def _table(answer: Answer) -> str:
    numeric = [
        all(row[place] is None or isinstance(row[place], (int, float, Decimal)) for row in answer.rows)
        for place in range(len(answer.headings))
    ]

    def line(tag: str, cells: Sequence[str]) -> str:
        marked = (
            f"<{tag}{' class=number' if is_number else ''}>{cell}</{tag}>"
            for cell, is_number in zip(cells, numeric, strict=True)
        )
        return f"<tr>{''.join(marked)}</tr>"

    head = line("th", [escape(name.replace("_", " ")) for name in answer.headings])
    body = "".join(line("td", [_shown(cell) for cell in row]) for row in answer.rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, (float, Decimal)) and value != int(value):
        return f"{value:,.2f}" if -10 < float(value) < 10 else f"{value:,.1f}"
    if isinstance(value, (int, float, Decimal)):
        return f"{int(value):,}"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return escape(str(value))
