"""What is open already of what somebody is about to declare: asked while they type, so a few questions at most."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from catalog.graph import upstream
from catalog.models import Component
from incidents.models import Incident, Severity

LONGEST_NAME = 4
"""Words of a title that may be a name together."""
MOST_WORDS = 30
MOST_OPEN = 500
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Open:
    """The open incidents of a component, and those of what it depends on; of each the worst first, a few."""

    own: Sequence[Incident]
    upstream: Sequence[Incident]


def open_about(component: Component) -> Open:
    """Two questions; one where nothing is open. Of what it depends on: no symptoms, nothing for information."""
    found = list(_open().select_related("component", "acknowledged_by")[:MOST_OPEN])
    own = [one for one in found if one.component_id == component.pk]
    causes = [one for one in found if one.root_id is None and one.severity < Severity.P5 and one not in own]
    above = upstream(component.pk) if causes else frozenset[int]()
    return Open(own[:SHOWN], [one for one in causes if one.component_id in above][:SHOWN])


def named_in(title: str) -> Component | None:
    """The living component that words of `title` name (“CI runner is slow”), the longest name first; else one with an
    open incident that they call as people do.
    """
    names = list(dict.fromkeys(_names(title)))
    refs = [f"{kind}:default/{name}" for name in names for kind in Component.Kind.values]
    found = {one.name.lower(): one for one in Component.objects.filter(ref__in=refs, retired_at=None)} if refs else {}
    return next((found[name] for name in names if name in found), None) or _called_in(names)


def _called_in(names: Sequence[str]) -> Component | None:
    broken = [one.component for one in _open().select_related("component")[:MOST_OPEN] if names]
    called = {"-".join(one.label.lower().split()): one for one in broken if one is not None}
    return next((called[name] for name in names if name in called), None)


def _open() -> QuerySet[Incident]:
    rows = Incident.objects.filter(component__isnull=False, is_drill=False).exclude(state=Incident.State.RESOLVED)
    return rows.order_by("severity", "opened_at")


def _names(title: str) -> Iterator[str]:
    words = re.findall(r"[a-z0-9][a-z0-9._-]*", title.lower())[:MOST_WORDS]
    words = [word.rstrip("._-") for word in words]
    for length in range(LONGEST_NAME, 0, -1):
        for start in range(len(words) - length + 1):
            name = "-".join(words[start : start + length])
            yield from (name, f"{name}s", name.removesuffix("s"))
