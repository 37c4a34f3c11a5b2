"""What the deliveries of one batch share, and what each says: read once, and asked for together.

The caller holds the alerts (`operations.locking.lock_alerts`) from before a batch is made until it is committed.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from incidents.firing import Firing
from incidents.intake import own
from incidents.intake.accepting import alert_key, config_of, sender_key
from incidents.intake.finding import Components, candidates, firing_of
from incidents.intake.own import OwnAlert
from incidents.intake.signals import FIRING, Signal
from incidents.intake.ways import WAYS
from incidents.models import Alert, Delivery
from incidents.operations.known import Known


@dataclass
class Batch:
    """Facts at `now`, kept as long as one transaction and never longer.

    `open_alerts` are those that were open when the batch began, by key; whoever raises or clears one says so there.
    """

    now: datetime
    components: Components = field(default_factory=Components)
    open_alerts: dict[str, Alert] = field(default_factory=dict)
    known: Known = field(init=False)
    _read: dict[int, Signal | OwnAlert] = field(default_factory=dict)
    _firings: dict[int, Firing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = Known(self.now)

    def look_ahead(self, rows: Sequence[Delivery]) -> None:
        """Read what can be read, and ask at once for all that it names. What can't be read says so when it is taken."""
        whole = {row.pk for row in rows if is_whole(row)}
        singles = [row for row in rows if row.pk not in whole]
        refs: set[str] = set()
        for row in singles:
            try:
                said = self._read[row.pk] = read_one(row)
                refs |= set(_refs(row, said))
            except Exception:  # noqa: S112  # taking it says what is wrong, and holds up no other
                continue
        self.components.load(refs)
        for row in singles:
            said_of = self._read.get(row.pk)
            if said_of is not None and said_of.status == FIRING:
                with suppress(Exception):  # as above
                    self._firings[row.pk] = self._firing(row, said_of)
        self.known.expect(list(self._firings.values()))
        keys = [firing.key for firing in self._firings.values() if "same" in firing.details]
        self.open_alerts = {alert.key: alert for alert in Alert.objects.filter(key__in=keys, cleared_at=None)}

    def signal(self, row: Delivery) -> Signal:
        """What the one alert of an integration's delivery says. Raises Invalid."""
        said = self._read.get(row.pk) or read_one(row)
        assert isinstance(said, Signal)  # noqa: S101  # tells mypy: it came by an integration
        return said

    def own_alert(self, row: Delivery) -> OwnAlert:
        """What a token's delivery says. Raises Invalid."""
        said = self._read.get(row.pk) or read_one(row)
        assert isinstance(said, OwnAlert)  # noqa: S101  # tells mypy: it came by a token
        return said

    def firing(self, row: Delivery) -> tuple[Firing, Known]:
        """What `row` fires, and what is known of it: nothing, where it could not be expected."""
        if row.pk in self._firings:
            return self._firings[row.pk], self.known
        return self._firing(row, read_one(row)), Known(self.now)

    def _firing(self, row: Delivery, said: Signal | OwnAlert) -> Firing:
        return replace(self._fired(row, said), accepted_at=row.received_at)

    def _fired(self, row: Delivery, said: Signal | OwnAlert) -> Firing:
        if isinstance(said, OwnAlert):
            component = self.components.get(said.component_ref)
            return own.firing_of(said, sender=f"token-{row.token_id}", component=component)
        assert row.integration is not None  # noqa: S101  # tells mypy
        return firing_of(
            said,
            integration=row.integration,
            config=config_of(row.integration),
            components=self.components,
            key=alert_key(row.integration.pk, said.key),
        )


def is_whole(row: Delivery) -> bool:
    """Whether it is a request that may hold several alerts, and is to be split."""
    return row.key == sender_key(row.integration_id)


def payload_of(row: Delivery) -> object:
    """The delivery's JSON."""
    return row.body if row.body is not None else json.loads(row.raw)


def read_one(row: Delivery) -> Signal | OwnAlert:
    """The alert of a delivery that holds one. Raises Invalid."""
    if row.integration is None:
        return own.read(row.body)
    way = WAYS[row.kind]
    return way.read(payload_of(row), way.of_part(config_of(row.integration)))


def _refs(row: Delivery, said: Signal | OwnAlert) -> Iterable[str]:
    if isinstance(said, OwnAlert):
        return [said.component_ref]
    assert row.integration is not None  # noqa: S101  # tells mypy
    return [ref for ref, _ in candidates(said, config_of(row.integration))]
