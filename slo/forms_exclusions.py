"""The form for an exclusion: wall-clock times in a zone, the usual rhythms by name, as maintenance windows have."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from catalog.forms import ExplainingForm
from catalog.forms_windows import FORMAT, RHYTHMS, WindowForm
from catalog.recurrence import known_zone
from slo.operations import ExclusionSpec

_WINDOW = WindowForm.base_fields


class ExclusionForm(ExplainingForm):
    """What is not to count, when, and why."""

    explained: ClassVar = {
        "title": "budgets#what-is-left-out",
    }

    title = forms.CharField(max_length=200, label="Why", help_text="Such as: the data centre moved, as announced")
    starts_at = _WINDOW["starts_at"]
    ends_at = _WINDOW["ends_at"]
    time_zone = _WINDOW["time_zone"]
    repeats = _WINDOW["repeats"]
    rrule = _WINDOW["rrule"]

    def __init__(
        self,
        data: QueryDict | None,
        *,
        spec: ExclusionSpec | None = None,
        zone: str = "UTC",
        stretch: tuple[datetime, datetime] | None = None,
    ) -> None:
        """`spec` is the one to be changed; `stretch` what a new one begins with, in `zone`."""
        initial: dict[str, object] = {"time_zone": zone}
        if stretch:
            tz = ZoneInfo(zone)
            initial |= {
                name: at.astimezone(tz).strftime(FORMAT)
                for name, at in zip(("starts_at", "ends_at"), stretch, strict=True)
            }
        super().__init__(data, initial=_initial(spec) if spec else initial)

    def clean(self) -> None:
        """Times are of the zone that is said, not of the reader's."""
        zone = self.cleaned_data.get("time_zone", "")
        if zone and not known_zone(zone):
            self.add_error("time_zone", f"{zone!r}: use a name such as Europe/Berlin or UTC.")

    def said(self) -> dict[str, Any]:
        """The fields as `ExclusionSpec` names them."""
        given = self.cleaned_data
        zone = ZoneInfo(given["time_zone"])
        return {
            "title": given["title"],
            "time_zone": given["time_zone"],
            "starts_at": given["starts_at"].replace(tzinfo=zone),
            "ends_at": given["ends_at"].replace(tzinfo=zone),
            "rrule": given["rrule"] if given["repeats"] == "other" else given["repeats"],
        }


def _initial(spec: ExclusionSpec) -> dict[str, object]:
    zone = ZoneInfo(spec.time_zone)
    known = spec.rrule in RHYTHMS
    return {
        "title": spec.title,
        "time_zone": spec.time_zone,
        "starts_at": spec.starts_at.astimezone(zone).strftime(FORMAT),
        "ends_at": spec.ends_at.astimezone(zone).strftime(FORMAT),
        "repeats": spec.rrule if known else "other",
        "rrule": "" if known else spec.rrule,
    }
