"""One change to many components: each is allowed or refused for itself, and says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.access import Actor
from catalog.models import Component
from catalog.models.entity import Origin
from catalog.operations.components import ComponentGone, patch_component
from catalog.operations.trust import confirm_components
from catalog.operations.written import Outcome
from catalog.refs import no_such
from portal.lib.errors import Expected

Change = Callable[[Component], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one of them; `refused` says why nothing did."""

    ref: str
    label: str
    changed: bool
    refused: str = ""


def change_components(
    *, refs: Sequence[str], change: Change, actor: Actor, now: datetime, origin: Origin = Origin.FORM
) -> list[Result]:
    """Patch each of `refs` by what `change` says of it, each in a transaction of its own, in the order given."""
    found = {row.ref: row for row in Component.objects.filter(ref__in=[ref.lower() for ref in refs])}
    return [
        _one(ref.lower(), found.get(ref.lower()), change, actor=actor, now=now, origin=origin)
        for ref in dict.fromkeys(refs)
    ]


def confirm_each(*, refs: Sequence[str], actor: Actor, now: datetime) -> list[Result]:
    """Record of each of `refs` that what is said of it is right, each in a transaction of its own."""
    labels = {row.ref: row.label for row in Component.objects.filter(ref__in=[ref.lower() for ref in refs])}
    found = []
    for ref in dict.fromkeys(ref.lower() for ref in refs):
        refused = ""
        try:
            confirm_components(refs=[ref], actor=actor, now=now)
        except Expected as error:
            refused = str(error)
        found.append(Result(ref, labels.get(ref, ref), changed=not refused, refused=refused))
    return found


def give_to(owner: str) -> Change:
    """The change that names `owner`; the empty text takes the owner away."""
    return lambda component: {"owner": owner}


def set_tier(tier: int | None) -> Change:
    """The change that says how far it hurts."""
    return lambda component: {"tier": tier}


def add_tag(tag: str) -> Change:
    """The change that adds one tag to those that are there."""
    return lambda component: {"tags": tuple(dict.fromkeys((*component.tags, tag)))}


def _one(ref: str, row: Component | None, change: Change, *, actor: Actor, now: datetime, origin: Origin) -> Result:
    if row is None:
        return Result(ref, ref, changed=False, refused=str(ComponentGone(no_such(ref))))
    try:
        # what it becomes follows from what was read, so it must still be that
        written = patch_component(
            ref=ref, changes=change(row), actor=actor, now=now, origin=origin, expected_version=row.version
        )
    except Expected as error:
        return Result(ref, row.label, changed=False, refused=str(error))
    return Result(ref, row.label, changed=written.outcome is not Outcome.UNCHANGED)
