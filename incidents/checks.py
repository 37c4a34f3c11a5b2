"""What incidents asks of every component on its scorecard."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.urls import reverse

from catalog.models import Component
from catalog.registries import ScorecardCheck, Verdict
from incidents.queries.reach import Reach, reach

NOBODYS = Verdict(False, "Nobody owns it, so nobody's escalation is walked.")


def escalation_reaches(components: Sequence[Component], now: datetime) -> Mapping[int, Verdict]:
    """Somebody is reached at every hour of the next four weeks."""
    owners = {one.owner_id for one in components if one.owner_id is not None}
    found = reach(owners, now=now)
    return {
        one.pk: _verdict(found[one.owner_id], _fix(one)) if one.owner_id is not None else NOBODYS for one in components
    }


def _fix(component: Component) -> str:
    return reverse("incidents:oncall") if component.owner_id is not None else ""


def _verdict(found: Reach, fix: str) -> Verdict:
    if found.always:
        return Verdict(True, "every hour of the next four weeks")
    if not found.policy:
        return Verdict(False, "Its team has no escalation policy; pages go to the catch-all.", fix)
    start, end = found.hole or (None, None)
    when = f"{start:%a %d %b, %H:%M} – {end:%a %d %b, %H:%M} UTC" if start and end else ""
    if found.always is None:
        return Verdict(None, f"Only steps with conditions could reach anybody {when}.", fix)
    return Verdict(False, f"Nobody is reached {when}.", fix)


CHECK = ScorecardCheck(
    "Escalation reaches a person at every hour", "gold", escalation_reaches, kept_fix=_fix
)  # four weeks of schedules are no work for a page
