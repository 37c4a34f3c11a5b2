"""What badges and cards say, asked anew each time: a few questions to the database for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog import queries
from catalog.models import Component, Team
from incidents import duty
from incidents import queries as incidents
from incidents.queries.oncall import OnCall
from portal.lib import words
from portal.looks import look_of
from portal.pages.catalog import health_key
from portal.pages.embedding.things import ON_CALL, Thing
from slo import queries as slo
from slo.models import Objective
from slo.queries import FleetRow

PROMISES = 3
Row = Component | Team | Objective | None


@dataclass(frozen=True, slots=True)
class Said:
    """A badge: what it is about, how it is, and its tone (good, warn, bad, none or accent)."""

    label: str
    value: str
    tone: str = "none"


def badge(thing: Thing, what: str, *, now: datetime) -> Said:
    """What the badge `what` of `thing` says; what is retired says so."""
    said = BADGES[what](thing.row, now)
    return Said(said.label, "retired") if thing.retired else said


def card(thing: Thing, what: str, *, now: datetime) -> tuple[str, Mapping[str, object]]:
    """The template of a card and its facts."""
    row = thing.row
    if what == ON_CALL:
        return "embed/on_call.html", {"team": team_of(row), "duty": on_call(team_of(row), now)}
    if isinstance(row, Objective):
        detail = slo.detail(row, now=now)
        return "embed/objective.html", {"objective": row, "row": detail.row, "detail": detail}
    assert isinstance(row, Component)  # noqa: S101  # tells mypy: teams have no other card
    promises, team = slo.of_component(row.pk), team_of(row)
    return "embed/component.html", {
        "component": row,
        "team": team,
        "duty": on_call(team, now),
        "health": health_key(queries.health_said([row.pk]).get(row.pk, [])),
        "incidents": incidents.open_incidents_of(row)[:1],
        "promises": promises[:PROMISES],
        "more": len(promises) - PROMISES,
    }


def team_of(row: Row) -> Team | None:
    """Who answers for it."""
    if isinstance(row, Component):
        return queries.owner_of(row)
    return row if isinstance(row, Team) and row.retired_at is None else None


def on_call(team: Team | None, now: datetime) -> OnCall | None:
    """Who is on call for a team; None where it has no schedule."""
    return duty.of_teams([team.pk], now=now, request=None).get(team.pk) if team else None


def _owner(row: Row, _now: datetime) -> Said:
    team = team_of(row)
    if team is not None:
        return Said("owner", team.label, "accent")
    person = row.owner_ref.partition("/")[2] if isinstance(row, Component) and row.owner_ref.startswith("user:") else ""
    return Said("owner", person, "accent") if person else Said("owner", "nobody", "warn")


def _health(row: Row, _now: datetime) -> Said:
    assert isinstance(row, Component)  # noqa: S101  # tells mypy
    look = look_of(health_key(queries.health_said([row.pk]).get(row.pk, [])))
    return Said("health", _small(look.word), look.tone)


def _on_call(row: Row, now: datetime) -> Said:
    found = on_call(team_of(row), now)
    if found is None:
        return Said("on call", "no schedule")
    return Said("on call", "nobody", "bad") if found.nobody else Said("on call", found.name, "good")


def _worst(row: Row, _now: datetime) -> Said:
    assert isinstance(row, Component)  # noqa: S101  # tells mypy
    rows = slo.of_component(row.pk)
    if not rows:
        return Said("error budget", "no objective")
    alike = [one for one in rows if one.state == rows[0].state]
    return budget_left(min(alike, key=lambda one: 1.0 if one.remaining is None else one.remaining))


def _budget(row: Row, _now: datetime) -> Said:
    assert isinstance(row, Objective)  # noqa: S101  # tells mypy
    return budget_left(slo.row(row))


def budget_left(row: FleetRow) -> Said:
    """What is left of an objective's budget, in words; missing is never a number."""
    look = look_of(row.state)
    if row.remaining is None or look.icon == "eye-off":
        return Said("error budget", _small(look.word) if row.state != "healthy" else words.absent(None))
    left = f"{words.percent(row.remaining)} % left"
    return Said("error budget", f"{left}, burning" if row.state == "burning" else left, look.tone)


def _small(word: str) -> str:
    """As it stands within a sentence; SLO stays SLO."""
    return word[:1].lower() + word[1:]


BADGES: Mapping[str, Callable[[Row, datetime], Said]] = {
    "owner": _owner, "health": _health, "slo": _worst, "budget": _budget, ON_CALL: _on_call,
}  # fmt: skip
