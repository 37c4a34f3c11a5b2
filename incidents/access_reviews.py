"""Who may write reviews and action items: those who could work on the incident; an item also whoever is to do it."""

from collections.abc import Collection

from catalog.access import Actor, require_scope
from incidents import access, queries
from incidents.models import ActionItem, Incident, Page
from portal.lib.errors import Forbidden


class NotYourReview(Forbidden):
    """Only those who were called, the teams engaged, the owner's team and platform admins may write this."""


def may_review(actor: Actor, incident: Incident, pages: Collection[Page]) -> bool:
    """Whether `actor` may write the review of `incident`, whose pages these are (with notifications prefetched)."""
    if access.may_hand(actor, incident, pages):
        return True
    if actor.token and access.SCOPE not in actor.token.scopes:
        return False
    owner = incident.component.owner_id if incident.component else None  # it may have changed hands since
    return owner is not None and owner in actor.team_ids()


def require_review(actor: Actor, incident: Incident) -> None:
    """Raise NotYourReview (or WrongScope) unless `may_review`."""
    require_scope(actor, access.SCOPE)
    if not may_review(actor, incident, queries.pages_of(incident)):
        raise NotYourReview


def may_change(actor: Actor, item: ActionItem, *, reviewer: bool) -> bool:
    """Whether `actor` may change `item`; `reviewer`: whether they may write its review."""
    if actor.token and access.SCOPE not in actor.token.scopes:
        return False
    if reviewer or (actor.person is not None and item.owner_id == actor.person.pk):
        return True
    owner = item.component.owner_id if item.component else None
    return owner is not None and owner in actor.team_ids()


def require_item(actor: Actor, item: ActionItem) -> None:
    """Raise NotYourReview (or WrongScope) unless `may_change`."""
    require_scope(actor, access.SCOPE)
    if may_change(actor, item, reviewer=False):
        return
    incident = item.review.incident
    if not may_review(actor, incident, queries.pages_of(incident)):
        raise NotYourReview
