"""Cases of trouble, page by page: sources merged, the oldest first."""

import base64
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from catalog.described import FIELD_OF
from catalog.models import Claim, Component, Dependency, Domain, Membership, Person, System, Team
from catalog.models.entity import Origin
from catalog.queries.troubles import SOURCES, TROUBLES, QueueFilter, Source, Trouble, sources

Place = tuple[datetime, int, int]
"""When, which source, which row: unique, and in the order of the queue."""
FIELD_WORDS = {
    "members": "member",
    "memberOf": "member of",
    "subcomponent_of": "part of",
    "responders": "responder",
    "consumes_apis": "consumes",
    "provides_apis": "provides",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to put right: who says what of whom, since when, and whose it is.

    `key` names it in forms (`target:123`); `field` and `named` are the reference in question, where there is one;
    `users` are some that still depend on a retired component, or the sources that dropped it.
    """

    key: str
    trouble: Trouble
    ref: str
    component: Component | None
    entity: Component | System | Domain | Team | Person
    since: datetime
    field: str = ""
    named: str = ""
    users: tuple[str, ...] = ()

    @property
    def owner(self) -> Team | None:
        """The team that may put it right."""
        if isinstance(self.entity, Team):
            return self.entity
        return None if isinstance(self.entity, Person) else self.entity.owner

    @property
    def owned(self) -> bool:
        """Whether it is something that a team owns."""
        return not isinstance(self.entity, Team | Person)

    @property
    def field_words(self) -> str:
        """`field` for people to read."""
        return FIELD_WORDS.get(self.field, self.field.replace("_", " "))

    @property
    def never_confirmed(self) -> bool:
        """Whether `since` is when it was registered, for want of a confirmation."""
        component = self.component
        return self.trouble.key == "unconfirmed" and component is not None and component.confirmed_at is None

    @property
    def from_manifest(self) -> bool:
        """Whether a manifest would say the same again at its next import."""
        return bool(self.named) and self.entity.origin == Origin.MANIFEST


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Cases in order, and the cursors of the pages beside it; empty where there is none."""

    cases: tuple[Case, ...]
    next: str
    previous: str


class BadCursor(ValueError):
    """The cursor was cut or made up."""


def queue(wanted: QueueFilter, *, now: datetime, cursor: str = "", size: int = 50) -> QueuePage:
    """The page at `cursor`, the oldest first. Raises BadCursor."""
    backwards, place = _read(cursor)
    met = sorted(_after(wanted, now, place, size, backwards=backwards), reverse=backwards)
    more, met = len(met) > size, met[:size]
    if backwards:
        met.reverse()
    if not met:
        return QueuePage((), "", "")
    onward = _cursor(met[-1], "+") if more or backwards else ""
    back = _cursor(met[0], "-") if (more if backwards else place) else ""
    return QueuePage(_cases(_rows(met, now)), onward, back)


def cases(keys: Collection[str], *, now: datetime) -> tuple[Case, ...]:
    """The cases of these keys that are still trouble, in the order of the queue's sources."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for key in keys:
        name, _, pk = key.partition(":")
        if pk.isdecimal() and len(pk) < 19:
            wanted[name].append(int(pk))
    return _cases(
        [
            (source, row)
            for source in SOURCES
            if source.key in wanted
            for row in _loaded(source, source.rows(QueueFilter(), now).filter(pk__in=wanted[source.key]))
        ]
    )


def _after(wanted: QueueFilter, now: datetime, place: Place | None, size: int, *, backwards: bool) -> list[Place]:
    """The nearest of each source beyond `place`, in one question."""
    asked, params = [], []
    for source in sources(wanted):
        rank, rows = SOURCES.index(source), source.rows(wanted, now)
        if place is not None:
            rows = rows.filter(_beyond(rank, place, "lt" if backwards else "gt"))
        order = ("-since", "-pk") if backwards else ("since", "pk")
        try:
            inner, given = rows.order_by(*order).values_list("since", "pk")[: size + 1].query.sql_with_params()
        except EmptyResultSet:  # another kind is asked for
            continue
        asked.append(f"SELECT met.since, %s::int, met.pk FROM ({inner}) met(since, pk)")  # noqa: S608  # the ORM's own text
        params += [rank, *given]
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked), params)
        return [(since, rank, pk) for since, rank, pk in cursor.fetchall()]


def _rows(places: Sequence[Place], now: datetime) -> list[tuple[Source, Any]]:
    """The rows at these places, in their order; one that went meanwhile is left out."""
    wanted: dict[int, list[int]] = defaultdict(list)
    for _, rank, pk in places:
        wanted[rank].append(pk)
    found = {
        (rank, row.pk): row
        for rank, pks in wanted.items()
        for row in _loaded(SOURCES[rank], SOURCES[rank].ask(now).filter(pk__in=pks))
    }
    return [(SOURCES[rank], found[rank, pk]) for _, rank, pk in places if (rank, pk) in found]


def _beyond(rank: int, place: Place, way: str) -> Q:
    at, met, pk = place
    later = Q(**{f"since__{way}": at})
    if rank == met:
        return later | Q(**{"since": at, f"pk__{way}": pk})
    further = rank > met if way == "gt" else rank < met
    return Q(**{f"since__{way}e": at}) if further else later


def _loaded(source: Source, rows: Any) -> Iterable[Any]:  # noqa: ANN401  # a queryset of the source's own model
    if rows.model is Membership:
        return rows.select_related("team", "person")  # type: ignore[no-any-return]
    if rows.model is Team:
        return rows  # type: ignore[no-any-return]
    return rows.select_related(f"{source.component}__owner" if source.component else "owner")  # type: ignore[no-any-return]


def _cases(met: Sequence[tuple[Source, Any]]) -> tuple[Case, ...]:
    users = _users([row for source, row in met if source.key == "retired-used"])
    dropped = _dropped([row for source, row in met if source.key == "orphaned"])
    return tuple(_case(source, row, users.get(row.pk, ()) or dropped.get(getattr(row, "ref", ""), ()))
                 for source, row in met)  # fmt: skip


def _case(source: Source, row: Any, users: tuple[str, ...]) -> Case:  # noqa: ANN401
    component = None if source.component is None else getattr(row, source.component) if source.component else row
    entity = component or (getattr(row, source.entity) if source.entity else row)
    return Case(
        key=f"{source.key}:{row.pk}",
        trouble=TROUBLES[source.trouble],
        ref=entity.ref,
        component=component,
        entity=entity,
        since=row.since,
        field=_field(source, row),
        named=getattr(row, source.named) if source.named else "",
        users=users if source.key in ("retired-used", "orphaned") else (),
    )


def _field(source: Source, row: Any) -> str:  # noqa: ANN401
    if isinstance(row, Dependency):
        return "dependency_of" if source.key == "holder" else FIELD_OF[row.relation]
    return source.field


def _users(retired: Collection[Component]) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    edges = Dependency.objects.filter(target__in=retired, holder__isnull=False, holder__retired_at=None)
    for target, holder in (
        edges.order_by("holder_ref").values_list("target_id", "holder_ref").distinct() if retired else ()
    ):
        found[target or 0].append(holder)
    return {pk: tuple(refs) for pk, refs in found.items()}


def _dropped(orphans: Collection[Component]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    claims = Claim.objects.filter(ref__in=[one.ref for one in orphans], orphaned_at__isnull=False)
    for ref, source in claims.order_by("source").values_list("ref", "source") if orphans else ():
        found[ref].append(source)
    return {ref: tuple(names) for ref, names in found.items()}


def _cursor(place: Place, way: str) -> str:
    said = [way, place[0].isoformat(), place[1], place[2]]
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[bool, Place | None]:
    if not cursor:
        return False, None
    try:
        way, at, rank, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not (0 <= int(pk) < 2**63) or type(rank) is not int or type(pk) is not int:
            raise BadCursor
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadCursor from error
    return way == "-", (moment, rank, pk)
