"""Writing an objective by hand: the same draft that the API takes."""

from decimal import Decimal
from typing import Any

from django import forms

from catalog.models import Component
from slo.models import AlertPolicy, DataSource, Definition, Objective
from slo.operations import ObjectiveDraft

TYPES = [("events", "Events: good and bad ones are counted"), ("uptime", "Uptime: each minute is good or bad")]
WINDOWS = [("7d", "7 days"), ("28d", "28 days"), ("30d", "30 days"), ("90d", "90 days")]
MONO = {"class": "mono", "rows": 2, "spellcheck": "false"}
EVENT_FIELDS, UPTIME_FIELDS = ("good", "bad", "total"), ("query", "condition", "combine")


class ObjectiveForm(forms.Form):
    """Fields in the order one thinks of them; which of the indicator's fields count depends on the type."""

    component = forms.ModelChoiceField(
        Component.objects.filter(retired_at=None).order_by("name"),
        to_field_name="ref",
        help_text="Whose promise it is.",
    )
    title = forms.CharField(max_length=200, help_text="What is promised, such as “Jobs succeed”.")
    name = forms.SlugField(max_length=63, help_text="For the API and for files, such as ci-jobs-succeed. It stays.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    type = forms.ChoiceField(choices=TYPES, label="What is counted")
    total = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs=MONO),
        label="All events",
        help_text='A counter: ci_jobs_total{queue="build"}',
    )
    bad = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs=MONO),
        label="Bad events",
        help_text="A counter. Give two of all, bad and good.",
    )
    good = forms.CharField(
        required=False, widget=forms.Textarea(attrs=MONO), label="Good events", help_text="A counter."
    )
    query = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs=MONO),
        label="Query",
        help_text="For uptime: any PromQL that gives numbers.",
    )
    condition = forms.CharField(
        required=False, label="A minute is good when each value is", help_text="Such as >= 1 or < 60."
    )
    combine = forms.ChoiceField(
        required=False,
        choices=[("all", "all of them"), ("any", "any of them")],
        label="With several values",
        initial="all",
    )
    target = forms.DecimalField(
        min_value=Decimal(0), max_value=Decimal(100), max_digits=11, decimal_places=8, label="Goal, in %",
        help_text="99.5 lets 5 in 1,000 be bad. 100 is no promise anybody can keep.",
    )  # fmt: skip
    window = forms.ChoiceField(choices=WINDOWS, initial="30d", label="Over the last")
    policy = forms.ModelChoiceField(AlertPolicy.objects.order_by("name"), to_field_name="name", label="Alert policy")
    source = forms.ModelChoiceField(
        DataSource.objects.filter(retired_at=None), to_field_name="name", required=False, empty_label="The default one"
    )

    def draft(self) -> ObjectiveDraft:
        """What was written, as the operation takes it; call it on a valid form."""
        given = self.cleaned_data
        fields = EVENT_FIELDS if given["type"] == "events" else UPTIME_FIELDS
        return ObjectiveDraft(
            name=given["name"],
            component=given["component"].ref,
            type=given["type"],
            indicator={name: given[name].strip() for name in fields if given[name].strip()},
            target=given["target"] / 100,
            window=given["window"],
            title=given["title"],
            description=given["description"],
            source=given["source"].name if given["source"] else "",
            policy=given["policy"].name,
            budgeting="timeslices" if given["type"] == "uptime" else "occurrences",
        )

    @staticmethod
    def initial_of(objective: Objective) -> dict[str, Any]:
        """The form's first values for an objective that exists."""
        definition: Definition = objective.definition
        return {
            **definition.indicator,
            "component": definition.component.ref,
            "title": objective.title,
            "name": objective.name,
            "description": definition.description,
            "type": definition.type,
            "target": (objective.target * 100).normalize(),
            "window": f"{objective.window_days}d",
            "policy": objective.policy.name,
            "source": definition.source.name if definition.source else "",
        }
