"""Objectives as somebody wrote them, and everything that can be wrong with them without asking a data source."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from zoneinfo import ZoneInfo

from portal.lib import durations
from portal.lib.errors import FieldError, Invalid
from slo.counting import BadCondition, Combine, parse_condition
from slo.models import Definition, Objective
from slo.promql import BadPromQL, parse_selector, validate_expression
from slo.windows import Calendar, Period

NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
TYPES = ("events", "uptime")
SIDES = ("good", "bad", "total")
LONGEST = 90
CALENDARS = tuple(Objective.Calendar.values)


@dataclass(frozen=True, slots=True)
class ObjectiveDraft:
    """A definition and its objective as somebody wrote them, before anything is checked.

    `window` is `30d` or `week`, `month`, `quarter`, `year` (then in `time_zone`); `target` a share such as 0.995;
    `source` a data source's name (empty: the default one); durations such as `10m`. `indicator` by `type`: for events
    two of `{good, bad, total}`, counter selectors; for uptime `{query, condition, combine}`.
    """

    name: str
    component: str
    type: str
    indicator: Mapping[str, Any]
    target: Decimal
    window: str = "30d"
    time_zone: str = "UTC"
    title: str = ""
    description: str = ""
    source: str = ""
    policy: str = "workbook"
    budgeting: str = "occurrences"
    no_data: str = "ignore"
    blind_after: str = "10m"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a draft means, once nothing is wrong with it."""

    indicator: dict[str, str]
    target: Decimal
    period: Period
    blind_after: timedelta


def checked(draft: ObjectiveDraft) -> Checked:
    """The draft as values. Raises Invalid with an error for every field that is wrong, all at once."""
    errors = tuple(_errors(draft))
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    indicator = {key: str(value).strip() for key, value in draft.indicator.items() if value}
    return Checked(indicator, _decimal(draft.target), _period(draft), durations.parse(draft.blind_after))


def metrics(draft: ObjectiveDraft) -> dict[str, str]:
    """The metric names a draft counts, by the field that names them; nothing for expressions."""
    if draft.type != "events":
        return {}
    return {side: parse_selector(str(text)).metric for side, text in draft.indicator.items() if text}


def _errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    if not NAME.fullmatch(draft.name):
        yield FieldError("name", "format", "use 1 to 63 of a–z, 0–9, '-', '.' and '_', such as ci-build-success")
    if draft.type not in TYPES:
        yield FieldError("type", "choice", f"use one of {', '.join(TYPES)}")
    else:
        yield from _indicator_errors(draft)
    yield from _target_errors(draft.target)
    yield from _window_errors(draft)
    yield from _choice_errors(draft)
    try:
        durations.parse(draft.blind_after)
    except durations.BadDuration as error:
        yield FieldError("blind_after", "format", str(error))


def _indicator_errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    allowed = set(SIDES) if draft.type == "events" else {"query", "condition", "combine"}
    for key in sorted(set(draft.indicator) - allowed):
        yield FieldError(f"indicator.{key}", "unknown", f"unknown; {draft.type} takes {', '.join(sorted(allowed))}")
    yield from (_events_errors if draft.type == "events" else _uptime_errors)(draft.indicator)


def _events_errors(indicator: Mapping[str, Any]) -> Iterator[FieldError]:
    given = [side for side in SIDES if indicator.get(side)]
    if len(given) != 2:
        yield FieldError("indicator", "sides", "give exactly two of good, bad and total, each a counter selector")
    for side in given:
        try:
            parse_selector(str(indicator[side]))
        except BadPromQL as error:
            yield FieldError(f"indicator.{side}", "promql", str(error))


def _uptime_errors(indicator: Mapping[str, Any]) -> Iterator[FieldError]:
    try:
        validate_expression(str(indicator.get("query") or ""))
    except BadPromQL as error:
        yield FieldError("indicator.query", "promql", str(error))
    try:
        parse_condition(str(indicator.get("condition") or ""))
    except BadCondition as error:
        yield FieldError("indicator.condition", "format", str(error))
    if indicator.get("combine", "all") not in list(Combine):
        yield FieldError("indicator.combine", "choice", "use all (every series must be good) or any")


def _target_errors(target: object) -> Iterator[FieldError]:
    try:
        share = _decimal(target)
    except (InvalidOperation, TypeError, ValueError):
        yield FieldError("target", "number", "write a share such as 0.995 for 99.5 %")
        return
    if share == 1:
        yield FieldError("target", "range", "a target of 100 % leaves no budget at all; write for example 0.999")
    elif not 0 < share < 1:
        yield FieldError("target", "range", "write a share above 0 and below 1, such as 0.995 for 99.5 %")
    elif share.normalize().as_tuple().exponent < -10:  # type: ignore[operator]  # finite: its exponent is a number
        yield FieldError("target", "digits", "at most ten digits after the point")


def _decimal(target: object) -> Decimal:
    found = Decimal(str(target))
    if not found.is_finite():
        raise ValueError
    return found


def _window_errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    if draft.window not in CALENDARS:
        try:
            length = durations.parse(draft.window)
        except durations.BadDuration:
            length = timedelta()
        if not timedelta(days=1) <= length <= timedelta(days=LONGEST) or length % timedelta(days=1):
            words = f"write 1d to {LONGEST}d, or one of {', '.join(CALENDARS)}"
            yield FieldError("window", "format", words)
    try:
        ZoneInfo(draft.time_zone)
    except (ValueError, LookupError, OSError):
        yield FieldError("time_zone", "unknown", "write a zone such as Europe/Berlin")


def _choice_errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    choices = {"budgeting": Definition.Budgeting.values, "no_data": Definition.NoData.values}
    for name, values in choices.items():
        if getattr(draft, name) not in values:
            yield FieldError(name, "choice", f"use one of {', '.join(map(str, values))}")
    if draft.budgeting == "timeslices" and draft.type == "events":
        yield FieldError("budgeting", "choice", "time slices need an uptime indicator; events are counted one by one")


def _period(draft: ObjectiveDraft) -> Period:
    if draft.window in CALENDARS:
        return Period(calendar=cast("Calendar", draft.window), zone=draft.time_zone)
    return Period(days=durations.parse(draft.window).days)


def described(objective: Objective) -> ObjectiveDraft:
    """The draft that would change nothing."""
    definition = objective.definition
    return ObjectiveDraft(
        name=objective.name,
        component=definition.component.ref,
        type=definition.type,
        indicator=definition.indicator,
        target=objective.target.normalize(),
        window=f"{objective.window_days}d" if objective.window_days else objective.calendar,
        time_zone=objective.time_zone,
        title=objective.title,
        description=definition.description,
        source=definition.source.name if definition.source else "",
        policy=objective.policy.name,
        budgeting=definition.budgeting,
        no_data=definition.no_data,
        blind_after=durations.render(definition.blind_after),
        labels=definition.labels,
    )
