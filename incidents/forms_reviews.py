"""What people fill in about reviews and action items."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms

from catalog.forms import ExplainingForm
from catalog.models import Component, Person
from incidents.form_fields import ComponentField
from incidents.forms_oncall import TYPED, find_person, typed_as
from incidents.models import ActionItem
from incidents.operations.action_items import ItemSpec
from portal.lib.moments import DayField
from slo.models import Objective


def named(component: Component | None) -> str:
    """A component as people type it: its name, its whole reference where that would not do; empty for none."""
    if component is None:
        return ""
    return component.name if component.ref == f"component:default/{component.name.lower()}" else component.ref


class ActionItemForm(ExplainingForm):
    """An action item in whole; `objectives` are those that may be chosen."""

    explained: ClassVar = {
        "due_on": "reviews#action-items",
    }

    title = forms.CharField(max_length=300, label="What is to be done?")
    owner = forms.CharField(
        max_length=300,
        label="Who does it?",
        help_text="Type a name and choose.",
        widget=forms.TextInput(attrs=TYPED),
    )
    due_on = DayField(label="By when?", help_text="Reminders come a week before, on the day, and weekly after.")
    component = ComponentField(label="Which component is it about?", help_text="Such as ci-runners.")
    details = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 4}), help_text="Markdown."
    )
    tracker_url = forms.CharField(
        required=False, max_length=1000, label="Link to a tracker", widget=forms.URLInput(),
        help_text="The issue or ticket in which it is worked on.",
    )  # fmt: skip

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        objectives: Iterable[Objective],
        spec: ItemSpec | None = None,
        initial: Mapping[str, object] | None = None,
    ) -> None:
        self.offered = {str(one.pk): one for one in objectives}
        known: dict[str, object] = dict(initial or {})
        if spec is not None:
            known = {
                "title": spec.title, "owner": typed_as(spec.owner) if spec.owner else "", "due_on": spec.due_on,
                "component": named(spec.component), "details": spec.details,
                "tracker_url": spec.tracker_url, "objectives": [str(one.pk) for one in spec.objectives],
            }  # fmt: skip
        super().__init__(data, initial=known)
        self.fields["objectives"] = forms.MultipleChoiceField(
            required=False,
            label="Objectives it is to help",
            choices=[(pk, one.label) for pk, one in self.offered.items()],
            help_text="When it is done, their budgets before and after are shown.",
        )

    def clean_owner(self) -> Person:
        """Raises ValidationError for a name nobody is known by."""
        return find_person(self.cleaned_data["owner"])

    def spec(self) -> ItemSpec:
        """What was filled in."""
        said = dict(self.cleaned_data)
        chosen = tuple(self.offered[pk] for pk in said.pop("objectives"))
        return ItemSpec(**said, objectives=chosen)

    @property
    def chosen(self) -> list[tuple[str, str, bool]]:
        """The objectives on offer: key, name, whether it is ticked."""
        ticked = {str(value) for value in self["objectives"].value() or ()}
        return [(pk, one.label, pk in ticked) for pk, one in self.offered.items()]


class CloseForm(forms.Form):
    """How an item ended."""

    state = forms.ChoiceField(choices=[(ActionItem.State.DONE, "Done"), (ActionItem.State.DROPPED, "Dropped")])
    outcome = forms.CharField(required=False, max_length=500)
