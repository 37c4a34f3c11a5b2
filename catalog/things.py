"""Things by reference, whatever their kind, and where their pages are."""

from collections.abc import Mapping

from django.urls import NoReverseMatch

from catalog.models import Component, Domain, Person, System, Team
from catalog.refs import no_such
from portal.lib.errors import Missing

Thing = Component | Team | Person | System | Domain
KINDS: Mapping[str, type[Thing]] = {
    "component": Component, "resource": Component, "api": Component, "group": Team, "user": Person, "system": System,
    "domain": Domain,
}  # fmt: skip
"""Kinds of references that name something with a page, and their tables."""


class NoSuchThing(Missing):
    """There is nothing of that name."""


def thing_by_ref(ref: str) -> Thing:
    """Whatever `kind:namespace/name` names, in any case, retired or not. Raises NoSuchThing."""
    model = KINDS.get(ref.partition(":")[0].lower())
    found = model._default_manager.filter(ref=ref.lower()).first() if model else None
    if found is None:
        raise NoSuchThing(no_such(ref))
    return found


def address_of(thing: Thing) -> str:
    """Its page; the empty text where a host project has none for its kind."""
    try:
        return thing.get_absolute_url()
    except NoReverseMatch:
        return ""
