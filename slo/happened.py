"""What happened to objectives, as other apps know it: incidents. A plain registry, filled in their `AppConfig.ready()`.

Incidents live above this app, so it asks without knowing them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from slo.backtest import Happening
from slo.models import Objective

type Happened = Callable[[Sequence[Objective], datetime, datetime], Mapping[int, Sequence[Happening]]]
"""(objectives, since, until) → by primary key what touched `[since, until]`, oldest first.

The objectives come with `definition` joined. A bounded number of questions, however many objectives there are.
"""

registry: dict[str, Happened] = {}
"""Who knows of something, by a name of its own."""


def to(objectives: Sequence[Objective], *, since: datetime, until: datetime) -> dict[int, list[Happening]]:
    """By primary key of the objective, everything that happened to it between the two, oldest first."""
    found: dict[int, list[Happening]] = {one.pk: [] for one in objectives}
    for ask in registry.values():
        for pk, some in ask(objectives, since, until).items():
            found[pk].extend(some)
    for some in found.values():
        some.sort(key=lambda one: (one.start, one.label))
    return found
