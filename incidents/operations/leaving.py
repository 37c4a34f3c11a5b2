"""Whoever had a page has left: then nobody has it, and it escalates again."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from incidents import timeline
from incidents.escalation import State, escalated_now
from incidents.models import Incident, Page, TimelineEntry
from incidents.operations.engaging import restart
from incidents.operations.locking import locked_incident
from incidents.operations.response import DECIDING
from incidents.policies import progress_of


def held_by_nobody() -> list[int]:
    """Keys of taken pages whose holder was retired or deleted."""
    return list(_abandoned().order_by("pk").values_list("pk", flat=True)[:100])


@transaction.atomic
def escalate_again(key: int, *, now: datetime) -> bool:
    """From step one, at once; a page that somebody else has taken meanwhile, or that has ended, stays as it is."""
    incident = locked_incident(Page.objects.values_list("incident_id", flat=True).get(pk=key))
    rows = Page.objects.select_for_update(no_key=True, of=("self",)).select_related("acknowledged_by")
    page = rows.filter(pk__in=_abandoned().filter(pk=key).values("pk")).first()
    if page is None:
        return False
    whose = page.acknowledged_by.label if page.acknowledged_by else "Whoever had it"
    restart(page, escalated_now(progress_of(page), now=now), now=now)
    page.acknowledged_at = page.acknowledged_by = None
    page.save(update_fields=["acknowledged_at", "acknowledged_by"])
    if page.role in DECIDING and incident.state == Incident.State.ACKNOWLEDGED:
        incident.state = Incident.State.TRIGGERED
        incident.save(update_fields=["state"])
    words = f"{whose} has left, so nobody has it: escalating again"
    timeline.write(incident.pk, TimelineEntry.Kind.ACK_TIMEOUT, words, at=now, page_id=page.pk)
    return True


def _abandoned() -> QuerySet[Page]:
    gone = Q(acknowledged_by=None) | Q(acknowledged_by__retired_at__isnull=False)
    return Page.objects.filter(gone, state=State.ACKNOWLEDGED).exclude(incident__state=Incident.State.RESOLVED)
