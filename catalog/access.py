"""Who is asking, and what they may write. Everybody signed in reads; owners' teams and platform admins write."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest

from catalog.models import ApiToken, Membership, Person, Team
from portal.lib.errors import Expected, Forbidden


class NotSignedIn(Expected):
    """Sign in, or send an API token."""

    status = 401
    title = "Not signed in"


class OnlyPeople(Forbidden):
    """Only a person can do this, and a token stands for none; sign in to the portal and do it there."""


class WrongScope(Forbidden):
    """The token lacks the scope this needs."""


class NotYourTeam(Forbidden):
    """Only members of the owner team and platform admins may change this."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a token, or the portal itself (`system`). `via` is web, api, link, cli or system.

    `held_to` are the teams for which the portal acts, such as those of a location; None: for all.
    """

    person: Person | None = None
    token: ApiToken | None = None
    system: str = ""
    via: str = "web"
    held_to: frozenset[int] | None = None

    @property
    def ref(self) -> str:
        """`user:default/ada`, `token:ci-registrar` or `system:sweep`; stays readable when the row is gone."""
        if self.person:
            return self.person.ref
        return f"token:{self.token.name}" if self.token else f"system:{self.system}"

    @property
    def name(self) -> str:
        """For people to read."""
        if self.person:
            return self.person.label
        return f"token {self.token.name}" if self.token else "Portico"

    @property
    def everywhere(self) -> bool:
        """Whether no team limits it: the portal itself, platform admins, tokens without teams."""
        if self.system:
            return self.held_to is None
        if self.person:
            return self.person.platform_admin
        return self.token is not None and not self.token.limited

    def team_ids(self) -> frozenset[int]:
        """The teams it may write for; meaningless where `everywhere`."""
        if self.held_to is not None:
            return self.held_to
        if self.token:
            return frozenset(self.token.teams.values_list("pk", flat=True))
        if self.person is None:
            return frozenset()
        mine = Membership.objects.filter(person=self.person, team__isnull=False)
        return frozenset(mine.values_list("team_id", flat=True))


def system(name: str) -> Actor:
    """The portal acting by itself, such as `system("sweep")`."""
    return Actor(system=name, via="system")


def actor_of(request: HttpRequest) -> Actor:
    """Who sent this request. Raises NotSignedIn for nobody; an account met first gets its person."""
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        return Actor(token=token, via="api")
    if not request.user.is_authenticated:
        raise NotSignedIn
    via = "api" if request.path.startswith("/api/") else "web"
    return Actor(person=person_of(request), via=via)


def person_of(request: HttpRequest) -> Person:
    """The signed-in account's person. Raises OnlyPeople for a token, NotSignedIn where the account has none, or who it
    was left.
    """
    if isinstance(getattr(request, "auth", None), ApiToken):
        raise OnlyPeople
    person: Person | None = getattr(request.user, "person", None)  # asked once a request, Django keeps it
    if person is None:
        raise NotSignedIn("This account belongs to nobody yet; ask a platform admin to link it to a person.")
    if person.retired_at is not None:  # their session may outlive them, and not every kind of account can be closed
        raise NotSignedIn("You are registered as somebody who left; ask a platform admin.")
    return person


def require_scope(actor: Actor, scope: str) -> None:
    """Raise WrongScope unless `actor` may do `scope` at all; people may."""
    if actor.token and scope not in actor.token.scopes:
        raise WrongScope(f"This token lacks the scope {scope}.")


def may_write(actor: Actor, teams: Collection[Team | int | None], *, scope: str) -> bool:
    """Whether `actor` may change what belongs to all of `teams`; what is nobody's is open to all with the scope."""
    if actor.token and scope not in actor.token.scopes:
        return False
    wanted = {team.pk if isinstance(team, Team) else team for team in teams} - {None}
    return actor.everywhere or wanted <= actor.team_ids()


TOLD_TEAMS = """
SELECT coalesce(jsonb_agg(jsonb_build_object('pk', t.id, 'label', coalesce(nullif(t.title, ''), t.name),
                                             'leads', m.role = 'lead', 'retired', t.retired_at IS NOT NULL)
                          ORDER BY t.name, t.id), '[]')
  FROM catalog_membership m JOIN catalog_team t ON t.id = m.team_id
"""


@dataclass(frozen=True, slots=True)
class ReaderTeam:
    """A team the reader is in, dissolved ones too."""

    pk: int
    label: str
    leads: bool
    retired: bool


def reader_teams(request: HttpRequest) -> tuple[ReaderTeam, ...]:
    """The teams of whoever looks at a page, by name; asked for once a request, or with the account already."""
    person: Person | None = getattr(request.user, "person", None)
    if person is None:
        return ()
    kept: tuple[ReaderTeam, ...] | None = getattr(request, "reader_teams", None)
    if kept is None:
        told: list[dict[str, Any]] | None = getattr(request.user, "told_teams", None)
        kept = tuple(ReaderTeam(**one) for one in (_teams_of(person) if told is None else told))
        request.reader_teams = kept  # type: ignore[attr-defined]  # as Django keeps `user` there
    return kept


def _teams_of(person: Person) -> list[dict[str, Any]]:
    """As an account loaded by AccountBackend brings them; a host's own may not."""
    with connection.cursor() as cursor:
        cursor.execute(f"{TOLD_TEAMS} WHERE m.person_id = %s", [person.pk])
        row: tuple[str] = cursor.fetchone()
    found: list[dict[str, Any]] = json.loads(row[0])
    return found


def reader_may_write(request: HttpRequest, teams: Iterable[Team | None]) -> bool:
    """`may_write` for whoever looks at a page."""
    person: Person | None = getattr(request.user, "person", None)
    if person is None or person.platform_admin:
        return person is not None
    return {team.pk for team in teams if team} <= {team.pk for team in reader_teams(request)}


def require(actor: Actor, teams: Collection[Team | int | None], *, scope: str) -> None:
    """Raise WrongScope or NotYourTeam unless `may_write`."""
    require_scope(actor, scope)
    if not may_write(actor, teams, scope=scope):
        raise NotYourTeam


def require_owned(actor: Actor, teams: Collection[Team | int | None], *, scope: str) -> None:
    """As `require`, but what belongs to no team is only for those whom no team limits."""
    require(actor, teams, scope=scope)
    if None in teams and not actor.everywhere:
        raise NotYourTeam("Name a team of your own: what belongs to nobody is for platform admins.")


@dataclass(frozen=True, slots=True)
class Rights:
    """What an actor may own, asked once for many entities."""

    everywhere: bool
    teams: frozenset[int]
    person_ref: str

    def require_ownership(self, *owners: "Owner") -> None:
        """Raise NotYourTeam unless it may write what all of `owners` own; nobody's is for those whom no team limits."""
        if self.everywhere:
            return
        named = [owner for owner in owners if owner.known]
        if not named:
            raise NotYourTeam("Nobody owns this: name one of your own teams as its owner, or ask a platform admin.")
        if not all(owner.team_id in self.teams or owner.is_person(self.person_ref) for owner in named):
            raise NotYourTeam


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns something: a team that is there, a person (`user:…`), or, with neither, nobody who could be asked."""

    ref: str = ""
    team_id: int | None = None

    @property
    def known(self) -> bool:
        """Whether somebody could be asked: a team that is there, or a person."""
        return self.team_id is not None or self.ref.startswith("user:")

    def is_person(self, ref: str) -> bool:
        """Whether it is this person."""
        return self.team_id is None and bool(ref) and self.ref == ref


def rights_of(actor: Actor) -> Rights:
    """What `actor` may own now."""
    everywhere = actor.everywhere
    return Rights(
        everywhere=everywhere,
        teams=frozenset() if everywhere else actor.team_ids(),
        person_ref=actor.person.ref if actor.person else "",
    )


def require_admin(actor: Actor) -> None:
    """Raise Forbidden unless a platform admin (or the portal itself) asks; tokens never are."""
    if not ((actor.system and actor.everywhere) or (actor.person and actor.person.platform_admin)):
        raise Forbidden("Only platform admins may do this.")
