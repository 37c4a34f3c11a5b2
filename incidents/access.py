"""Who may work on an incident: whoever was called, the teams engaged, the owner, platform admins, tokens by scope."""

from collections.abc import Collection

from catalog.access import Actor, require_scope
from catalog.models import Team
from incidents.models import Incident, Page
from portal.lib.errors import Forbidden

SCOPE = "incidents:write"


class NotCalled(Forbidden):
    """Only those who were called, the teams engaged and platform admins may do this; ask one of them."""


def require_hand(actor: Actor, incident: Incident) -> None:
    """Raise NotCalled (or WrongScope) unless `actor` may change `incident`: resolve it, page others, rate it."""
    require_scope(actor, SCOPE)
    if not (actor.everywhere or _engaged(incident) & actor.team_ids() or _was_called(actor, incident.pages.all())):
        raise NotCalled


def require_answer(actor: Actor, page: Page) -> None:
    """Raise NotCalled (or WrongScope) unless `actor` may take `page`: its team, whoever it was sent to, or an admin."""
    require_scope(actor, SCOPE)
    theirs = {page.team_id} - {None}
    if not (actor.everywhere or theirs & actor.team_ids() or _was_called(actor, [page])):
        raise NotCalled


def may_answer(actor: Actor, page: Page) -> bool:
    """Whether `require_answer` lets `actor` pass."""
    try:
        require_answer(actor, page)
    except Forbidden:
        return False
    return True


def may_hand(actor: Actor, incident: Incident) -> bool:
    """Whether `require_hand` lets `actor` pass."""
    try:
        require_hand(actor, incident)
    except Forbidden:
        return False
    return True


def teams_to_page(incident: Incident) -> Collection[Team]:
    """Teams that can still be called in, by name."""
    return Team.objects.filter(retired_at=None).exclude(pk__in=_engaged(incident)).order_by("title", "name")


def _engaged(incident: Incident) -> set[int]:
    teams = {page.team_id for page in incident.pages.all()} | {incident.owner_id}
    return {team for team in teams if team is not None}


def _was_called(actor: Actor, pages: Collection[Page]) -> bool:
    if actor.person is None:
        return False
    return any(
        page.person_id == actor.person.pk or page.notifications.filter(person=actor.person).exists() for page in pages
    )
