"""What severity an alert would get, and by which line of the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from catalog.graph import blast_radius
from catalog.models import Component
from incidents import severity
from incidents.intake.previewing import Seen, preview
from incidents.models import SeverityRule
from portal.lib.errors import FieldError


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on `facts`; `line` counts from 1, None where no line fits."""

    facts: severity.Facts
    verdict: severity.Verdict
    line: int | None


@dataclass(frozen=True, slots=True)
class JudgedAlert:
    """One alert of a request: how it is read, and what it would get; no verdict where it says that all is well."""

    seen: Seen
    judged: Judged | None


@dataclass(frozen=True, slots=True)
class JudgedSample:
    """What a request would lead to; with `errors` its sender would get a 400 that names them."""

    alerts: Sequence[JudgedAlert] = ()
    count: int = 0
    errors: Sequence[FieldError] = field(default_factory=tuple)


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


def judged_sample(*, kind: str, sample: str | object) -> JudgedSample:
    """A request as a tool sends it, a text or its value, read as an integration of `kind` reads it without settings.

    Nothing is kept and nobody is paged. Raises Invalid for a kind that sends no alerts.
    """
    found = preview(kind=kind, settings={}, sample=sample)
    return JudgedSample(list(_each(kind, found.alerts)), found.count, found.errors)


def _each(kind: str, alerts: Sequence[Seen]) -> Iterator[JudgedAlert]:
    refs = {one.component for one in alerts if one.known and one.rule}
    components = {row.ref: row for row in Component.objects.filter(ref__in=refs)}
    verdicts: dict[tuple[str, str], Judged] = {}
    for one in alerts:
        key = one.rule, one.component if one.known else ""
        if one.rule and key not in verdicts:
            verdicts[key] = judged(rule=one.rule, source=kind, component=components.get(key[1]))
        yield JudgedAlert(one, verdicts.get(key))
