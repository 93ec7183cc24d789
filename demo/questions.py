"""What the report asks, and in which SQL: each question with its picture, over the models of `dbt_recruiting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.pictures import Bar, bars, columns

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """A question, how to ask it, and how the answer is drawn."""

    name: str
    title: str
    text: str
    model: str
    """The model that it needs; where that is not built, the question is left out."""
    sql: str
    picture: Callable[[list[Row]], str]


# More would be lines and not columns, and a score of millions would make a page that no browser opens.
_MOST_COLUMNS = 100
_OUTCOMES = ("passed", "in selection", "talent pool", "out", "other")


def _funnel(rows: list[Row]) -> str:
    # A status that Talentio's pages don't name is rare, and the legend is long enough.
    names = _OUTCOMES if any(other for *_, other in rows) else _OUTCOMES[:-1]
    return bars([Bar(str(step), of[: len(names)], f"{total:,}") for step, total, *of in rows], names)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _days(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} days"


def _in_tens(counts: Mapping[int, int]) -> list[tuple[str, float]]:
    """A column each ten from the first to the last, also where nothing is between, unless one value is far off."""
    tens: Sequence[int] = range(min(counts), max(counts) + 1, 10)
    if len(tens) > _MOST_COLUMNS:
        tens = sorted(counts)
    return [(str(start), float(counts.get(start, 0))) for start in tens]


def _distributions(rows: list[Row]) -> str:
    names = list(dict.fromkeys(str(name) for name, *_ in rows))
    drawn = []
    for name in names:
        counts = {int(low): int(count) for of, low, count in rows if of == name}
        drawn.append(columns(_in_tens({0: 0, 90: 0, **counts}), f"{name}: total score, in steps of ten"))
    return "".join(drawn)


QUESTIONS = (
    Question(
        "funnel",
        "Where do candidates drop out?",
        "How many candidates came as far as each step, and what has become of them.",
        "hiring_funnel",
        """\
select step, sum(candidates) as candidates, sum(passed) as passed, sum(in_selection) as in_selection,
    sum(talent_pool) as talent_pool, sum(out_of_selection) as out_of_selection, sum(other) as other
from analytics.hiring_funnel
group by place, step
order by place""",
        _funnel,
    ),
    Question(
        "time_in_stage",
        "How long does a stage take?",
        "Median of the days from a stage's making to its decision, of all stages that were decided.",
        "stage_history",
        """\
select stage_type, median(days_in_stage) as median_days, quantile_cont(days_in_stage, 0.9) as nine_in_ten_within,
    count(days_in_stage) as decided, count(*) - count(left_at) as still_open
from analytics.stage_history
group by stage_place, stage_type
order by stage_place""",
        lambda rows: bars([Bar(str(kind), [median or 0], _days(median)) for kind, median, *_ in rows]),
    ),
    Question(
        "time_to_hire",
        "How long does a hire take?",
        "Hires by the days from application to decision, in steps of ten days; 180 stands for all that took longer.",
        "time_to_hire",
        """\
select cast(least(floor(days_to_decision / 10) * 10, 180) as integer) as from_day, count(*) as hires
from analytics.time_to_hire
where days_to_decision is not null
group by from_day
order by from_day""",
        lambda rows: columns(_in_tens(dict(rows)), "days from application to decision"),
    ),
    Question(
        "sources",
        "Which channel brings hires?",
        "Share of the decided candidates of each channel who passed.",
        "source_effectiveness",
        """\
select channel_label, candidates, decided, passed, pass_rate, median_days_to_decision
from analytics.source_effectiveness
order by pass_rate desc nulls last, channel_label
limit 20""",
        lambda rows: bars([Bar(str(name), [100 * (rate or 0)], _percent(rate)) for name, _, _, _, rate, _ in rows]),
    ),
    Question(
        "interviewers",
        "Who interviews too much?",
        "Evaluations by employee, the busiest first.",
        "interviewer_load",
        """\
select employee_label, sum(finished) as finished, sum(unfinished) as unfinished, sum(evaluations) as evaluations
from analytics.interviewer_load
group by employee_id, employee_label
order by evaluations desc, employee_id
limit 15""",
        lambda rows: bars(
            [Bar(str(name), [done, due], f"{total:,}") for name, done, due, total in rows], ("finished", "not finished")
        ),
    ),
    Question(
        "requisitions",
        "Which job openings stand still?",
        "Candidates in selection by open job opening; the table has the longest wait in an open stage.",
        "requisition_health",
        """\
select requisition_name, in_selection, passed, candidates, longest_wait_in_days, days_since_last_application
from analytics.requisition_health
where is_active
order by longest_wait_in_days desc nulls last, requisition_id
limit 15""",
        lambda rows: bars([Bar(str(name), [count], f"{count:,}") for name, count, *_ in rows]),
    ),
    Question(
        "exams",
        "Who finishes the tests?",
        "Participants of each exam who finished, who began, and who did not begin.",
        "exam_completion",
        """\
select exam_title, finished, started - finished as began, invited - started as not_begun, median_minutes
from analytics.exam_completion
where invited > 0
order by invited desc, exam_id
limit 15""",
        lambda rows: bars(
            [Bar(str(title), counts[:3], f"{sum(counts[:3]):,}") for title, *counts in rows],
            ("finished", "began only", "not begun"),
        ),
    ),
    Question(
        "scores",
        "What do scores look like?",
        "Results of each assessment by total score, in steps of ten.",
        "assessment_results",
        """\
select assessment_name, cast(floor(total_score / 10) * 10 as integer) as from_score, count(*) as results
from analytics.assessment_results
where total_score is not null
group by assessment_slug, assessment_name, from_score
order by assessment_slug, from_score""",
        _distributions,
    ),
    Question(
        "score_and_outcome",
        "Do test scores go with the outcome, and with the interviewers' opinion?",
        "Share of the decided candidates who passed, by the mean of their total scores. The table also has the mean "
        "mark that their interviewers gave, from 1 to 5.",
        "candidate_assessment",
        """\
with scored as (
    select candidate_id, outcome, average_level, avg(total_score) as score
    from analytics.candidate_assessment
    where outcome in ('passed', 'out') and total_score is not null
    group by candidate_id, outcome, average_level
)
select cast(floor(score / 20) * 20 as integer) as from_score, count(*) as candidates,
    count(*) filter (where outcome = 'passed') as passed, avg(average_level) as mean_mark
from scored
group by from_score
order by from_score""",
        lambda rows: columns(
            [(f"{low}–{low + 19}", 100 * passed / count) for low, count, passed, _ in rows],
            "mean total score; height: share who passed",
            unit="%",
        ),
    ),
)
"""In the order of the report."""
