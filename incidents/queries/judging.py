"""What severity an alert would get, and by which line of the table."""

from dataclasses import dataclass

from catalog.graph import blast_radius
from catalog.models import Component
from incidents import severity
from incidents.models import SeverityRule


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on `facts`; `line` counts from 1, None where no line fits."""

    facts: severity.Facts
    verdict: severity.Verdict
    line: int | None


def table() -> tuple[severity.Line, ...]:
    """The table in force, the default one where none was made."""
    rows = SeverityRule.objects.all()
    lines = tuple(severity.Line(row.severity, row.rule, row.tier, row.teams_blocked, row.source) for row in rows)
    return lines or severity.DEFAULT


def judged(
    *, rule: str, source: str = "", component: Component | None = None, tier: int | None = None,
    teams_blocked: int | None = None,
) -> Judged:  # fmt: skip
    """An alert as the pager would judge it; a component counts by its tier and what breaks with it."""
    if component is not None:
        tier, teams_blocked = component.tier, len(blast_radius(component.pk).team_ids)
    facts, lines = severity.Facts(rule, source.strip(), tier, teams_blocked), table()
    place = severity.deciding(facts, lines)
    return Judged(facts, severity.decide(facts, lines), None if place is None else place + 1)
