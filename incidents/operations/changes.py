"""Taking in what changed: many at once, each once by its source's own id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from catalog.models import Component
from incidents.models import Change

AHEAD = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Told:
    """One change as a source tells it. Without `external_id` what it says is its name."""

    component: Component
    kind: str
    title: str
    at: datetime
    source: str
    url: str = ""
    actor: str = ""
    external_id: str = ""

    @property
    def name(self) -> str:
        """Its name among those of its source."""
        if self.external_id:
            return self.external_id
        said = "\x1f".join((self.component.ref, self.kind, self.title, self.at.isoformat(), self.url))
        return f"sha256:{sha256(said.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row of a change; `new` where it was not there before."""

    change: Change
    new: bool


@transaction.atomic
def record_changes(*, told: Sequence[Told], now: datetime) -> list[Recorded]:
    """Keep changes, in the order given. One that its source told before stays as it was first told."""
    names = {(one.source, one.name): one for one in reversed(told)}
    rows = [
        Change(
            component=one.component, component_ref=one.component.ref, kind=one.kind, title=one.title, url=one.url,
            at=min(one.at, now), actor=one.actor, source=source, external_id=name, recorded_at=now,
        )
        for (source, name), one in sorted(names.items())
    ]  # fmt: skip
    before = set(_there(names).keys())
    Change.objects.bulk_create(rows, ignore_conflicts=True)
    there = _there(names)
    fresh = set(names) - before
    answer: list[Recorded] = []
    for one in told:
        key = (one.source, one.name)
        answer.append(Recorded(there[key], key in fresh))
        fresh.discard(key)
    return answer


def _there(names: dict[tuple[str, str], Told]) -> dict[tuple[str, str], Change]:
    found = Change.objects.filter(source__in={source for source, _ in names}, external_id__in={n for _, n in names})
    return {
        (row.source, row.external_id): row
        for row in found.select_related("component")
        if (row.source, row.external_id) in names
    }
