"""What was found: a table in Markdown, and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["as thought", "differs", "contradicted", "not seen"]


@dataclass(frozen=True)
class Finding:
    """One fact.

    Args:
        fact: what the connector rests on.
        grade: how sure it was: V, C or I, as in the manifests.
        shown: what this account shows.
        verdict: `differs` where the connector copes, `contradicted` where a sync suffers.
        means: what that is for a sync; needed with those two.
    """

    fact: str
    grade: str
    shown: str
    verdict: Verdict = "as thought"
    means: str = ""


def table(findings: Sequence[Finding]) -> str:
    """The findings as a table."""
    lines = ["| fact | grade | this account | verdict | what it means |", "|---|---|---|---|---|"]
    lines += [f"| {one.fact} | {one.grade} | {one.shown} | {one.verdict} | {one.means} |" for one in findings]
    return "\n".join(lines)


def exit_code(findings: Sequence[Finding]) -> int:
    """1 where a fact that matters is contradicted."""
    return int(any(one.verdict == "contradicted" for one in findings))
