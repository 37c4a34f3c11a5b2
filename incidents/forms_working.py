"""What people fill in while they work on an incident together."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms

from catalog.models import Person
from incidents.form_fields import Suggesting
from incidents.forms_oncall import find_person
from incidents.models import IncidentRole, StatusUpdate
from portal.lib.moments import MomentField

NEXT_IN = [(15, "in 15 minutes"), (30, "in 30 minutes"), (60, "in 1 hour"), (120, "in 2 hours")]
SNOOZES = [(15, "15 minutes"), (30, "30 minutes"), (60, "1 hour"), (120, "2 hours"), (480, "8 hours")]


class PersonForm(forms.Form):
    """Somebody, typed with suggestions."""

    person = forms.CharField(max_length=300, label="Who?", widget=Suggesting("people"))

    def clean_person(self) -> Person:
        """Raises ValidationError for a name nobody is known by."""
        return find_person(self.cleaned_data["person"])


class RoleForm(forms.Form):
    """Who has a role; nobody when left empty."""

    role = forms.ChoiceField(choices=IncidentRole.Role.choices)
    person = forms.CharField(max_length=300, required=False, widget=Suggesting("people"))

    def clean_person(self) -> Person | None:
        """None for an empty text. Raises ValidationError for a name nobody is known by."""
        text: str = self.cleaned_data["person"]
        return find_person(text) if text.strip() else None


class TaskForm(forms.Form):
    """What is to be done, and by whom where that is clear."""

    text = forms.CharField(max_length=300, label="What is to be done?")
    person = forms.CharField(max_length=300, required=False, label="By whom?", widget=Suggesting("people"))

    def clean_person(self) -> Person | None:
        """None for an empty text. Raises ValidationError for a name nobody is known by."""
        text: str = self.cleaned_data["person"]
        return find_person(text) if text.strip() else None


class UpdateForm(forms.Form):
    """What those who wait are told."""

    explained: ClassVar = {
        "public": "incidents#the-status-page",
    }

    state = forms.ChoiceField(choices=StatusUpdate.State.choices, label="How far are you?")
    text = forms.CharField(
        max_length=5000,
        label="What should those who wait know?",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next_in = forms.TypedChoiceField(
        choices=[("", "not promised"), *NEXT_IN], coerce=int, empty_value=None, required=False, label="Next update"
    )
    next_by = MomentField(required=False, label="Or at this time")
    public = forms.BooleanField(required=False, initial=True, label="On the status page")

    def said(self, *, now: datetime) -> dict[str, Any]:
        """What was filled in; the next update comes at the time that was given, else so long from `now` as chosen."""
        given = dict(self.cleaned_data)
        minutes = given.pop("next_in")
        given["next_by"] = given["next_by"] or (now + timedelta(minutes=minutes) if minutes else None)
        return given


class LinkForm(forms.Form):
    """Where to look."""

    url = forms.CharField(max_length=1000, label="Address", widget=forms.URLInput())
    title = forms.CharField(max_length=200, required=False)
    room = forms.BooleanField(required=False, label="This is the chat room")


class SnoozeForm(forms.Form):
    """For how long nobody is called."""

    minutes = forms.TypedChoiceField(choices=SNOOZES, coerce=int, label="For how long?")
