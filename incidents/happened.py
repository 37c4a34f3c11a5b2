"""What the slo app is told of incidents: those of an objective's component, and those that its alerts are in."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from incidents.models import Alert, Incident
from slo.backtest import Happening
from slo.models import Objective


def to_objectives(
    objectives: Sequence[Objective], since: datetime, until: datetime
) -> Mapping[int, Sequence[Happening]]:  # fmt: skip
    """By objective, the incidents that touched `[since, until]`, in three questions. See `slo.happened`."""
    by_alert: dict[int, set[int]] = defaultdict(set)
    theirs = Alert.objects.filter(
        Q(incident__resolved_at=None) | Q(incident__resolved_at__gte=since),
        objective__in=[one.pk for one in objectives],
        incident__opened_at__lte=until,
        incident__is_drill=False,  # nothing was broken
    )
    for number, objective_id in theirs.values_list("incident_id", "objective_id"):
        if number is not None and objective_id is not None:
            by_alert[number].add(objective_id)
    of: dict[int, set[int]] = defaultdict(set)
    for one in objectives:
        of[one.definition.component_id].add(one.pk)
    meanwhile = Q(opened_at__lte=until) & (Q(resolved_at=None) | Q(resolved_at__gte=since))
    mine = Incident.objects.filter(meanwhile, Q(component__in=of) | Q(pk__in=by_alert), is_drill=False)
    incidents = list(mine.order_by("opened_at", "number"))
    causes = _causes([one.pk for one in incidents])
    found: dict[int, list[Happening]] = defaultdict(list)
    for incident_row in incidents:
        concerned = of.get(incident_row.component_id or 0, set()) | by_alert.get(incident_row.pk, set())
        for pk in concerned:
            found[pk].append(happening(incident_row, real=_real(incident_row, causes[incident_row.pk], pk)))
    return found


def happening(incident: Incident, *, real: bool = True) -> Happening:
    """An incident as the slo app is told of it: from its opening to its last end."""
    return Happening(
        label=incident.label,
        start=incident.opened_at,
        end=incident.resolved_at,
        real=real,
        url=incident.get_absolute_url(),
        title=incident.title,
        severity=incident.severity,
    )


def _causes(incidents: Collection[int]) -> dict[int, set[int | None]]:
    """By incident, whose alerts are in it; None stands for all that are no objective's."""
    found: dict[int, set[int | None]] = defaultdict(set)
    for incident, objective in Alert.objects.filter(incident__in=incidents).values_list("incident_id", "objective_id"):
        if incident is not None:
            found[incident].add(objective)
    return found


def _real(incident: Incident, causes: Collection[int | None], objective_id: int) -> bool:
    """Somebody took it or ended it, or something else than this objective's own alerts speaks for it."""
    dealt_with = incident.acknowledged_at is not None or incident.resolved_by_id is not None
    return dealt_with or any(cause != objective_id for cause in causes)
