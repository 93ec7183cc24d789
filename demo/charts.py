"""Two pictures from the DuckDB tables: a hiring funnel (Talentio) and a distribution of scores (Talentics)."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from pathlib import Path

import duckdb
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# The order in which Talentio's pages name the kinds of stages.
_STAGES = ("contact", "resume", "interview", "reference", "final")
_OUTCOMES = {
    "passed": ("#1b7f5c", ("pass",)),
    "in selection": ("#4c8fd6", ("ongoing",)),
    "talent pool": ("#c9b458", ("poolActive", "poolInactive")),
    "out": ("#c4c8cd", ("fail", "reject")),
}
_OTHER = "other"
_OTHER_COLOUR = "#8d6fb0"

_MOST_ASSESSMENTS = 12
_BINS = 20
# Below this many results, narrow bars would show single people and not a shape.
_FEW = 100
_BAR = "#4c8fd6"
_MEDIAN = "#b3392f"


@dataclass(frozen=True)
class FunnelStep:
    """A step of the funnel."""

    label: str
    by_outcome: dict[str, int]
    """How many candidates got this far, by what has become of them."""

    @property
    def total(self) -> int:
        return sum(self.by_outcome.values())


def funnel(connection: duckdb.DuckDBPyConnection, schema: str = "talentio") -> list[FunnelStep]:
    """How far candidates came, from all of them to those who passed the selection.

    Reached a stage has who had one of its kind or of a later kind, or passed: companies leave stages out.
    """
    places = " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(_STAGES, start=1))
    outcomes = " ".join(
        f"WHEN status IN ({', '.join(repr(status) for status in statuses)}) THEN '{outcome}'"
        for outcome, (_, statuses) in _OUTCOMES.items()
    )
    rows = connection.sql(
        f"""
        WITH furthest AS (
            SELECT candidateid, max(CASE type {places} END) AS place FROM "{schema}".candidate_stages GROUP BY ALL
        )
        SELECT CASE {outcomes} ELSE '{_OTHER}' END AS outcome,
            CASE status WHEN 'pass' THEN {len(_STAGES) + 1} ELSE coalesce(place, 0) END AS reached,
            count(*)
        FROM "{schema}".candidates LEFT JOIN furthest ON candidateid = id
        GROUP BY ALL
        """
    ).fetchall()
    return [
        FunnelStep(
            label,
            {
                outcome: sum(count for name, reached, count in rows if name == outcome and reached >= place)
                for outcome in (*_OUTCOMES, _OTHER)
            },
        )
        for place, label in enumerate(("all candidates", *_STAGES, "passed"))
    ]


def scores(connection: duckdb.DuckDBPyConnection, schema: str = "talentics") -> list[tuple[str, list[float]]]:
    """Name and total scores of each assessment, the most used first: two may share a name, so this is no mapping."""
    return connection.sql(
        f"""
        SELECT coalesce(max(assessment_name), assessment_slug), list(total_score::DOUBLE ORDER BY total_score)
        FROM "{schema}".assessment_scores WHERE total_score IS NOT NULL
        GROUP BY assessment_slug ORDER BY count(*) DESC, assessment_slug LIMIT {_MOST_ASSESSMENTS}
        """
    ).fetchall()


def draw_funnel(steps: list[FunnelStep], path: Path) -> None:
    """Writes the picture of a funnel, a PNG."""
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.subplots()
    labels = [step.label for step in steps]
    everyone = steps[0].total
    left = [0] * len(steps)
    for outcome, colour in (*((name, colour) for name, (colour, _) in _OUTCOMES.items()), (_OTHER, _OTHER_COLOUR)):
        counts = [step.by_outcome[outcome] for step in steps]
        if any(counts) or outcome != _OTHER:
            axes.barh(labels, counts, left=left, color=colour, label=outcome)
        left = [sum(pair) for pair in zip(left, counts, strict=True)]
    for row, step in enumerate(steps):
        share = f" ({step.total / everyone:.0%})" if everyone else ""
        axes.text(step.total, row, f"  {step.total:,}{share}", va="center")
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.set_title("Hiring funnel: how far candidates came, and what became of them", loc="left", weight="bold")
    axes.set_xlabel("candidates (Talentio)")
    axes.set_ylabel("reached")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(title="now", loc="lower right", frameon=False)
    _save(figure, path)


def draw_scores(by_assessment: list[tuple[str, list[float]]], path: Path) -> None:
    """Writes the picture of the distributions, a PNG with one histogram an assessment."""
    columns = 2 if len(by_assessment) > 1 else 1
    lines = max(1, math.ceil(len(by_assessment) / columns))
    figure = Figure(figsize=(10, 1.2 + 2.4 * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    spread = [score for _, values in by_assessment for score in values]
    # Scores are mostly of 100; a wider scale shows where an account has one.
    span = (min([0.0, *spread]), max([100.0, *spread]))
    for axes in grid.flat[len(by_assessment) :]:
        axes.set_axis_off()
    if not by_assessment:
        figure.text(0.5, 0.5, "no scores yet", ha="center")
    for axes, (name, values) in zip(grid.flat, by_assessment, strict=False):
        axes.hist(values, bins=_BINS if len(values) > _FEW else _BINS // 2, range=span, color=_BAR, edgecolor="white")
        median = statistics.median(values)
        axes.axvline(median, color=_MEDIAN, linewidth=1.5)
        axes.annotate(
            f"median {median:g}", (median, 1), (4, -3), xycoords=("data", "axes fraction"),
            textcoords="offset points", color=_MEDIAN, va="top", fontsize=9,
        )  # fmt: skip
        axes.set_title(f"{name} ({len(values):,} results)", loc="left", fontsize=10)
        axes.set_xlabel("total score")
        axes.set_ylabel("results")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.margins(y=0.2)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Distribution of total scores by assessment (Talentics)", x=0.01, ha="left", weight="bold")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=120)
