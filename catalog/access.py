"""Who is asking, and what they may write. Everybody signed in reads; owners' teams and platform admins write."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest

from catalog.models import ApiToken, Membership, Person, Team
from portal.lib.errors import Expected, Forbidden


class NotSignedIn(Expected):
    """Sign in, or send an API token."""

    status = 401
    title = "Not signed in"


class WrongScope(Forbidden):
    """The token lacks the scope this needs."""


class NotYourTeam(Forbidden):
    """Only members of the owner team and platform admins may change this."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a token, or the portal itself (`system`). `via` is web, api, link, cli or system."""

    person: Person | None = None
    token: ApiToken | None = None
    system: str = ""
    via: str = "web"

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
            return True
        if self.person:
            return self.person.platform_admin
        return self.token is not None and not self.token.limited

    def team_ids(self) -> frozenset[int]:
        """The teams it may write for; meaningless where `everywhere`."""
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
    """The signed-in account's person. Raises NotSignedIn where the account has none."""
    person: Person | None = getattr(request.user, "person", None)  # asked once a request, Django keeps it
    if person is None:
        raise NotSignedIn("This account belongs to nobody yet; ask a platform admin to link it to a person.")
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


def require_admin(actor: Actor) -> None:
    """Raise Forbidden unless a platform admin (or the portal itself) asks; tokens never are."""
    if not (actor.system or (actor.person and actor.person.platform_admin)):
        raise Forbidden("Only platform admins may do this.")
