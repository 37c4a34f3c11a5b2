"""What many alerts of one transaction say, written at its end in a few statements: timeline entries, healths, and to
whoever was called that it is over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from catalog.models import Component, ComponentHealth
from catalog.operations import Health, report_healths
from incidents import timeline
from incidents.models import Incident, Severity
from incidents.operations.ending import tell_ended

SOURCE = "incidents"


@dataclass
class Waiting:
    """Components whose health is to be told, and by number how incidents ended."""

    components: set[int] = field(default_factory=set)
    ended: dict[int, str] = field(default_factory=dict)


_waiting: ContextVar[Waiting | None] = ContextVar("what is to be told", default=None)


@contextmanager
def gathering(*, now: datetime) -> Iterator[None]:
    """Within it timeline entries, healths and ends wait until the outermost one ends; after a failure they are
    forgotten.
    """
    mine = Waiting()
    outer = _waiting.get()
    token = _waiting.set(mine)
    try:
        with timeline.gathering():
            yield
    finally:
        _waiting.reset(token)
    if outer is None:
        _tell(mine.components, now)
        if mine.ended:
            tell_ended(mine.ended, now=now)
    else:
        outer.components |= mine.components
        outer.ended |= mine.ended


def tell_catalog(component: Component | None, *, now: datetime) -> None:
    """The component's health as far as incidents know it: the worst open one; without one they have nothing to say.

    One that is for information says nothing either: what it tells of, such as missing data, is no harm by itself.
    """
    if component is None:
        return
    waiting = _waiting.get()
    if waiting is None:
        _tell({component.pk}, now)
    else:
        waiting.components.add(component.pk)


def tell_end(incident: Incident, words: str, *, now: datetime) -> None:
    """That it is over, to whoever was called, told, or follows it; `words` say how it ended."""
    waiting = _waiting.get()
    if waiting is None:
        tell_ended({incident.pk: words}, now=now)
    else:
        waiting.ended[incident.pk] = words


def _tell(components: set[int], now: datetime) -> None:
    if not components:
        return
    worst: dict[int, Incident] = {}
    its = Incident.objects.filter(component__in=components, is_drill=False, severity__lt=Severity.P5)
    for one in its.exclude(state=Incident.State.RESOLVED).order_by("severity", "opened_at"):
        worst.setdefault(one.component_id or 0, one)
    report_healths([_health(pk, worst.get(pk)) for pk in sorted(components)], source=SOURCE, now=now)


def _health(component_id: int, worst: Incident | None) -> Health:
    if worst is None:
        return Health(component_id, None)
    loud = worst.severity <= Severity.P3
    state = ComponentHealth.State.BAD if loud else ComponentHealth.State.AT_RISK
    return Health(component_id, state, f"{worst.get_severity_display()} {worst.label}: {worst.title}")
