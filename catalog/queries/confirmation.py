"""Which components wait for their team to say again that they are right."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce

from catalog.confirmation import CONFIRMED_FOR
from catalog.models import Component, Team


def due_for_confirmation(now: datetime) -> QuerySet[Component]:
    """Components not confirmed for half a year, of teams that are there; longest ago first, with `since` and owner."""
    rows = Component.objects.filter(retired_at=None, owner__isnull=False, owner__retired_at=None)
    since = rows.annotate(since=Coalesce("confirmed_at", "created_at"))
    return since.filter(since__lte=now - CONFIRMED_FOR).select_related("owner").order_by("since", "pk")


def due_of(teams: Collection[Team], *, now: datetime) -> Mapping[int, int]:
    """How many each of these teams has to confirm, by team; those with none are left out."""
    rows = due_for_confirmation(now).filter(owner__in=teams).order_by().values_list("owner_id")
    return dict(rows.annotate(n=Count("pk"))) if teams else {}
