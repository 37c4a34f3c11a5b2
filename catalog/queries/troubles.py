"""What is unowned or rotten: kinds of trouble, how many cases each has, and the cases, the oldest first.

A case is one row of one *source* (a question to one table); some kinds of trouble have several. Counts and pages are
taken source by source, so that each uses an index of its own, and pages are merged.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from catalog.confirmation import CONFIRMED_FOR
from catalog.models import Claim, Component, Dependency, Domain, Membership, Responder, System, Team

Rows = QuerySet[Any]
WHOLE = ""
"""In place of a team: all of it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of trouble: what it is called, what it does, what `since` tells of its cases, and which fixes it has."""

    key: str
    title: str
    why: str
    since: str
    fixes: tuple[str, ...]


TROUBLES: Mapping[str, Trouble] = {
    one.key: one
    for one in (
        Trouble("no-owner", "No owner", "Alerts on it go to the catch-all policy.", "registered", ("assign",)),
        Trouble("owner-missing", "Owner not registered", "The team it names is not registered.", "registered",
                ("assign", "meant", "register")),
        Trouble("owner-dissolved", "Owner dissolved", "The team that owned it is no more.", "dissolved", ("assign",)),
        Trouble("owner-person", "Owned by a person", "A person sleeps, leaves and moves on; a team is paged.",
                "registered", ("assign",)),
        Trouble("dangling", "Names what is not there", "It names what is not registered.", "registered",
                ("meant", "register", "remove")),
        Trouble("unconfirmed", "Not confirmed for half a year", "Nobody said lately that it is still right.",
                "confirmed", ("confirm", "retire")),
        Trouble("retired-used", "Retired, but still depended on", "Others say that they can't work without it.",
                "retired", ("revive",)),
        Trouble("orphaned", "Dropped by its source", "The manifest that named it no longer does.", "dropped",
                ("retire", "keep")),
        Trouble("membership", "Member not registered", "The person, or the team, is not registered.", "registered",
                ("meant", "register", "leave")),
        Trouble("no-members", "Team without members", "Nobody of it can be paged, and nobody may change what it owns.",
                "registered", ("join", "retire", "edit")),
        Trouble("no-lead", "Team without a lead", "Nobody speaks for it.", "registered", ("lead", "edit")),
        Trouble("no-contact", "Team without a contact", "It names no chat, no e-mail address and no link.",
                "registered", ("edit",)),
    )
}  # fmt: skip
"""By key, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Within a field any of the values, across fields all; teams are references: owners, or what is named as one."""

    trouble: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it leaves everything in."""
        return self == QueueFilter()


@dataclass(frozen=True, slots=True)
class Source:
    """One question: the rows with `since`; `component` leads from a row to the component that says it ("" is itself).

    `field` is where it says so, in the words of the API, and `named` the column with the reference in question.
    Where no component says it, `entity` leads from a row to who does, whose kind is `kind`.
    """

    key: str
    trouble: str
    ask: Callable[[datetime], Rows]
    component: str | None = ""
    field: str = ""
    named: str = ""
    teams: str = ""
    kind: str = ""
    entity: str = ""
    ages: bool = False
    """Whether the question depends on the time it is asked at."""

    def rows(self, wanted: QueueFilter, now: datetime) -> Rows:
        """What `wanted` leaves of it, not ordered."""
        found = self.ask(now).order_by()
        if wanted.team:
            found = found.filter(**{f"{self.team}__in": wanted.team})
        if wanted.kind:
            if self.component is not None:
                return found.filter(**{f"{self._to('kind')}__in": wanted.kind})
            return found if self.kind in wanted.kind else found.none()
        return found

    @property
    def team(self) -> str:
        """Where a row names its team."""
        return self.teams or self._to("owner_ref")

    def _to(self, field: str) -> str:
        return f"{self.component}__{field}" if self.component else field


def sources(wanted: QueueFilter) -> list[Source]:
    """Those whose trouble is asked about."""
    return [one for one in SOURCES if not wanted.trouble or one.trouble in wanted.trouble]


def counts(wanted: QueueFilter, *, now: datetime) -> Mapping[str, int]:
    """How many cases each kind of trouble has, given team and kind; all kinds, whatever `wanted.trouble`."""
    found = dict.fromkeys(TROUBLES, 0)
    for _, trouble, n in _counted(_counting(wanted, now)):
        found[trouble] += n
    return found


def counts_by_team(refs: Collection[str], *, whole: bool, now: datetime) -> Mapping[str, int]:
    """How many cases each of these teams has, of all kinds together; with `whole` also, under no name, all there are.

    One question, made up once however many teams.
    """
    found = dict.fromkeys(refs, 0) | ({WHOLE: 0} if whole else {})
    asked = [*(_counting_of(refs, now) if refs else ())]
    asked += _counting(QueueFilter(), now) if whole else ()
    for ref, _, n in _counted(asked):
        found[ref] += n
    return found


def _counting_of(refs: Collection[str], now: datetime) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """For each source a question (team, trouble, how many) about teams, with what is to be put in."""
    for source in SOURCES:
        inner, given = _whole(source, source.team, now)
        question = f"SELECT one.named, %s, count(*) FROM ({inner}) one WHERE one.named = ANY(%s) GROUP BY one.named"  # noqa: S608  # the ORM's own text
        yield question, (source.trouble, *given, list(refs))


def _counting(wanted: QueueFilter, now: datetime) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """As `_counting_of`, of what `wanted` leaves, under no team's name."""
    for source in SOURCES:
        try:
            if wanted.team or wanted.kind:
                inner, given = source.rows(wanted, now).values(named=F("pk")).query.sql_with_params()
            else:
                inner, given = _whole(source, "pk", now)
        except EmptyResultSet:  # another kind is asked for
            continue
        yield f"SELECT '{WHOLE}'::text, %s, count(*) FROM ({inner}) one", (source.trouble, *given)  # noqa: S608  # as above


def _whole(source: Source, column: str, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """All of a source as SQL, with what is to be put in."""
    return _put(source, column, now) if source.ages else _kept(source, column)


def _put(source: Source, column: str, now: datetime) -> tuple[str, tuple[Any, ...]]:
    return source.rows(QueueFilter(), now).values(named=F(column)).query.sql_with_params()


@cache
def _kept(source: Source, column: str) -> tuple[str, tuple[Any, ...]]:
    """To put a question takes the ORM as long as PostgreSQL takes to answer it, and most are the same at any time."""
    return _put(source, column, datetime.max)  # noqa: DTZ901  # no source without `ages` looks at it


def _counted(asked: Iterable[tuple[str, tuple[Any, ...]]]) -> list[tuple[str, str, int]]:
    questions, params = zip(*asked, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(questions), [one for given in params for one in given])
        found: list[tuple[str, str, int]] = cursor.fetchall()
    return found


def _living() -> QuerySet[Component]:
    return Component.objects.filter(retired_at=None)


def _of_nobody(**more: Any) -> Rows:  # noqa: ANN401
    return _living().filter(owner=None, **more).annotate(since=F("created_at"))


def _edges(side: str, other: str) -> Rows:
    """Edges of which `other` is not there, said by `side`, which is and lives."""
    said = {f"by_{side}": True, other: None, f"{side}__isnull": False, f"{side}__retired_at": None}
    return Dependency.objects.filter(**said).annotate(since=F(f"{side}__created_at"))


def _unconfirmed(now: datetime) -> Rows:
    return _living().annotate(since=Coalesce("confirmed_at", "created_at")).filter(since__lte=now - CONFIRMED_FOR)


def _retired_used() -> Rows:
    users = Dependency.objects.filter(target=OuterRef("pk"), holder__retired_at=None, holder__isnull=False)
    return Component.objects.filter(Exists(users), retired_at__isnull=False).annotate(since=F("retired_at"))


def _orphaned() -> Rows:
    dropped = Claim.objects.filter(orphaned_at__isnull=False)
    first = dropped.filter(ref=OuterRef("ref")).order_by().values("ref").annotate(at=Min("orphaned_at"))
    return _living().filter(ref__in=dropped.values("ref")).annotate(since=Subquery(first.values("at")))


def _no_system() -> Rows:
    return _living().filter(~Q(system_ref=""), system=None).annotate(since=F("created_at"))


def _no_responder() -> Rows:
    return Responder.objects.filter(team=None, component__retired_at=None).annotate(since=F("component__created_at"))


def _members(side: str, other: str) -> Rows:
    return Membership.objects.filter(**{other: None, f"{side}__isnull": False, f"{side}__retired_at": None}).annotate(
        since=F(f"{side}__created_at")
    )


def _dissolved() -> Rows:
    found = _living().filter(owner__retired_at__isnull=False)
    return found.annotate(since=Greatest("owner__retired_at", "created_at"))


def _owner_missing() -> Rows:
    return _of_nobody().exclude(owner_ref="").exclude(owner_ref__startswith="user:")


def _groups(model: type[System | Domain], **which: Any) -> Rows:  # noqa: ANN401
    return model.objects.filter(retired_at=None, **which).annotate(since=F("created_at"))


def _group_owner_missing(model: type[System | Domain]) -> Rows:
    return _groups(model, owner=None).exclude(owner_ref="").exclude(owner_ref__startswith="user:")


def _group_dissolved(model: type[System | Domain]) -> Rows:
    found = model.objects.filter(retired_at=None, owner__retired_at__isnull=False)
    return found.annotate(since=Greatest("owner__retired_at", "created_at"))


def _within_nothing(model: type[System | Domain | Team], field: str) -> Rows:
    found = model.objects.filter(retired_at=None, **{field: None}).exclude(**{f"{field}_ref": ""})
    return found.annotate(since=F("created_at"))


def _teams(**which: Any) -> Rows:  # noqa: ANN401
    return Team.objects.filter(retired_at=None, **which).annotate(since=F("created_at"))


def _people_of_team() -> QuerySet[Membership]:
    """Who is in the team outside and still there."""
    return Membership.objects.filter(team=OuterRef("pk"), person__isnull=False, person__retired_at=None)


def _no_lead() -> Rows:
    people = _people_of_team()
    return _teams().filter(Exists(people), ~Exists(people.filter(role=Membership.Role.LEAD)))


def _of_groups(model: type[System | Domain], kind: str, within: str) -> tuple[Source, ...]:
    """What may be wrong with systems, or with domains; `within` is the field that names a domain."""
    said: dict[str, Any] = {"component": None, "kind": kind}
    owner: dict[str, Any] = {**said, "field": "owner", "teams": "owner_ref"}
    named: dict[str, Any] = {**owner, "named": "owner_ref"}
    return (
        Source(f"{kind}-no-owner", "no-owner", lambda _: _groups(model, owner=None, owner_ref=""), **owner),
        Source(f"{kind}-owner-missing", "owner-missing", lambda _: _group_owner_missing(model), **named),
        Source(f"{kind}-owner-dissolved", "owner-dissolved", lambda _: _group_dissolved(model), **named),
        Source(f"{kind}-owner-person", "owner-person",
               lambda _: _groups(model, owner=None, owner_ref__startswith="user:"), **named),
        Source(f"{kind}-within", "dangling", lambda _: _within_nothing(model, within), **said, field=within,
               named=f"{within}_ref", teams="owner_ref"),
    )  # fmt: skip


SOURCES: tuple[Source, ...] = (
    Source("no-owner", "no-owner", lambda _: _of_nobody(owner_ref=""), field="owner"),
    Source("owner-missing", "owner-missing", lambda _: _owner_missing(), field="owner", named="owner_ref"),
    Source("owner-dissolved", "owner-dissolved", lambda _: _dissolved(), field="owner", named="owner_ref"),
    Source("owner-person", "owner-person", lambda _: _of_nobody(owner_ref__startswith="user:"), field="owner",
           named="owner_ref"),
    Source("target", "dangling", lambda _: _edges("holder", "target"), "holder", named="target_ref"),
    Source("holder", "dangling", lambda _: _edges("target", "holder"), "target", named="holder_ref"),
    Source("system", "dangling", lambda _: _no_system(), field="system", named="system_ref"),
    Source("responder", "dangling", lambda _: _no_responder(), "component", "responders", "team_ref"),
    Source("unconfirmed", "unconfirmed", _unconfirmed, ages=True),
    Source("retired-used", "retired-used", lambda _: _retired_used()),
    Source("orphaned", "orphaned", lambda _: _orphaned()),
    Source("member", "membership", lambda _: _members("team", "person"), None, "members", "person_ref", "team_ref",
           "group", "team"),
    Source("team", "membership", lambda _: _members("person", "team"), None, "memberOf", "team_ref", "team_ref",
           "user", "person"),
    *_of_groups(System, "system", "domain"),
    *_of_groups(Domain, "domain", "parent"),
    Source("team-parent", "dangling", lambda _: _within_nothing(Team, "parent"), None, "parent", "parent_ref", "ref",
           "group"),
    Source("no-members", "no-members", lambda _: _teams().filter(~Exists(_people_of_team())), None, "members",
           teams="ref", kind="group"),
    Source("no-lead", "no-lead", lambda _: _no_lead(), None, "members", teams="ref", kind="group"),
    Source("no-contact", "no-contact", lambda _: _teams(email="", chat_url="", links=[]), None, "email", teams="ref",
           kind="group"),
)  # fmt: skip
"""In the order that breaks ties of cases equally old."""
