"""The digest for a page and the API: of the last whole week, by the reader's Monday."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Person, Team
from catalog.queries import leads_platform
from incidents.digest.facts import Facts, last_week
from incidents.digest.gathering import gather, gather_all
from incidents.digest.letters import Letter, compose
from incidents.digest.links import off_link
from incidents.digest.sending import MOST_TEAMS
from incidents.oncall.directory import LoadSchedules
from incidents.operations import digests
from portal.lib.zones import zone_of

PLATFORM = "platform"
"""In place of a team: all of it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it: their teams (`teams_of`), and how schedules are read (as for `coverage`)."""

    person: Person
    teams: Sequence[Team]
    load: LoadSchedules


def letter_about(reader: Reader, *, team: Team | None, platform: bool, now: datetime) -> Letter | None:
    """The letter about one team, or the platform, or (neither) as they get it; None for who is in no team."""
    person = reader.person
    wanted: list[Team | None] = [team] if team or platform else [*reader.teams[:MOST_TEAMS]]
    if not team and not platform and leads_platform(person):
        wanted.append(None)
    if not wanted:
        return None
    week = last_week(zone_of(digests.zone_of_person(person)), now=now)
    return compose(person, gather_all(wanted, week, now=now, load=reader.load), off=off_link(person))


def facts_about(team: Team | None, *, zone: str, now: datetime) -> Facts:
    """The last whole week of a team, or of the platform, by the clock of `zone`."""
    return gather(team, last_week(zone_of(zone), now=now), now=now)
