"""How long a team's word about a component holds."""

from datetime import datetime, timedelta

from catalog.models import Component

CONFIRMED_FOR = timedelta(days=183)
"""Half a year: a team is asked twice a year whether what is said of its components is still right."""


def last_confirmed(component: Component) -> datetime:
    """When its team last said that it is right; registering it counted as saying so."""
    return component.confirmed_at or component.created_at


def is_due(component: Component, *, now: datetime) -> bool:
    """Whether its team should say again that it is right."""
    return component.retired_at is None and last_confirmed(component) <= now - CONFIRMED_FOR
