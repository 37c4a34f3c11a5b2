"""Reads of the catalog."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, Max, Q, QuerySet, When
from django.http import HttpRequest

from catalog import registries
from catalog.access import Actor
from catalog.models import ApiToken, AuditEntry, Component, ComponentHealth, Domain, Person, System, Team
from catalog.refs import no_such
from portal.lib.errors import Missing


class NoSuchComponent(Missing):
    """There is no component of that name."""


class NoSuchTeam(Missing):
    """There is no team of that name."""


class NoSuchPerson(Missing):
    """There is no person of that name."""


class NoSuchSystem(Missing):
    """There is no system of that name."""


class NoSuchDomain(Missing):
    """There is no domain of that name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What matched a search by name, best first, retired ones left out."""

    components: tuple[Component, ...]
    teams: tuple[Team, ...]
    people: tuple[Person, ...]


def component_by_ref(ref: str) -> Component:
    """The component named `kind:namespace/name` in any case, retired or not. Raises NoSuchComponent."""
    found = Component.objects.select_related("owner", "system__domain").filter(ref=as_kept(ref)).first()
    if found is None:
        raise NoSuchComponent(no_such(ref))
    return found


def team_by_ref(ref: str) -> Team:
    """The team named `group:namespace/name` in any case, retired or not. Raises NoSuchTeam."""
    found = Team.objects.select_related("parent").filter(ref=as_kept(ref)).first()
    if found is None:
        raise NoSuchTeam(no_such(ref))
    return found


def person_by_ref(ref: str) -> Person:
    """The person named `user:namespace/name` in any case, retired or not. Raises NoSuchPerson."""
    found = Person.objects.filter(ref=as_kept(ref)).first()
    if found is None:
        raise NoSuchPerson(no_such(ref))
    return found


def system_by_ref(ref: str) -> System:
    """The system named `system:namespace/name` in any case, retired or not. Raises NoSuchSystem."""
    found = System.objects.select_related("owner", "domain").filter(ref=as_kept(ref)).first()
    if found is None:
        raise NoSuchSystem(no_such(ref))
    return found


def domain_by_ref(ref: str) -> Domain:
    """The domain named `domain:namespace/name` in any case, retired or not. Raises NoSuchDomain."""
    found = Domain.objects.select_related("owner", "parent").filter(ref=as_kept(ref)).first()
    if found is None:
        raise NoSuchDomain(no_such(ref))
    return found


def owner_of(entity: Component | System | Domain) -> Team | None:
    """The team that owns it now; None without one, or with one that is not (or no longer) there."""
    owner = entity.owner
    return owner if owner and owner.retired_at is None else None


def team_choices(*, gone: bool = False, most: int = 1000) -> list[Team]:
    """Teams to choose from, by what they are called; dissolved ones too where `gone`."""
    rows = Team.objects.all() if gone else Team.objects.filter(retired_at=None)
    return list(rows.order_by("called", "pk").only("ref", "name", "title", "namespace")[:most])


def teams_of(person: Person) -> QuerySet[Team]:
    """The teams a person is in, by name."""
    return Team.objects.filter(memberships__person=person, retired_at=None).order_by("called", "pk")


def components_of(teams: Collection[Team]) -> QuerySet[Component]:
    """What these teams own, by name, without what is retired."""
    return Component.objects.filter(owner__in=teams, retired_at=None).select_related("owner").order_by("called", "pk")


def health_of(component_ids: Iterable[int]) -> Mapping[int, ComponentHealth.State]:
    """The worst that any source says, for those components of which any says something."""
    rows = ComponentHealth.objects.filter(component__in=component_ids).values("component").annotate(worst=Max("state"))
    return {row["component"]: ComponentHealth.State(row["worst"]) for row in rows}


def health_said(component_ids: Iterable[int]) -> Mapping[int, list[ComponentHealth]]:
    """All that any source says, loudest first, for those components of which any says something."""
    said: dict[int, list[ComponentHealth]] = {}
    for row in ComponentHealth.objects.filter(component__in=component_ids).order_by("-state", "source"):
        said.setdefault(row.component_id, []).append(row)
    return said


def on_call_now(
    team_ids: Collection[int], *, now: datetime, request: HttpRequest | None = None
) -> Mapping[int, registries.OnCall]:
    """Who is on call, by team; empty while no app knows. All parts of the page of a `request` ask once."""
    ask = registries.on_call.get("incidents")
    return ask(team_ids, now, request) if ask and team_ids else {}


def changes_of(ref: str) -> QuerySet[AuditEntry]:
    """The change log of one object, newest first."""
    return AuditEntry.objects.filter(object_ref=as_kept(ref))


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """The tokens a person made, of platform admins all; those that work first, then newest first."""
    rows = ApiToken.objects.select_related("created_by").prefetch_related("teams")
    mine = rows if actor.everywhere else rows.filter(created_by=actor.person, created_by__isnull=False)
    return mine.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")


def named(text: str, *, limit: int = 8) -> Found:
    """Components, teams and people whose name or title holds `text`; names that begin with it first."""
    return Found(
        components=_first(Component.objects.filter(retired_at=None), text, limit),
        teams=_first(Team.objects.filter(retired_at=None), text, limit),
        people=_first(Person.objects.filter(retired_at=None), text, limit),
    )


def holding[M: (Component, System, Domain, Team, Person)](rows: QuerySet[M], text: str) -> QuerySet[M]:
    """Those whose name or title (of people: name or address) holds `text`; all for the empty text."""
    fields = ("name", "display_name", "email") if rows.model is Person else ("name", "title")
    holds = Q()
    for field in fields if text.strip() else ():
        holds |= Q(**{f"{field}__icontains": text.strip()})
    return rows.filter(holds)


def _first[M: (Component, Team, Person)](rows: QuerySet[M], text: str, limit: int) -> tuple[M, ...]:
    if not text.strip():
        return ()
    begins_so_first = Case(When(name__istartswith=text.strip(), then=0), default=1)
    return tuple(holding(rows, text).order_by(begins_so_first, "called", "pk")[:limit])


def as_kept(ref: str) -> str:
    """A reference as rows have it; NUL, which none can hold, finds nothing."""
    return ref.lower().replace("\x00", "\ufffd")
