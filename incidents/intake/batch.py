"""What the deliveries of one batch share, and what each says, read once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from incidents.firing import Firing
from incidents.intake import own
from incidents.intake.accepting import alert_key, config_of, sender_key
from incidents.intake.finding import Components, candidates, firing_of
from incidents.intake.own import OwnAlert
from incidents.intake.signals import Signal
from incidents.intake.ways import WAYS
from incidents.models import Delivery, Integration
from incidents.operations.known import Known


@dataclass
class Batch:
    """Facts at `now`, kept as long as one transaction and never longer."""

    now: datetime
    components: Components = field(default_factory=Components)
    _signals: dict[int, Signal] = field(default_factory=dict)
    _own: dict[int, OwnAlert] = field(default_factory=dict)

    @cached_property
    def known(self) -> Known:
        """What raising alerts has to know."""
        return Known(self.now)

    def look_ahead(self, rows: Sequence[Delivery]) -> None:
        """Read what can be read, and ask at once for all that it names and may meet; the alerts are held."""
        refs: set[str] = set()
        for row in rows:
            try:
                refs |= self._read(row)
            except Exception:  # noqa: S112  # taking it says what is wrong, and keeps the others out of it
                continue
        self.components.load(refs)
        self.known.expect([firing for row in rows for firing in self._fires(row)])

    def _read(self, row: Delivery) -> set[str]:
        """Keep what it says; the references of components that it may mean."""
        if row.integration is None:
            self._own[row.pk] = alert = own.read(row.body)
            return {alert.component_ref}
        if is_whole(row):
            return set()
        self._signals[row.pk] = signal = read_one(row)
        return {ref for ref, _ in candidates(signal, config_of(row.integration))}

    def _fires(self, row: Delivery) -> list[Firing]:
        try:
            if row.pk in self._own:
                return [self.own_firing(row)]
            signal = self._signals.get(row.pk)
            return [self.firing(signal, row.integration)] if signal and row.integration else []
        except Exception:  # as above; whoever was not expected is looked for
            return []

    def own_alert(self, row: Delivery) -> OwnAlert:
        """What a delivery of a token says. Raises Invalid."""
        return self._own.get(row.pk) or own.read(row.body)

    def own_firing(self, row: Delivery) -> Firing:
        """What fires, if it says that it does."""
        alert = self.own_alert(row)
        component = self.components.get(alert.component_ref)
        return own.firing_of(alert, sender=f"token-{row.token_id}", component=component)

    def firing(self, signal: Signal, integration: Integration) -> Firing:
        """What fires, by what `signal` says on this integration."""
        return firing_of(
            signal,
            integration=integration,
            config=config_of(integration),
            components=self.components,
            key=alert_key(integration.pk, signal.key),
        )

    def signal(self, row: Delivery) -> Signal:
        """What the one alert of `row` says. Raises Invalid."""
        return self._signals.get(row.pk) or read_one(row)


def is_whole(row: Delivery) -> bool:
    """Whether it is a request that may hold several alerts, and is to be split."""
    return row.key == sender_key(row.integration_id)


def payload_of(row: Delivery) -> object:
    """The delivery's JSON."""
    return row.body if row.body is not None else json.loads(row.raw)


def read_one(row: Delivery) -> Signal:
    """The alert of a delivery that holds one. Raises Invalid."""
    assert row.integration is not None  # noqa: S101  # tells mypy
    way = WAYS[row.kind]
    return way.read(payload_of(row), way.of_part(config_of(row.integration)))
