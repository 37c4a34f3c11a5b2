"""Problems of schedules, from the rows: a fixed number of queries for any number of schedules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject

from catalog.models import Person
from incidents.models import Absence, ContactMethod, LayerVersion, Override, Schedule
from incidents.oncall import problems, rotation
from incidents.oncall.problems import Kind, Problem, Span
from incidents.oncall.schedules import in_use_with_layers, rotation_of, with_layers

log = structlog.get_logger(__name__)

FOUR_WEEKS = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class Found:
    """A problem with its rows; `person` is None for a gap, and for a reference nobody is known by."""

    problem: Problem
    schedules: tuple[Schedule, ...]
    person: Person | None

    @property
    def kind(self) -> str:
        """Its kind's value."""
        return self.problem.kind.value

    @property
    def name(self) -> str:
        """What to call the person; empty for a gap."""
        return self.person.label if self.person else self.problem.person.rpartition("/")[2]

    @property
    def words(self) -> str:
        """What is wrong, without when: `Ada is away while on call for Build & CI`."""
        names = " and ".join(row.name for row in self.schedules)
        match self.problem.kind:
            case Kind.GAP:
                return f"Nobody is on call for {names}"
            case Kind.UNREACHABLE:
                return f"{self.name} is on call for {names} and has no confirmed contact method"
            case Kind.AWAY:
                return f"{self.name} is away while on call for {names}"
            case Kind.TWICE:
                return f"{self.name} is on call twice at once, for {names}"

    @property
    def first(self) -> Span:
        """When it is so for the first time."""
        return self.problem.first

    @property
    def endless(self) -> bool:
        """Whether it goes on beyond the four weeks, in one stretch."""
        return self.problem.lasting and not self.more

    @property
    def schedule(self) -> Schedule:
        """The one it is put right on."""
        return self.schedules[-1]

    @property
    def more(self) -> int:
        """How many further times."""
        return len(self.problem.spans) - 1


def problems_of(loaded: Sequence[Schedule] | None = None, *, now: datetime, whole: bool = False) -> list[Found]:
    """Problems of the next four weeks, of `loaded` (with layers and overrides) or of all schedules in use.

    Where `loaded` is not the `whole`, other schedules of the same people are read too, or nobody would be found to be
    on call twice.
    """
    end = now + FOUR_WEEKS
    rows = with_layers(overrides_from=now) if loaded is None else list(loaded)
    if loaded is not None and not whole:
        rows += _beside(loaded, now)
    wanted = None if loaded is None else {row.slug for row in loaded}
    by_slug = {row.slug: row for row in rows}
    rotas = {row.slug: _readable(row) for row in rows}
    people = _people(rotas, now, end)
    reachable = {ref for ref, person in people.items() if person.reachable}
    away = {ref: _spans(person) for ref, person in people.items() if person.absent}
    found = problems.find(rotas, now, end, reachable=reachable, away=away)
    return [
        Found(one, tuple(by_slug[slug] for slug in one.schedules), people.get(one.person))
        for one in found
        if wanted is None or not wanted.isdisjoint(one.schedules)
    ]


def _beside(loaded: Sequence[Schedule], now: datetime) -> list[Schedule]:
    """Other schedules that name anybody of these."""
    refs = {ref for row in loaded for layer in row.layers.all() for ref in layer.people}
    refs |= {one.person.ref for row in loaded for one in row.overrides.all() if one.person}
    if not refs:
        return []
    layers = LayerVersion.objects.filter(people__has_any_keys=list(refs), schedule__retired_at=None)
    overrides = Override.objects.filter(person__ref__in=refs, ends_at__gt=now, withdrawn_at=None)
    named = Q(pk__in=layers.values("schedule")) | Q(pk__in=overrides.values("schedule"))
    return list(in_use_with_layers(overrides_from=now).filter(named).exclude(pk__in=[row.pk for row in loaded]))


def _readable(row: Schedule) -> rotation.Schedule:
    try:
        return rotation_of(row)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        log.exception("schedule can't be read", schedule=row.slug, error=str(error))
        return rotation.Schedule("UTC")  # nobody is on call by it, and that is what is told


def _people(rotas: Mapping[str, rotation.Schedule], start: datetime, end: datetime) -> dict[str, Any]:
    """Everybody who may come up, by reference, with `reachable` and `absent`; who left is nobody. One query."""
    refs = {ref for rota in rotas.values() for layer in rota.layers for ref in layer.people}
    refs |= {one.person for rota in rotas.values() for one in rota.overrides if one.person}
    methods = ContactMethod.objects.filter(person=OuterRef("pk"), confirmed_at__isnull=False, removed_at=None)
    away = Absence.objects.filter(person=OuterRef("pk"), starts_at__lt=end, ends_at__gt=start).order_by("starts_at")
    spans = ArraySubquery(away.values(span=JSONObject(start="starts_at", end="ends_at")))
    found = Person.objects.filter(ref__in=refs, retired_at=None).annotate(reachable=Exists(methods), absent=spans)
    return {person.ref: person for person in found}


def _spans(person: Any) -> list[Span]:  # noqa: ANN401 - with what was annotated
    """When they are away."""
    return [Span(_moment(one["start"]), _moment(one["end"])) for one in person.absent]


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
