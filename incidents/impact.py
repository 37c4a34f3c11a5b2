"""What an incident did, as far as it was measured: the words that the Impact of a review begins with.

Worked out whenever somebody reads it, as all that a review knows by itself, until somebody takes it over as text: what
is counted a moment after the end is in it, and what opened again is told of as it is now.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from incidents.lookback import Facts
from incidents.models import Incident
from portal.lib import words
from portal.lib.durations import words as lasting
from slo.queries.costs import ObjectiveCost

AN_HOUR = 60
"""From so many developer-minutes on they are told in hours too."""
LEAST = 0.0005
"""A smaller share of a budget is not told as a number, which would be nothing."""


def measured(facts: Facts) -> str:
    """A list in Markdown; times by the reader's zone, which it names."""
    lines = [_open(facts), *_blocked(facts), *(_spent(facts.incident, one) for one in facts.costs.shown)]
    return "\n".join(f"- {line}" for line in lines if line)


def _open(facts: Facts) -> str:
    incident = facts.incident
    opened = timezone.localtime(incident.opened_at)
    if incident.resolved_at is None:
        return f"Open since {words.day_and_hour(opened)}."
    again = f", reopened {words.plural(incident.generation, 'time')}" if incident.generation else ""
    lasted = f"open for {lasting(facts.open_for)}{again}"
    return f"From {words.stretch(opened, timezone.localtime(incident.resolved_at))}: {lasted}."


def _blocked(facts: Facts) -> Iterator[str]:
    people, minutes = facts.incident.people_blocked, facts.minutes_blocked
    if people is None or minutes is None:
        return
    if not people:
        yield "Nobody else’s work depends on it."
        return
    teams = words.plural(facts.incident.teams_blocked or 0, "team")
    hours = f", which is {words.fixed(minutes / 60, 1)} hours" if minutes >= AN_HOUR else ""
    yield (
        f"{words.plural(people, 'person', 'people')} in {teams} could not work without it: "
        f"{words.plural(minutes, 'developer-minute')}{hours}."
    )


def _spent(incident: Incident, one: ObjectiveCost) -> str:
    cost = one.cost
    if not cost.known:
        return ""
    name = " ".join(one.row.title.split())
    if not cost.bad:
        return f"“{name}”: none of {words.fixed(cost.total, 0)} was bad."
    start = timezone.localtime(cost.start)
    same_day = start.date() == timezone.localtime(incident.opened_at).date()
    since = words.hour(start) if same_day else words.day_and_hour(start)
    before = f", {lasting(cost.led_in)} before it opened" if cost.led_in > timedelta() else ""
    share = f", {_share(cost.share)} of its error budget" if cost.share is not None else ""
    return (
        f"“{name}”: {words.fixed(cost.bad, 0)} of {words.fixed(cost.total, 0)} were bad (from {since}{before}){share}."
    )


def _share(share: float) -> str:
    return f"{words.percent(share)} %" if share >= LEAST else "less than 0.1 %"
