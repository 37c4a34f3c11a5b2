"""What an incident leads to a little later: symptoms that outlive their cause, and telling those it concerns."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from incidents import timeline
from incidents.models import Incident, Severity, TimelineEntry
from incidents.operations import causes
from incidents.operations.closing import page_again
from incidents.operations.known import Known
from incidents.operations.locking import lock_alerts, locked_incident
from incidents.operations.opening import begin_paging


def outliving(now: datetime) -> list[int]:
    """Numbers of symptoms that still fire although their cause ended longer than the grace ago; the oldest first."""
    ended = Q(root__state=Incident.State.RESOLVED, root__resolved_at__lte=now - causes.grace())
    left = Incident.objects.filter(ended).exclude(state=Incident.State.RESOLVED)
    return list(left.order_by("root__resolved_at", "pk").values_list("pk", flat=True))


@transaction.atomic
def stand_alone(number: int, *, now: datetime) -> bool:
    """A symptom whose cause has ended becomes an incident of its own and pages; or it is a symptom of something else.

    False where it has ended meanwhile, or its cause has come back.
    """
    lock_alerts()
    symptom = Incident.objects.select_related("root").get(pk=number)
    if symptom.root is None or symptom.root.is_open:
        return False
    other = causes.cause_of(symptom.component, now=now, but=number)
    held = locked_incident(number)
    if not held.is_open:
        return False
    if other is not None:
        causes.become_symptom(held, other, now=now)
        return True
    held.root = None
    held.inform_at = now if held.severity == Severity.P1 else None
    held.save(update_fields=["root", "inform_at"])
    words = f"{symptom.root.label} has ended and this still fires: it is an incident of its own now."
    timeline.write(number, TimelineEntry.Kind.SYMPTOM, words, at=now)
    if held.state == Incident.State.ACKNOWLEDGED:
        return True  # somebody has it
    known = Known(now)
    if held.pages.exists():
        page_again(held, known)
    else:
        begin_paging(held, known)
    return True
