"""Writing an objective by hand: the same draft that the API takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.forms import BoundField

from catalog.models import Component
from portal.lib import durations
from portal.lib.errors import FieldError
from portal.lib.naming import name_of
from slo.drafts import SLICES, described
from slo.form_fields import LINE, ComponentChoice, Offering, line, promql
from slo.indicators import kinds
from slo.indicators.response import MOMENTS
from slo.models import AlertPolicy, BudgetPolicy, DataSource, Definition, Objective
from slo.operations import ObjectiveDraft
from slo.operations.sources import POLICIES
from slo.presets import Preset

ROLLING = [(f"{days}d", f"the last {days} days") for days in (7, 28, 30, 90)]
CALENDAR = [(unit, f"this {unit}") for unit in Objective.Calendar.values]
INDICATORS: Mapping[str, Mapping[str, str]] = {
    "events": {"total": "total", "bad": "bad", "good": "good"},
    "latency": {"histogram": "histogram", "threshold": "threshold"},
    "uptime": {"query": "query", "condition": "condition", "combine": "combine"},
    "promql": {
        "total": "promql_total", "bad": "promql_bad", "good": "promql_good", "ratio": "promql_ratio",
    },
    "response": {"moment": "moment", "within": "within", "severity": "severity", "of": "of"},
}  # fmt: skip
"""By type, which field of the form has which key of the indicator; those of plugins have fields made of their keys."""
HINTS = {
    "events": "Give two of the three.",
    "latency": "Counted from the buckets of a histogram.",
    "uptime": "Asked once for every slice of time.",
    "promql": "Give two of good, bad and all, or a ratio alone; $window stands for the length of time. Approximate.",
    "response": "Counted from the portal's own incidents; no data source is asked.",
}
PLUGGED = "Answered by a plugin; no data source is asked."
PARTS = {"promql": "PromQL", "response": "Incident response"}
NARROW = "narrow_"
RARE = ("description", "days", "no_data", "blind_after", "slice_length", "budgeting", "max_series", "budget_policy")


@dataclass(frozen=True, slots=True)
class Part:
    """Some fields under one heading; `kind` is the type of indicator they are for, empty where they are for all.

    `folded`: rarely needed; shown on request, or where something in it is wrong.
    """

    title: str
    hint: str
    fields: tuple[BoundField, ...]
    kind: str = ""
    folded: bool = False

    @property
    def wrong(self) -> bool:
        """Whether one of its fields is."""
        return any(field.errors for field in self.fields)


def types() -> list[tuple[str, str]]:
    """What may be counted, as it is chosen."""
    return [(kind.type, kind.title) for kind in kinds.values()]


def fields_of(kind: str) -> Mapping[str, str]:
    """Which field of the form has which key of an indicator of this type; none for a type that there is not."""
    if kind in INDICATORS or kind not in kinds:
        return INDICATORS.get(kind, {})
    return {key: f"{kind}-{key}" for key in kinds[kind].keys}


class ObjectiveForm(forms.Form):
    """Fields in the order one thinks of them; which of the indicator's fields count depends on the type."""

    explained: ClassVar = {
        "type": "slos#kinds-of-indicators",
        "moment": "budgets#objectives-on-response",
        "source": "slos#data-sources",
        "group_by": "slos#one-for-each-value",
        "target": "concepts#error-budget",
        "policy": "slos#alert-policies",
        "budget_policy": "budgets#error-budget-policies",
        "no_data": "counting#known-unknown-and-nothing-going-on",
        "max_series": "counting#what-is-not-counted-event-by-event",
    }

    component = ComponentChoice(
        Component.objects.filter(retired_at=None).order_by("called", "pk"),
        to_field_name="ref",
        empty_label="Choose one",
        help_text="Whose promise it is.",
    )
    title = forms.CharField(max_length=200, help_text="What is promised, such as “Jobs succeed”.")
    name = forms.CharField(
        required=False, max_length=63, widget=forms.TextInput(attrs={"data-name-of": "component title"}),
        help_text="For the API and files. It stays. Empty: made of component and title.",
    )  # fmt: skip
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    type = forms.ChoiceField(choices=types, label="Indicator")
    total = promql("All events", 'A counter, such as ci_jobs_total{queue="build"}')
    bad = promql("Bad events", 'A counter, such as ci_jobs_total{queue="build",result="failed"}')
    good = promql("Good events")
    histogram = promql(
        "Histogram", 'Its own name, such as http_request_duration_seconds{handler="/api"}', names="histograms"
    )
    threshold = line("A good one takes at most", "In the metric's unit, such as 0.5; it must be one of its buckets.")
    query = promql("Query", "Any PromQL that gives numbers.")
    condition = line("A slice is good when the value is", "Such as >= 1 or < 60.")
    combine = forms.ChoiceField(
        required=False,
        choices=[("all", "every one of them must be good"), ("any", "one good one is enough")],
        label="With several values",
        initial="all",
    )
    promql_total = promql("All", "Such as sum(increase(runs_total[$window]))")
    promql_bad = promql("Bad")
    promql_good = promql("Good")
    promql_ratio = promql("Ratio", "The good part of one, such as avg(avg_over_time(success_ratio[$window]))")
    moment = forms.ChoiceField(
        required=False, choices=[(one, one.capitalize()) for one in MOMENTS], label="An incident is good when it is"
    )
    within = line("Within", "Such as 5m or 1h.")
    severity = line("Severities", "Such as P1, P2. Empty: all.")
    of = forms.ChoiceField(
        required=False, label="Whose incidents", initial="component",
        choices=[("component", "the component's"), ("team", "its owner's"), ("all", "everybody's")],
    )  # fmt: skip
    source = forms.ModelChoiceField(
        DataSource.objects.filter(retired_at=None),
        to_field_name="name",
        required=False,
        label="Data source",
        empty_label="The default one",
    )
    group_by = forms.CharField(
        required=False, label="One objective for each value of", widget=forms.TextInput(attrs=LINE),
        help_text="Up to three labels, such as pipeline. Events and latency only.",
    )  # fmt: skip
    target = forms.DecimalField(
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=11,
        decimal_places=8,
        label="Goal, in %",
        help_text="99.5 lets 5 in 1,000 be bad. 100 is no promise anybody can keep.",
    )
    window = forms.ChoiceField(choices=[*ROLLING, *CALENDAR], initial="30d", label="Over")
    time_zone = forms.CharField(
        required=False, max_length=64, label="Time zone", help_text="In which a calendar period begins. Empty: UTC."
    )
    policy = forms.ChoiceField(
        label="Alert policy",
        help_text="When somebody is told; “… and outages at once” tells of outages within minutes.",
    )
    budget_policy = forms.ModelChoiceField(
        BudgetPolicy.objects.order_by("name"),
        to_field_name="name",
        required=False,
        label="Error-budget policy",
        empty_label="The team's",
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=90,
        label="Another number of days",
        help_text="1 to 90; wins over “Over”.",
    )
    no_data = forms.ChoiceField(
        required=False, choices=Definition.NoData.choices, label="A slice without data is",
        help_text="Uptime only; events are never invented.",
    )  # fmt: skip
    blind_after = line("Blind after", "So long without data, and its owner is told. Empty: 10m.")
    slice_length = forms.ChoiceField(
        required=False, choices=[(durations.render(one), durations.render(one)) for one in SLICES],
        label="Length of a slice", help_text="Uptime only.",
    )  # fmt: skip
    budgeting = forms.ChoiceField(
        required=False, label="The budget is a share of", help_text="Slices of time need an uptime indicator.",
        choices=[("", "what its indicator counts"), ("occurrences", "the events, or slices, that are known"),
                 ("timeslices", "all slices of the period")],
    )  # fmt: skip
    max_series = forms.IntegerField(
        required=False, min_value=1, max_value=1_000_000, label="Most series",
        help_text="With more, it is counted by increase(), approximately. Empty: the usual limit.",
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """Which version of the objective was read; 0 for one that is to be new."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        objective: Objective | None = None,
        preset: Preset | None = None,
        offered: Mapping[str, Sequence[str]] | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """`objective` is the one to be changed; without it a new one is written, from `preset` where there is one.

        `offered` are the values that labels of the preset have now, by label.
        """
        super().__init__(data, initial={**(_of_preset(preset) if preset else {}), **(initial or {})})
        self.fields["policy"] = forms.ChoiceField(
            label="Alert policy", help_text=self.fields["policy"].help_text, choices=_policies()
        )
        for plugged in kinds.keys() - INDICATORS.keys():
            for key, name in fields_of(plugged).items():
                self.fields[name] = line(key.replace("_", " ").capitalize())
        self.kept: ObjectiveDraft | None = None
        self.preset = preset
        self.narrow: tuple[str, ...] = ()
        if preset and not self.is_bound:
            self.fields["name"].widget.attrs["data-suggested"] = ""  # nobody wrote it: it may follow what is written
        if objective:
            self._keep(described(objective), version=objective.version)
        elif preset and kinds[preset.type].groupable:
            self._offer_labels(preset.narrow, offered or {})

    def _offer_labels(self, labels: tuple[str, ...], offered: Mapping[str, Sequence[str]]) -> None:
        self.narrow = labels
        for label in labels:
            self.fields[NARROW + label] = forms.CharField(
                required=False, label=f"Only where {label} is", widget=Offering(offered.get(label, ())), max_length=500
            )
        if labels:
            self.fields["group_by"].help_text = f"Up to three labels, such as {', '.join(labels)}."

    def _keep(self, draft: ObjectiveDraft, *, version: int) -> None:
        self.kept = draft
        self.initial = {**_initial(draft), "version": version}
        self.fields["name"].disabled = True
        self._offer(draft.window)

    def _offer(self, window: str) -> None:
        """Whatever is in force can be kept, though nobody would be offered it."""
        if window not in dict([*ROLLING, *CALENDAR]):
            words = f"the last {window.removesuffix('d')} days"
            choices = [*ROLLING, (window, words), *CALENDAR]
            self.fields["window"] = forms.ChoiceField(choices=choices, label="Over")

    def clean(self) -> dict[str, Any]:
        """With a name, made of component and title where none was written."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("name") and {"name", "component", "title"} <= given.keys():
            given["name"] = name_of(given["component"].name, given["title"])
        return given

    def parts(self) -> Iterator[Part]:
        """The fields in groups; those of one type stand together."""
        yield Part("The promise", "", self._named("component", "title", "name"))
        yield Part("What is counted", "", self._named("type"))
        for kind, one in kinds.items():
            title = PARTS.get(kind) or (kind.capitalize() if kind in INDICATORS else one.title)
            yield Part(title, HINTS.get(kind, PLUGGED), self._named(*fields_of(kind).values()), kind)
        if self.narrow:
            narrowing = self._named(*(NARROW + label for label in self.narrow))
            yield Part("Of all of it, only", "Leave empty what doesn't matter.", narrowing)
        yield Part("Where it comes from", "", self._named("source", "group_by"))
        yield Part("Goal and alerts", "", self._named("target", "window", "time_zone", "policy"))
        yield Part("More", "Rarely needed: budgets, missing data, many series.", self._named(*RARE), folded=True)

    def _named(self, *names: str) -> tuple[BoundField, ...]:
        return tuple(self[name] for name in names)

    def draft(self) -> ObjectiveDraft:
        """What was written, as the operation takes it; what the form doesn't ask for stays. Call it on a valid form."""
        given = self.cleaned_data
        kind: str = given["type"]
        same = self.kept if self.kept and self.kept.type == kind else None
        written = ObjectiveDraft(
            name=given["name"],
            component=given["component"].ref,
            type=kind,
            indicator=self._indicator(kind),
            target=given["target"] / 100,
            window=f"{given['days']}d" if given["days"] else given["window"],
            title=given["title"],
            source=given["source"].name if given["source"] else "",
            policy=given["policy"],
            budgeting=given["budgeting"] or (same.budgeting if same else _budgeting(kind)),
            labels=self.kept.labels if self.kept else {},
            preset=same.preset if same else self.preset.name if self.preset and self.preset.type == kind else "",
        )
        return replace(written, **self._rest(same))

    def _indicator(self, kind: str) -> dict[str, Any]:
        typed = {key: self.cleaned_data[field].strip() for key, field in fields_of(kind).items()}
        indicator: dict[str, Any] = {key: text for key, text in typed.items() if text}
        values = {label: self.cleaned_data[NARROW + label] for label in self.narrow}
        fixed = {label: value for label, value in values.items() if value}
        whole = kinds[kind].groupable and not any(kinds[kind].errors(indicator))
        return kinds[kind].narrowed(indicator, fixed) if fixed and whole else indicator

    def _rest(self, same: ObjectiveDraft | None) -> dict[str, Any]:
        """What may be left out: it stays as it was, or takes its default; what was emptied is empty."""
        given, kept = self.cleaned_data, self.kept
        rest: dict[str, Any] = {name: given[name] for name in ("time_zone", "blind_after", "slice_length", "no_data")}
        rest = {
            name: value or (getattr(kept, name) if kept and name not in self.data else "")
            for name, value in rest.items()
        }
        rest = {name: value for name, value in rest.items() if value}
        group_by = tuple(part.strip() for part in given["group_by"].split(",") if part.strip())
        budget = given["budget_policy"].name if given["budget_policy"] else ""
        plain = {
            "description": given["description"],
            "budget_policy": budget,
            "max_series": given["max_series"],
            "group_by": group_by,
        }
        for name, value in plain.items():
            rest[name] = getattr(kept, name) if kept and name not in self.data else value
        if kept and same is None and not kinds[given["type"]].groupable:
            rest["group_by"] = ()
        return rest

    def show(self, error: FieldError) -> None:
        """Say an error of the operation beside its field; `indicator.total` is the field `total`."""
        field = self._field_of(error.field)
        self.add_error(field, f"{error.message[:1].upper()}{error.message[1:]}.")

    def _field_of(self, name: str) -> str | None:
        fields = fields_of(self.cleaned_data.get("type", ""))
        if name == "indicator":
            return next(iter(fields.values()), None)
        name = fields.get(name.removeprefix("indicator."), name) if name.startswith("indicator.") else name
        return name if name in self.fields else None


def _policies() -> list[tuple[str, str]]:
    """Every policy, and those that come with the portal, which are made when they are first used."""
    there = {one.name: one.label for one in AlertPolicy.objects.only("name", "title")}
    usual = {name: title for name, (title, _) in POLICIES.items() if name not in there}
    return [("", "Choose one"), *sorted({**usual, **there}.items())]


def _budgeting(kind: str) -> str:
    return "timeslices" if kinds[kind].sliced else "occurrences"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


def _of_preset(preset: Preset) -> dict[str, Any]:
    fields = fields_of(preset.type)
    asked = ("title", "description", "type", "window", "policy", "no_data")
    return {
        **{fields[key]: text for key, text in preset.indicator.items()},
        **{name: getattr(preset, name) for name in asked},
        "target": _percent(Decimal(preset.target)),
    }


def _initial(kept: ObjectiveDraft) -> dict[str, Any]:
    asked = (
        "component", "title", "name", "description", "type", "window", "time_zone", "policy", "source",
        "budget_policy", "no_data", "blind_after", "slice_length", "budgeting", "max_series",
    )  # fmt: skip
    return {
        **{fields_of(kept.type)[key]: text for key, text in kept.indicator.items()},
        **{name: getattr(kept, name) for name in asked},
        "group_by": ", ".join(kept.group_by),
        "target": _percent(kept.target),
    }
