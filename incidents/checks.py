"""What incidents asks of every component on its scorecard."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.urls import reverse

from catalog.models import Component
from catalog.registries import ScorecardCheck, Verdict
from incidents.models import Drill
from incidents.queries.drills import last_drills
from incidents.queries.reach import Reach, reach
from portal.lib import durations

NOBODYS = Verdict(False, "Nobody owns it, so nobody's escalation is walked.")
LATELY = timedelta(days=90)


def escalation_reaches(components: Sequence[Component], now: datetime) -> Mapping[int, Verdict]:
    """Somebody is reached at every hour of the next four weeks, by the team's own policy and its fallbacks."""
    owners = {one.owner_id for one in components if one.owner_id is not None}
    found = reach(owners, now=now)
    return {
        one.pk: _verdict(found[one.owner_id], _fix(one)) if one.owner_id is not None else NOBODYS for one in components
    }


def drill_worked(components: Sequence[Component], now: datetime) -> Mapping[int, Verdict]:
    """The last fire drill of each, within ninety days, was answered by everybody it called."""
    found = last_drills([one.pk for one in components], since=now - LATELY)
    return {one.pk: _drilled(found.get(one.pk), one) for one in components}


def _fix(component: Component) -> str:
    return reverse("incidents:oncall") if component.owner_id is not None else ""


def _verdict(found: Reach, fix: str) -> Verdict:
    if found.always:
        return Verdict(True, "every hour of the next four weeks")
    if not found.policy:
        return Verdict(False, "Its team has no escalation policy; pages go to the catch-all.", fix)
    start, end = found.hole or (None, None)
    when = f"{start:%a %d %b, %H:%M} – {end:%a %d %b, %H:%M} UTC" if start and end else ""
    return Verdict(False, f"Nobody is reached {when}, {durations.words(found.missing)} in all.", fix)


def _drilled(last: Drill | None, component: Component) -> Verdict:
    fix = component.get_absolute_url()
    if last is None:
        return Verdict(False, "No fire drill within ninety days.", fix)
    if last.worked:
        return Verdict(True, f"answered on {last.begun_at:%-d %b}")
    return Verdict(False, f"{last.get_outcome_display()} on {last.begun_at:%-d %b}.", last.get_absolute_url())


CHECK = ScorecardCheck(
    "Escalation reaches a person at every hour", "gold", escalation_reaches, kept_fix=_fix
)  # four weeks of schedules are no work for a page
DRILL = ScorecardCheck("The last fire drill worked", "gold", drill_worked, kept_fix=Component.get_absolute_url)
