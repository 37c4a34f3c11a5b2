"""Who may work on an incident: whoever was called, the teams engaged, the owner, platform admins, tokens by scope."""

from collections.abc import Collection

from catalog.access import Actor, require_scope
from incidents import queries
from incidents.models import Incident, Page
from portal.lib.errors import Forbidden

SCOPE = "incidents:write"


class NotCalled(Forbidden):
    """Only those who were called, the teams engaged and platform admins may do this; ask one of them."""


def require_hand(actor: Actor, incident: Incident) -> None:
    """Raise NotCalled (or WrongScope) unless `actor` may change `incident`: resolve it, page others, rate it."""
    require_scope(actor, SCOPE)
    if not may_hand(actor, incident, queries.pages_of(incident)):
        raise NotCalled


def require_answer(actor: Actor, page: Page) -> None:
    """Raise NotCalled (or WrongScope) unless `actor` may take `page`: its team, whoever it was sent to, or an admin."""
    require_scope(actor, SCOPE)
    if page.pk not in answerable(actor, [page]):
        raise NotCalled


def answerable(actor: Actor, pages: Collection[Page]) -> frozenset[int]:
    """Keys of the pages that `actor` may take; asks for the teams once, and for notifications not prefetched."""
    if actor.everywhere:
        return frozenset(page.pk for page in pages)
    teams = actor.team_ids()
    return frozenset(page.pk for page in pages if page.team_id in teams or _was_called(actor, page))


def may_hand(actor: Actor, incident: Incident, pages: Collection[Page]) -> bool:
    """Whether `actor` may change `incident`, whose pages these are; see `require_hand`."""
    if actor.token and SCOPE not in actor.token.scopes:
        return False
    if actor.everywhere or any(_was_called(actor, page) for page in pages):
        return True
    return bool(_engaged(incident, pages) & actor.team_ids())


def of_reader(
    actor: Actor, incident: Incident, pages: Collection[Page], teams: Collection[int]
) -> tuple[frozenset[int], bool]:
    """`answerable` and `may_hand` for whoever looks at the page of `incident` and is in these teams; asks nothing."""
    if actor.everywhere:
        return frozenset(page.pk for page in pages), may_hand(actor, incident, pages)
    mine = frozenset(page.pk for page in pages if page.team_id in teams or _was_called(actor, page))
    called = any(_was_called(actor, page) for page in pages)
    return mine, called or not _engaged(incident, pages).isdisjoint(teams)


def _engaged(incident: Incident, pages: Collection[Page]) -> set[int]:
    teams = {page.team_id for page in pages} | {incident.owner_id}
    return {team for team in teams if team is not None}


def _was_called(actor: Actor, page: Page) -> bool:
    if actor.person is None:
        return False
    person = actor.person.pk
    return page.person_id == person or any(note.person_id == person for note in page.notifications.all())
