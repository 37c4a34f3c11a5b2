"""Moments and days that somebody wrote: read in one way, and kept off the calendar's edges.

Near year 1 and year 9999 a moment can't be told in every reader's zone, and no reckoning from it has room: one such
row would break a page for everybody who sees it. So nothing outside `YEARS` is taken in, and what came in otherwise
is shown as it is.
"""

from datetime import UTC, date, datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

YEARS = range(1970, 2200)
SAID = f"Choose a year from {YEARS[0]} to {YEARS[-1]}."
CODE = "out-of-range"


def far(at: date | datetime) -> bool:
    """Whether it lies outside `YEARS`."""
    return at.year not in YEARS


def near(at: date | datetime) -> None:
    """A validator of fields. Raises ValidationError for what is `far`."""
    if far(at):
        raise ValidationError(SAID, code=CODE)


def moment_in(text: str) -> datetime | None:
    """A moment with its zone out of an address, in UTC; None for nonsense and for what is `far`.

    A `+` that was sent unescaped arrives as a blank, and is put right.
    """
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None or far(found) else found.astimezone(UTC)


def moment_or_day_in(text: str) -> datetime | None:
    """As `moment_in`; a day is its midnight, and what says no zone is by the reader's clock."""
    written = text.replace(" ", "+")
    try:
        found = parse_datetime(written) or parse_datetime(f"{text}T00:00")
    except ValueError:
        return None
    if found is None or far(found):
        return None
    return (found if found.tzinfo else timezone.make_aware(found)).astimezone(UTC)


def day_in(text: str) -> date | None:
    """A day out of an address, such as 2026-11-22; None for nonsense and for what is `far`."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return None if found is None or far(found) else found


def local(at: datetime) -> datetime:
    """By the reader's clock; at the calendar's edge, where that has no place for it, as it is."""
    try:
        return timezone.localtime(at)
    except (OverflowError, ValueError):
        return at


class MomentField(forms.DateTimeField):
    """A moment by the reader's clock, from the browser's own picker."""

    default_validators = [near]
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class DayField(forms.DateField):
    """A day, from the browser's own picker."""

    default_validators = [near]
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
