"""The one objective of the demo that sees nothing: its metrics went a day before, and its owner was told soon after.

Told in the product's own words, by the operation that takes what objectives say; that it is blind is written here, for
nothing has been evaluated yet. Were it left to the first evaluation, it would be told ten minutes after
the demo began, in the midst of what its reader has just broken, and be taken for a symptom of that.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from incidents.intake.slo import take_transitions
from portal.demo.exporters import EXPORTERS
from slo.judging import blinded
from slo.models import Objective, Standing

NOTICED = timedelta(minutes=11)
"""After its metrics went: as soon as it is patient for. That was long before what is broken in the demo."""
OBJECTIVE, EXPORTER = "carrier-labels", "carriers"


def tell_of_the_blind(at: Callable[[datetime, Callable[[datetime], None]], None], *, now: datetime) -> None:
    """Have it noticed by `at`."""
    objective = Objective.objects.filter(name=OBJECTIVE, retired_at=None).first()
    if objective is None:
        return
    gone = now - timedelta(days=EXPORTERS[EXPORTER].gone)

    def notice(moment: datetime) -> None:
        Standing.objects.filter(objective=objective).update(blind_since=gone)
        blinded(objective.pk, since=gone, data=Standing.Data.STALE, error="", remaining=None, now=moment).save()
        take_transitions(now=moment)

    at(gone + NOTICED, notice)
