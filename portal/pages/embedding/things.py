"""What can be shown elsewhere, by reference: whose it is, and which badges, cards and feeds there are of it."""

from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse

from catalog import queries, sharing
from catalog.access import Owner
from catalog.models import ApiToken, Component, Team
from portal.lib import conf
from portal.lib.errors import Missing
from slo import queries as slo_queries
from slo.models import Objective

COMPONENTS = tuple(Component.Kind.values)


class NoSuchThing(Missing):
    """There is nothing of that reference that could be shown elsewhere."""


@dataclass(frozen=True, slots=True)
class Show:
    """One way to show a thing: `kind` is badge, card or feed, `what` is its name in the address."""

    kind: str
    what: str
    title: str

    @property
    def signed(self) -> str:
        """What its key is signed over, beside the thing."""
        return self.kind if self.kind == sharing.FEED else f"{self.kind}:{self.what}"


@dataclass(frozen=True, slots=True)
class Thing:
    """`row` is None for the status page. `scope` is what a token needs to share it."""

    ref: str
    title: str
    url: str
    row: Component | Team | Objective | None
    owner: Owner
    scope: str
    shows: tuple[Show, ...]
    retired: bool = False

    def show(self, kind: str, what: str) -> Show:
        """Raises NoSuchThing."""
        for one in self.shows:
            if (one.kind, one.what) == (kind, what):
                return one
        raise NoSuchThing

    def address(self, show: Show, key: str = "") -> str:
        """The whole address, with its key where there is one."""
        if show.kind == sharing.FEED:
            path = reverse("incidents:status-feed")
        else:
            path = reverse(show.kind, args=[self.ref, show.what])
        return conf.base_url() + path + (f"?key={quote(key)}" if key else "")


ON_CALL = "on-call"
OF_COMPONENT = (
    Show("badge", "owner", "Owner"),
    Show("badge", "health", "Health"),
    Show("badge", "slo", "Error budget"),
    Show("badge", ON_CALL, "On call now"),
    Show("card", "overview", "Owner, health, promises"),
    Show("card", ON_CALL, "On call now"),
)
OF_TEAM = (Show("badge", ON_CALL, "On call now"), Show("card", ON_CALL, "On call now"))
OF_OBJECTIVE = (Show("badge", "budget", "Error budget"), Show("card", "overview", "Promise and budget"))
OF_STATUS = (Show(sharing.FEED, sharing.FEED, "What is broken, and what is being done (Atom)"),)


def find(ref: str) -> Thing:
    """`component:…`, `resource:…`, `api:…`, `group:…`, `slo:NAME` or `status:all`. Raises Missing."""
    kind, _, name = ref.lower().partition(":")
    if kind in COMPONENTS:
        return _component(queries.component_by_ref(ref))
    if kind == "group":
        return _team(queries.team_by_ref(ref))
    if kind == "slo":
        return _objective(slo_queries.by_name(name))
    if ref.lower() == sharing.STATUS:
        url = reverse("incidents:status")
        return Thing(sharing.STATUS, "Platform status", url, None, Owner(), ApiToken.Scope.INCIDENTS, OF_STATUS)
    raise NoSuchThing


def _component(row: Component) -> Thing:
    owner, retired = Owner(row.owner_ref, row.owner_id), row.retired_at is not None
    return Thing(
        row.ref, row.label, row.get_absolute_url(), row, owner, ApiToken.Scope.COMPONENTS, OF_COMPONENT, retired
    )


def _team(row: Team) -> Thing:
    owner, retired = Owner(row.ref, row.pk), row.retired_at is not None
    return Thing(row.ref, row.label, row.get_absolute_url(), row, owner, ApiToken.Scope.COMPONENTS, OF_TEAM, retired)


def _objective(row: Objective) -> Thing:
    of, retired = row.definition.component, row.retired_at is not None
    owner, grouped = Owner(of.owner_ref, of.owner_id), row.parent_id is None and bool(row.definition.group_by)
    shows = () if grouped else OF_OBJECTIVE  # counts nothing itself
    title = f"{row.label}, {of.label}"
    return Thing(f"slo:{row.name}", title, row.get_absolute_url(), row, owner, ApiToken.Scope.SLOS, shows, retired)
