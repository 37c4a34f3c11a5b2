"""Which incidents hold deployments of a component: its own open ones of P1 and P2."""

from collections.abc import Sequence

from incidents.models import Incident, Severity
from slo.gates import Reason

MOST = 10


def of_component(component_id: int) -> Sequence[Reason]:
    """The reasons, the worst first; none for incidents of what it depends on."""
    loud = Incident.objects.filter(component=component_id, severity__lte=Severity.P2, is_drill=False)
    found = loud.exclude(state=Incident.State.RESOLVED)
    return [
        Reason(f"{one.get_severity_display()} {one.label} is open: {one.title}", one.get_absolute_url())
        for one in found.order_by("severity", "opened_at")[:MOST]
    ]
