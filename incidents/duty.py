"""Who is on call for the teams of a page: asked once for all its parts, the frame around it included."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest

from catalog.access import reader_teams
from catalog.models import Person, Team
from incidents.models import Schedule
from incidents.queries import oncall
from incidents.queries.oncall import OnCall


@dataclass(slots=True)
class Asked:
    """What the parts of one page asked: by team who is on call (None: it has no schedule), and all schedules read."""

    on_call: dict[int, OnCall | None] = field(default_factory=dict)
    schedules: list[Schedule] = field(default_factory=list)
    whole: bool = False
    """`schedules` are all that are in use."""


def of_teams(team_ids: Collection[int], *, now: datetime, request: HttpRequest | None) -> Mapping[int, OnCall]:
    """Team key to who is on call for it; teams without a schedule are left out."""
    if request is None:
        return oncall.on_call_of_teams(team_ids, now=now)
    on_call = _asked(team_ids, now, request).on_call
    return {pk: one for pk in team_ids if (one := on_call[pk]) is not None}


def schedules_of(team: Team, *, now: datetime, request: HttpRequest) -> list[Schedule]:
    """The team's own schedules, by name, with layers and overrides."""
    return [row for row in _asked([team.pk], now, request).schedules if row.team_id == team.pk]


def people_of(request: HttpRequest) -> dict[str, Person]:
    """Whoever is on call, or next, for the teams that were asked for so far."""
    asked: Asked = vars(request).get("portico_on_call", Asked())
    told = [one for one in asked.on_call.values() if one is not None]
    pairs = [pair for one in told for pair in ((one.ref, one.person), (one.next_ref, one.next_person))]
    return {ref: person for ref, person in pairs if ref and person}


def schedules_named(slugs: Collection[str], *, now: datetime, request: HttpRequest) -> list[Schedule]:
    """The schedules of these slugs, with layers and overrides."""
    return [row for row in _asked((), now, request, slugs).schedules if row.slug in slugs]


def all_schedules(*, now: datetime, request: HttpRequest) -> list[Schedule]:
    """All that are in use, by name, with layers and overrides; what else is asked about them costs no more."""
    asked: Asked = vars(request).setdefault("portico_on_call", Asked())
    if not asked.whole:
        asked.schedules, asked.whole = oncall.schedules_of_teams(None, since=now), True
    return asked.schedules


def _asked(team_ids: Collection[int], now: datetime, request: HttpRequest, slugs: Collection[str] = ()) -> Asked:
    """The first part that asks asks for the reader's own teams too, which the frame will want."""
    asked: Asked = vars(request).setdefault("portico_on_call", Asked())
    if (slugs and not asked.whole) or not asked.on_call.keys() >= set(team_ids):
        missing = {*team_ids, *(team.pk for team in reader_teams(request))} - asked.on_call.keys()
        loaded = asked.schedules if asked.whole else oncall.schedules_of_teams(missing, since=now, slugs=slugs)
        shown = oncall.shown_on_call(missing, loaded, now=now)
        asked.on_call.update({pk: shown.get(pk) for pk in missing})
        known = {row.pk for row in asked.schedules}
        asked.schedules += [row for row in loaded if row.pk not in known]
    return asked
