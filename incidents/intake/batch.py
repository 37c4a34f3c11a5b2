"""What the deliveries of one batch share, and what each says, read once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from incidents.intake.accepting import config_of, sender_key
from incidents.intake.finding import Components, candidates
from incidents.intake.signals import Signal
from incidents.intake.ways import WAYS
from incidents.models import Delivery
from incidents.operations.known import Known
from portal.lib.errors import Expected


@dataclass
class Batch:
    """Facts at `now`, kept as long as one transaction and never longer."""

    now: datetime
    components: Components = field(default_factory=Components)
    _signals: dict[int, Signal] = field(default_factory=dict)

    @cached_property
    def known(self) -> Known:
        """What raising alerts has to know."""
        return Known(self.now)

    def look_ahead(self, rows: Iterable[Delivery]) -> None:
        """Read what can be read, and ask for all components that are named at once."""
        refs: set[str] = set()
        for row in rows:
            if row.integration is None or is_whole(row):
                continue
            try:
                found = read_one(row)
                refs |= {ref for ref, _ in candidates(found, config_of(row.integration))}
            except (Expected, ValueError, TypeError, LookupError):
                continue  # taking it says what is wrong
            self._signals[row.pk] = found
        self.components.load(refs)

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
