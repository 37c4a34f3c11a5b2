"""What many alerts of one transaction say, written at its end in a few statements: timeline entries and healths."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from catalog.models import Component, ComponentHealth
from catalog.operations import Health, report_healths
from incidents import timeline
from incidents.models import Incident, Severity

SOURCE = "incidents"
_components: ContextVar[set[int] | None] = ContextVar("components whose health is to be told", default=None)


@contextmanager
def gathering(*, now: datetime) -> Iterator[None]:
    """Within it timeline entries and healths wait until the outermost one ends; after a failure they are forgotten."""
    components: set[int] = set()
    outer = _components.get()
    token = _components.set(components)
    try:
        with timeline.gathering():
            yield
    finally:
        _components.reset(token)
    if outer is None:
        _tell(components, now)
    else:
        outer |= components


def tell_catalog(component: Component | None, *, now: datetime) -> None:
    """The component's health as far as incidents know it: the worst open one; without one we have nothing to say."""
    if component is None:
        return
    waiting = _components.get()
    if waiting is None:
        _tell({component.pk}, now)
    else:
        waiting.add(component.pk)


def _tell(components: set[int], now: datetime) -> None:
    if not components:
        return
    worst: dict[int, Incident] = {}
    its = Incident.objects.filter(component__in=components, is_drill=False).exclude(state=Incident.State.RESOLVED)
    for one in its.order_by("severity", "opened_at"):
        worst.setdefault(one.component_id or 0, one)
    report_healths([_health(pk, worst.get(pk)) for pk in sorted(components)], source=SOURCE, now=now)


def _health(component_id: int, worst: Incident | None) -> Health:
    if worst is None:
        return Health(component_id, None)
    loud = worst.severity <= Severity.P3
    state = ComponentHealth.State.BAD if loud else ComponentHealth.State.AT_RISK
    return Health(component_id, state, f"{worst.get_severity_display()} {worst.label}: {worst.title}")
