"""Writing an objective by hand: the same draft that the API takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField

from catalog.models import Component
from portal.lib.errors import FieldError
from slo.drafts import described
from slo.models import AlertPolicy, BudgetPolicy, DataSource, Objective
from slo.operations import ObjectiveDraft

TYPES = [("events", "Events: good and bad ones are counted"), ("uptime", "Uptime: each minute is good or bad")]
WINDOWS = [(f"{days}d", f"{days} days") for days in (7, 28, 30, 90)]
MONO = {"class": "mono", "rows": 2, "spellcheck": "false", "autocapitalize": "off"}
INDICATORS = {"events": ("total", "bad", "good"), "uptime": ("query", "condition", "combine")}
BESIDE = {"indicator": "total", "": None}
"""Where the form shows an error that names no field of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some fields under one heading; `kind` is the type of indicator they are for, empty where they are for all."""

    title: str
    hint: str
    fields: tuple[BoundField, ...]
    kind: str = ""


class ObjectiveForm(forms.Form):
    """Fields in the order one thinks of them; which of the indicator's fields count depends on the type."""

    component = forms.ModelChoiceField(
        Component.objects.filter(retired_at=None).order_by("name"),
        to_field_name="ref",
        empty_label="Choose one",
        help_text="Whose promise it is.",
    )
    title = forms.CharField(max_length=200, help_text="What is promised, such as “Jobs succeed”.")
    name = forms.CharField(max_length=63, help_text="For the API and for files, such as ci-jobs-succeed. It stays.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    type = forms.ChoiceField(choices=TYPES, label="Indicator")
    total = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs=MONO),
        label="All events",
        help_text='A counter, such as ci_jobs_total{queue="build"}',
    )
    bad = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs=MONO),
        label="Bad events",
        help_text='A counter, such as ci_jobs_total{queue="build",result="failed"}',
    )
    good = forms.CharField(required=False, widget=forms.Textarea(attrs=MONO), label="Good events")
    query = forms.CharField(
        required=False, widget=forms.Textarea(attrs=MONO), label="Query", help_text="Any PromQL that gives numbers."
    )
    condition = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
        label="A minute is good when the value is",
        help_text="Such as >= 1 or < 60.",
    )
    combine = forms.ChoiceField(
        required=False,
        choices=[("all", "every one of them must be good"), ("any", "one good one is enough")],
        label="With several values",
        initial="all",
    )
    target = forms.DecimalField(
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=11,
        decimal_places=8,
        label="Goal, in %",
        help_text="99.5 lets 5 in 1,000 be bad. 100 is no promise anybody can keep.",
    )
    window = forms.ChoiceField(choices=WINDOWS, initial="30d", label="Over the last")
    policy = forms.ModelChoiceField(
        AlertPolicy.objects.order_by("name"), to_field_name="name", label="Alert policy", empty_label="Choose one"
    )
    source = forms.ModelChoiceField(
        DataSource.objects.filter(retired_at=None),
        to_field_name="name",
        required=False,
        label="Data source",
        empty_label="The default one",
    )
    budget_policy = forms.ModelChoiceField(
        BudgetPolicy.objects.order_by("name"),
        to_field_name="name",
        required=False,
        label="Error-budget policy",
        empty_label="The team's",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """Which version of the objective was read; 0 for one that is to be new."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        objective: Objective | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """`objective` is the one to be changed; without it a new one is written."""
        super().__init__(data, initial=initial)
        self.kept: ObjectiveDraft | None = None
        if objective:
            self._keep(described(objective), version=objective.version)

    def _keep(self, draft: ObjectiveDraft, *, version: int) -> None:
        self.kept = draft
        self.initial = {**_initial(draft), "version": version}
        self.fields["name"].disabled = True
        self._offer(draft.window)

    def _offer(self, window: str) -> None:
        """Whatever is in force can be kept, though nobody would be offered it."""
        if window not in dict(WINDOWS):
            words = f"{window.removesuffix('d')} days" if window.endswith("d") else f"this {window}"
            self.fields["window"] = forms.ChoiceField(choices=[*WINDOWS, (window, words)], label="Over the last")

    def parts(self) -> Iterator[Part]:
        """The fields in groups; those of one type stand together."""
        yield Part("The promise", "", self._named("component", "title", "name", "description"))
        yield Part("What is counted", "", self._named("type"))
        yield Part("Events", "Give two of the three.", self._named(*INDICATORS["events"]), "events")
        yield Part("Uptime", "Asked once a minute.", self._named(*INDICATORS["uptime"]), "uptime")
        yield Part("Goal and alerts", "", self._named("target", "window", "policy", "source", "budget_policy"))

    def _named(self, *names: str) -> tuple[BoundField, ...]:
        return tuple(self[name] for name in names)

    def draft(self) -> ObjectiveDraft:
        """What was written, as the operation takes it; what the form doesn't ask for stays. Call it on a valid form."""
        given = self.cleaned_data
        kind: str = given["type"]
        written = ObjectiveDraft(
            name=given["name"],
            component=given["component"].ref,
            type=kind,
            indicator={name: given[name].strip() for name in INDICATORS[kind] if given[name].strip()},
            target=given["target"] / 100,
            window=given["window"],
            title=given["title"],
            description=given["description"],
            source=given["source"].name if given["source"] else "",
            policy=given["policy"].name,
            budget_policy=given["budget_policy"].name if given["budget_policy"] else "",
            budgeting="timeslices" if kind == "uptime" else "occurrences",
        )
        return _with_what_was_not_asked(written, self.kept) if self.kept else written

    def show(self, error: FieldError) -> None:
        """Say an error of the operation beside its field; `indicator.total` is the field `total`."""
        name = error.field.rsplit(".", 1)[-1]
        field = BESIDE.get(name, name)
        self.add_error(field if field in self.fields else None, f"{error.message[:1].upper()}{error.message[1:]}.")


def _with_what_was_not_asked(written: ObjectiveDraft, kept: ObjectiveDraft) -> ObjectiveDraft:
    """A form changes what it shows, and nothing else."""
    same_type = written.type == kept.type
    return replace(
        written,
        time_zone=kept.time_zone,
        budgeting=kept.budgeting if same_type else written.budgeting,
        no_data=kept.no_data,
        blind_after=kept.blind_after,
        labels=kept.labels,
        slice_length=kept.slice_length,
        group_by=kept.group_by if same_type else (),
        max_series=kept.max_series,
        preset=kept.preset if same_type else "",
    )


def _initial(kept: ObjectiveDraft) -> dict[str, Any]:
    asked = ("component", "title", "name", "description", "type", "window", "policy", "source", "budget_policy")
    shown = f"{(kept.target * 100).normalize():f}"
    return {**kept.indicator, **{name: getattr(kept, name) for name in asked}, "target": shown}
