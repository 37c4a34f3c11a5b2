"""What people fill in on the incident pages."""

from typing import ClassVar

from django import forms

from incidents.form_fields import ComponentField, TeamField
from incidents.models.incident import Severity
from portal.lib.moments import MomentField


class DeclareForm(forms.Form):
    """Two fields are enough; the rest is what the responder will ask first."""

    explained: ClassVar = {
        "severity": "escalation#how-bad-it-is",
    }

    title = forms.CharField(
        max_length=300, label="What is wrong?", help_text="As somebody who can't work would say it."
    )
    component = ComponentField(
        label="What is broken?",
        help_text="Its name, such as ci-runners. Its owner is paged; left empty, the catch-all policy is.",
    )
    severity = forms.TypedChoiceField(
        choices=[("", "By the rules"), *Severity.choices],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Left to the rules, it follows the component's tier and how many teams are blocked.",
    )
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}), label="What did you see?")


class ResolveForm(forms.Form):
    """The cause, in a sentence."""

    cause = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 2}), label="What was it?", help_text="One sentence helps."
    )


class ResolveFiringForm(ResolveForm):
    """The cause, and how long what still fires stays silent."""

    explained: ClassVar = {
        "silent_until": "incidents#what-you-can-do-there",
    }

    silent_until = MomentField(
        required=False,
        label="Keep silent until",
        help_text="An alert of it still fires. Left empty, it pages again after 30 minutes if it then still does.",
    )


class SeverityForm(forms.Form):
    """A severity and why."""

    severity = forms.TypedChoiceField(choices=Severity.choices, coerce=int)
    reason = forms.CharField(max_length=200, label="Why?", help_text="It stands beside the severity for everybody.")


class EngageForm(forms.Form):
    """A further team to page."""

    team = TeamField(label="Page which team?")
