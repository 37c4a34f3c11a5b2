"""Forms of the pages that steer all paging."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms

from catalog.forms import ExplainingForm
from incidents.firing import Firing
from incidents.form_fields import ComponentField
from incidents.models import Alert
from portal.lib.moments import MomentField

HOURS = [(0.5, "30 minutes"), (1, "1 hour"), (2, "2 hours"), (4, "4 hours"), (8, "8 hours"), (24, "a day")]


class SimulateForm(forms.Form):
    """An alert, and when it would come."""

    explained: ClassVar = {
        "rule": "escalation#one-cause-is-one-page",
    }

    component = ComponentField(
        label="What breaks?", help_text="Such as ci-runners; empty for what the catalog does not know."
    )
    rule = forms.ChoiceField(choices=Alert.Rule.choices, label="How loud is the alert?", initial=Alert.Rule.PAGE)
    at = MomentField(
        required=False,
        label="When?",
        help_text="Who is on call, which policy holds and which maintenance is planned is asked for that moment.",
    )
    alone = forms.BooleanField(
        required=False, initial=True, label="As if nothing were open now",
        help_text="Without it, the alert may join an open incident or be a symptom of one, and then nobody is paged.",
    )  # fmt: skip

    def arguments(self, *, now: datetime) -> dict[str, Any]:
        """Of `simulate`."""
        said = self.cleaned_data
        firing = Firing(key="", source="api", summary="Simulated alert", rule=said["rule"], component=said["component"])
        return {"firing": firing, "at": said["at"] or now, "alone": said["alone"]}


class PauseForm(ExplainingForm):
    """For how long, and why."""

    explained: ClassVar = {
        "reason": "operating#nobody-is-to-be-paged-for-a-while",
    }

    hours = forms.TypedChoiceField(choices=HOURS, coerce=float, label="For how long?", initial=1)
    reason = forms.CharField(
        max_length=300, label="Why?", help_text="Everybody reads it on every page until it is over."
    )

    def arguments(self, *, now: datetime) -> dict[str, Any]:
        """Of `pausing.pause`."""
        return {
            "until": now + timedelta(hours=self.cleaned_data["hours"]),
            "reason": self.cleaned_data["reason"],
        }
