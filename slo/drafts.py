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
from slo.indicators import kinds
from slo.models import Definition, Objective
from slo.windows import Calendar, Period

NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
RESERVED = frozenset({"preview"})
"""Names that would be addresses of their own."""
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SLICES = tuple(timedelta(minutes=n) for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60))
"""Lengths of a slice of time: whole minutes that divide an hour."""
LONGEST = 90
CALENDARS = tuple(Objective.Calendar.values)


@dataclass(frozen=True, slots=True)
class ObjectiveDraft:
    """A definition and its objective as somebody wrote them, before anything is checked.

    `window` is `30d` or `week`, `month`, `quarter`, `year` (then in `time_zone`); `target` a share such as 0.995;
    `source` a data source's name (empty: the default one); durations such as `10m`. `indicator` has the keys of its
    `type`, see `slo.indicators`. `budget_policy` names one (empty: the team's).
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
    slice_length: str = "60s"
    group_by: tuple[str, ...] = ()
    max_series: int | None = None
    budget_policy: str = ""
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a draft means, once nothing is wrong with it."""

    indicator: dict[str, str]
    target: Decimal
    period: Period
    blind_after: timedelta
    slice_length: timedelta


def checked(draft: ObjectiveDraft) -> Checked:
    """The draft as values. Raises Invalid with an error for every field that is wrong, all at once."""
    errors = tuple(_errors(draft))
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    indicator = {key: str(value).strip() for key, value in draft.indicator.items() if value}
    return Checked(
        indicator,
        _decimal(draft.target),
        _period(draft),
        durations.parse(draft.blind_after),
        durations.parse(draft.slice_length),
    )


def metrics(draft: ObjectiveDraft) -> tuple[str, ...]:
    """The metric names a valid draft counts; none for expressions."""
    return kinds[draft.type].metrics(draft.indicator)


def _errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    if not NAME.fullmatch(draft.name) or draft.name in RESERVED:
        yield FieldError("name", "format", "use 1 to 63 of a–z, 0–9, '-', '.' and '_', such as ci-build-success")
    if draft.type not in kinds:
        yield FieldError("type", "choice", f"use one of {', '.join(kinds)}")
    else:
        yield from _indicator_errors(draft)
    yield from target_errors(draft.target)
    yield from _window_errors(draft)
    yield from _choice_errors(draft)
    yield from _grouping_errors(draft)
    try:
        durations.parse(draft.blind_after)
    except durations.BadDuration as error:
        yield FieldError("blind_after", "format", str(error))


def _indicator_errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    for fault in kinds[draft.type].errors(draft.indicator):
        field = f"indicator.{fault.key}" if fault.key else "indicator"
        yield FieldError(field, fault.code, fault.message)


def _grouping_errors(draft: ObjectiveDraft) -> Iterator[FieldError]:
    if draft.group_by and draft.type in kinds and not kinds[draft.type].groupable:
        yield FieldError("group_by", "choice", f"{draft.type} can't be grouped; write an objective for each instead")
    for label in draft.group_by:
        if not LABEL.fullmatch(label) or label in ("le", "__name__"):
            yield FieldError("group_by", "format", f"{label!r} is no label to group by; write names such as pipeline")
    if len(set(draft.group_by)) < len(draft.group_by) or len(draft.group_by) > 3:
        yield FieldError("group_by", "count", "name up to three labels, each once")
    if draft.max_series is not None and not 1 <= draft.max_series <= 1_000_000:
        yield FieldError("max_series", "range", "write a number from 1 to 1,000,000")


def target_errors(target: object) -> Iterator[FieldError]:
    """What is wrong with a target."""
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
    try:
        sliced = durations.parse(draft.slice_length)
    except durations.BadDuration as error:
        yield FieldError("slice_length", "format", str(error))
    else:
        if sliced not in SLICES:
            offered = ", ".join(durations.render(length) for length in SLICES)
            yield FieldError("slice_length", "choice", f"use one of {offered}")
    choices = {"budgeting": Definition.Budgeting.values, "no_data": Definition.NoData.values}
    for name, values in choices.items():
        if getattr(draft, name) not in values:
            yield FieldError(name, "choice", f"use one of {', '.join(map(str, values))}")
    if draft.budgeting == "timeslices" and draft.type in kinds and not kinds[draft.type].sliced:
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
        slice_length=durations.render(definition.slice_length),
        group_by=tuple(definition.group_by),
        max_series=definition.max_series,
        budget_policy=objective.budget_policy.name if objective.budget_policy else "",
        preset=definition.preset,
    )
