"""What is measured of an open incident right now, in a line for each promise or alert: how bad it is, in numbers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents import breaches
from incidents.models import Alert
from portal.lib import durations, words
from slo.models import Objective
from slo.queries.current import Counted, Current, counted, current

AT_MOST = 3
WITHIN = ("annotations", "custom_details", "labels")
VALUES = ("value", "current_value", "current")
"""What sources call the number that an alert fired at, and where they put it."""
LONGEST = 60
SIGNS = {"<=": "at most", "<": "below", ">=": "at least", ">": "above", "==": "equal to", "!=": "not"}
MINUTE, UPTIME = timedelta(minutes=1), "uptime"


@dataclass(frozen=True, slots=True)
class Measured:
    """A promise or an alert, its value now where that is known, and what else was counted, in words."""

    title: str
    url: str
    value: str
    facts: Sequence[str]


def measured(
    alerts: Sequence[Alert], objectives: Mapping[int, Objective], *, now: datetime, ask: bool = False
) -> list[Measured]:
    """Of what fires, each promise once; what nothing is known of is left out.

    `objectives` are those of `slo.queries.fleet`, by key. The value of an indicator is asked for with `ask` alone, for
    its source may be slow.
    """
    firing = [alert for alert in alerts if alert.cleared_at is None]
    promises = [objectives[pk] for pk in dict.fromkeys(alert.objective_id or 0 for alert in firing) if pk in objectives]
    rules = breaches.rules_of(firing)
    found = [_promise(one, rules[one.pk], current(one, now=now) if ask else None) for one in promises[:AT_MOST]]
    found += [Measured(alert.summary, "", value, ()) for alert in firing if (value := _value(alert.details))]
    return [one for one in found if one.value or one.facts][:AT_MOST]


def _promise(objective: Objective, rules: Collection[str], value: Current | None) -> Measured:
    facts = [f"good while {_condition(value.condition)}"] if value else []
    if (last := counted(objective, rules)) is not None:
        facts += _counted(objective, last)
    return Measured(objective.label, objective.get_absolute_url(), _now(value) if value else "", facts)


def _condition(text: str) -> str:
    """`at most 12` for `<= 12`."""
    sign = text.strip().rstrip("0123456789.eE+- ")
    return f"{SIGNS[sign]} {text.strip().removeprefix(sign).strip()}" if sign in SIGNS else text


def _now(value: Current) -> str:
    lowest, highest = words.compact(value.lowest), words.compact(value.highest)
    return highest if value.series == 1 or lowest == highest else f"{lowest} to {highest}"


def _counted(objective: Objective, last: Counted) -> Iterator[str]:
    if last.bad is not None and last.total:
        minutes = objective.definition.type == UPTIME and objective.definition.slice_length == MINUTE
        what = f"{words.fixed(last.total, 0)} minutes" if minutes else words.fixed(last.total, 0)
        yield f"{words.fixed(last.bad, 0)} of {what} bad in the last {durations.words(last.window)}"
    if last.burn is not None:
        yield f"burns {words.times(last.burn)}, “{last.rule}” fires above {words.times(last.factor)}"


def _value(details: Mapping[str, object]) -> str:
    places = [details, *(inner for name in WITHIN if isinstance(inner := details.get(name), dict))]
    for place in places:
        for name in VALUES:
            value = place.get(name)
            if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
                return str(value).strip()[:LONGEST]
    return ""
