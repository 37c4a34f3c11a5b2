"""The form for planned maintenance: wall-clock times in a zone, and the usual rhythms by name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from catalog.forms import BOX, ExplainingForm
from catalog.operations.windows import WindowSpec
from catalog.recurrence import known_zone
from portal.lib.moments import MomentField

OTHER = "other"
RHYTHMS = {
    "": "Once",
    "FREQ=DAILY": "Every day",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "Every weekday",
    "FREQ=WEEKLY": "Every week",
    "FREQ=WEEKLY;INTERVAL=2": "Every two weeks",
    "FREQ=MONTHLY": "Every month on that day",
    OTHER: "By a rule of my own",
}
FORMAT = "%Y-%m-%dT%H:%M"


class ForWhatForm(ExplainingForm):
    """On what work is planned: all that a team owns, or one component of it."""

    of = forms.ChoiceField(label="On what", help_text="All that a team owns, or one component of it")

    def __init__(self, data: QueryDict | None, *, choices: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        super().__init__(data)
        field = self.fields["of"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # tells mypy
        field.choices = choices


class WindowForm(ExplainingForm):
    """What is planned, when, and what it changes."""

    choose: ClassVar = "id_repeats"
    explained: ClassVar = {
        "rrule": "maintenance#again-and-again",
        "holds_pages": "escalation#one-cause-is-one-page",
        "excludes_budget": "budgets#what-is-left-out",
    }

    title = forms.CharField(max_length=200, help_text="What is done, such as: nodes get a new kernel")
    starts_at = MomentField(label="From")
    ends_at = MomentField(
        label="Until",
        help_text="Of a repeated one: the end of the first",
    )
    time_zone = forms.CharField(max_length=64, label="Time zone", help_text="By whose clock, such as Europe/Berlin")
    repeats = forms.ChoiceField(required=False, choices=list(RHYTHMS.items()))
    rrule = forms.CharField(
        required=False,
        max_length=500,
        label="Rule",
        widget=forms.TextInput(attrs={"class": "mono"}),
        help_text="As in calendars (RFC 5545), such as FREQ=MONTHLY;BYDAY=1SU or FREQ=WEEKLY;UNTIL=20271231",
    )
    holds_pages = forms.BooleanField(
        required=False,
        label="Hold pages",
        help_text="What fires meanwhile pages at its end, if it still does",
        widget=forms.CheckboxInput(attrs=BOX),
    )
    excludes_budget = forms.BooleanField(
        required=False,
        label="Spend no budget",
        help_text="What fails meanwhile counts in no error budget",
        widget=forms.CheckboxInput(attrs=BOX),
    )

    def __init__(self, data: QueryDict | None, *, spec: WindowSpec | None = None, zone: str = "UTC") -> None:
        super().__init__(data, initial=_initial(spec) if spec else {"time_zone": zone, "holds_pages": True})
        self.fields["rrule"].only_for = OTHER  # type: ignore[attr-defined]  # read by components/field.html

    def clean(self) -> None:
        """Times are of the zone that is said, not of the reader's."""
        zone = self.cleaned_data.get("time_zone", "")
        if zone and not known_zone(zone):
            self.add_error("time_zone", f"{zone!r}: use a name such as Europe/Berlin or UTC.")

    def said(self) -> dict[str, Any]:
        """The fields as `WindowSpec` names them."""
        given = self.cleaned_data
        zone = ZoneInfo(given["time_zone"])
        rule = given["rrule"] if given["repeats"] == OTHER else given["repeats"]
        return {
            **{name: given[name] for name in ("title", "time_zone", "holds_pages", "excludes_budget")},
            "starts_at": _in(given["starts_at"], zone),
            "ends_at": _in(given["ends_at"], zone),
            "rrule": rule,
        }


def _in(read: datetime, zone: ZoneInfo) -> datetime:
    """The wall-clock time that was typed, in `zone`; Django took it for one of the reader's."""
    return read.replace(tzinfo=zone)


def _initial(spec: WindowSpec) -> dict[str, object]:
    zone = ZoneInfo(spec.time_zone)
    known = spec.rrule in RHYTHMS
    return {
        **{name: getattr(spec, name) for name in ("title", "time_zone", "holds_pages", "excludes_budget")},
        "starts_at": spec.starts_at.astimezone(zone).strftime(FORMAT),
        "ends_at": spec.ends_at.astimezone(zone).strftime(FORMAT),
        "repeats": spec.rrule if known else OTHER,
        "rrule": "" if known else spec.rrule,
    }
