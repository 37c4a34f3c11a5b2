"""An escalation policy by form: a row for each step, targets typed with suggestions, so that no script is needed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.forms import BoundField

from catalog.models import Person, Team
from incidents.escalation import Condition, Step, Target, TargetKind
from incidents.form_fields import LinesField, LinesWidget, TeamChoice
from incidents.forms_oncall import SUGGESTED, WEEKDAYS, find_person
from incidents.models import EscalationPolicy, PolicyVersion, Schedule
from incidents.operations.policy_drafts import PolicyDraft
from incidents.policies import policy_of
from incidents.policy_words import Names
from portal.lib import durations
from portal.lib.errors import Invalid

PREFIXES = {TargetKind.SCHEDULE: "schedule:", TargetKind.PERSON: "", TargetKind.TEAM: ""}
TYPED = {"list": "targets", "autocomplete": "off"}
HOW = [("all", "all of them at once"), ("turn", "one of them, by turns")]
PLACEHOLDER = "schedule, person or team"
TIME = {"type": "time"}
PLACE = re.compile(r"(steps|steps_low)\[(\d+)\]\.?(\w+)?")
FIELDS = {
    "targets": "targets", "delay": "wait", "repeat": "repeat", "round_robin": "how", "condition": "days"
}  # fmt: skip


def suggestions() -> list[str]:
    """Targets for the list of suggestions: schedules, teams, people; anything else can be typed."""
    schedules = Schedule.objects.filter(retired_at=None).order_by("name")[:SUGGESTED]
    teams = Team.objects.filter(retired_at=None)[:SUGGESTED]
    people = Person.objects.filter(retired_at=None)[:SUGGESTED]
    said = [f"{one.name} (schedule:{one.slug})" for one in schedules]
    return said + [f"{one.label} ({one.ref})" for one in teams] + [f"{one.label} ({one.ref})" for one in people]


def find_target(text: str) -> Target:
    """What is meant by `Build & CI (schedule:build-ci)`, a reference, or a name alone. Raises ValidationError."""
    wanted = text.strip().rpartition("(")[2].removesuffix(")").strip().lower()
    if wanted.startswith("schedule:"):
        return Target(TargetKind.SCHEDULE, wanted.removeprefix("schedule:"))
    if wanted.startswith("group:"):
        return Target(TargetKind.TEAM, wanted)
    if wanted.startswith("user:"):
        return Target(TargetKind.PERSON, wanted)
    found = list(_called(text.strip()))
    if len(found) == 1:
        return found[0]
    if found:
        kinds = " and ".join(sorted({f"a {one.kind.value}" for one in found}))
        raise forms.ValidationError(f"{text.strip()} is the name of {kinds}. Choose from the list.")
    return Target(TargetKind.PERSON, find_person(text).ref)


def _called(name: str) -> Iterator[Target]:
    schedules = Schedule.objects.filter(retired_at=None)
    for slug in {*schedules.filter(name__iexact=name).values_list("slug", flat=True)[:2]}:
        yield Target(TargetKind.SCHEDULE, slug)
    teams = Team.objects.filter(retired_at=None)
    for ref in {
        *teams.filter(title__iexact=name).values_list("ref", flat=True)[:2],
        *teams.filter(name__iexact=name).values_list("ref", flat=True)[:2],
    }:
        yield Target(TargetKind.TEAM, ref)


class TargetsWidget(LinesWidget):
    """One line for each target."""

    def __init__(self, lines: int) -> None:
        super().__init__(
            [
                forms.TextInput(attrs={**TYPED, "aria-label": f"Target {place}", "placeholder": PLACEHOLDER})
                for place in range(1, lines + 1)
            ]
        )


class TargetsField(LinesField):
    """Targets; empty lines are left out."""

    def __init__(self, lines: int, **options: Any) -> None:  # noqa: ANN401
        fields = [forms.CharField(required=False, max_length=400) for _ in range(lines)]
        super().__init__(
            fields, widget=TargetsWidget(lines), require_all_fields=False, required=False, **options
        )  # fmt: skip

    def read(self, text: str) -> Target:
        """The target. Raises ValidationError for what is none."""
        return find_target(text)


class DurationField(forms.CharField):
    """`5m`, `10 minutes`, `1h30m`; empty where it may be."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        attrs = {"class": "mono", "spellcheck": "false", "autocapitalize": "off"}
        super().__init__(max_length=30, widget=forms.TextInput(attrs=attrs), **options)

    def clean(self, value: Any) -> Any:  # noqa: ANN401
        """A timedelta or None. Raises ValidationError."""
        text = super().clean(value)
        try:
            return durations.spoken(text) if text else None
        except durations.BadDuration as error:
            raise forms.ValidationError("Write for example 30s, 10 minutes or 1h30m.") from error


@dataclass(frozen=True, slots=True)
class StepRow:
    """The fields of one step, for drawing; `used` where something stands in it."""

    number: int
    main: list[BoundField]
    condition: list[BoundField]
    used: bool
    conditional: bool


class PolicyForm(forms.Form):
    """A policy and its steps; a row without targets is none."""

    explained: ClassVar = {
        "fallback": "escalation#a-policy",
        "ack_timeout": "escalation#a-policy",
        "own_low": "escalation#a-policy",
    }

    name = forms.CharField(
        max_length=200, help_text="Usually the team's, such as Build & CI.",
        error_messages={"required": "Write a name, such as the team’s."},
    )  # fmt: skip
    team = TeamChoice(Team.objects.none(), required=False, empty_label="No team")
    repeat = forms.IntegerField(
        min_value=0, max_value=20, initial=0, label="Go through all steps again", help_text="Further times; 0 for none."
    )
    fallback = forms.ModelChoiceField(
        EscalationPolicy.objects.none(), required=False, empty_label="None: the catch-all is paged",
        label="Then the policy", help_text="It takes over when nobody has answered.",
    )  # fmt: skip
    ack_timeout = DurationField(
        required=False, label="Ask whoever has it after", help_text="Without any activity, such as 30m. Empty: never."
    )
    answer_within = DurationField(
        required=False, label="And escalate again after", help_text="Without an answer; empty: 10m."
    )
    own_low = forms.BooleanField(required=False, label="P4 and P5 have steps of their own, below")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, teams: Sequence[Team], version: PolicyVersion | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """`version` is what the policy says so far; without it a new one is written."""
        super().__init__(data, initial=dict(initial or {}))
        self.version = version
        self._choices("team", Team.objects.filter(pk__in=[team.pk for team in teams]))
        others = EscalationPolicy.objects.filter(retired_at=None)
        self._choices("fallback", others.exclude(pk=version.policy_id) if version else others)
        said = {"steps": policy_of(version).steps if version else ()}
        said["steps_low"] = policy_of(version, "low").steps if version and version.steps_low is not None else ()
        if version is not None:
            self.initial.update(_initial(version))
        names = Names.of([policy_of(version), policy_of(version, "low")]) if version else Names()
        self.rows = {ladder: self._add_ladder(ladder, steps, names) for ladder, steps in said.items()}

    def clean(self) -> dict[str, Any]:
        """Says a first step without anybody at once, beside it, whatever else is wrong."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        badly = any(f"steps-{number}-targets" in self.errors for number in range(self.rows["steps"]))
        if not badly and not any(self._filled("steps")):
            self.add_error("steps-0-targets", "Name at least one step; without one nobody would be called.")
        return given

    def plain(self) -> list[BoundField]:
        """What is said of the policy itself."""
        return [self["name"], self["team"]]

    def after(self) -> list[BoundField]:
        """What comes after the last step."""
        return [self[name] for name in ("repeat", "fallback", "ack_timeout", "answer_within")]

    def high(self) -> Iterator[StepRow]:
        """Rows of the steps for all, or for what is urgent."""
        return self._rows("steps")

    def low(self) -> Iterator[StepRow]:
        """Rows of the steps for P4 and P5."""
        return self._rows("steps_low")

    def draft(self, slug: str) -> PolicyDraft:
        """What was filled in, once it is valid."""
        given = self.cleaned_data
        return PolicyDraft(
            slug=slug,
            name=given["name"].strip(),
            team=given["team"],
            steps=tuple(self._steps("steps")),
            steps_low=tuple(self._steps("steps_low")) if given["own_low"] else None,
            repeat=given["repeat"],
            fallback=given["fallback"],
            ack_timeout=given["ack_timeout"],
            answer_within=given["answer_within"],
        )

    def refuse(self, error: Invalid) -> None:
        """Say beside each field what the operation found wrong with it."""
        numbers = {ladder: [number for number, _ in self._filled(ladder)] for ladder in self.rows}
        for one in error.errors:
            found = PLACE.match(one.field)
            if found is None:
                self.add_error(one.field if one.field in self.fields else None, one.message)
            else:
                ladder, place, key = found[1], int(found[2]), FIELDS.get(found[3] or "", "targets")
                self.add_error(f"{ladder}-{numbers[ladder][place]}-{key}", one.message)
        if not error.errors:
            self.add_error(None, str(error))

    def _choices(self, name: str, rows: Any) -> None:  # noqa: ANN401
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells mypy
        field.queryset = rows

    def _add_ladder(self, ladder: str, steps: Sequence[Step], names: Names) -> int:
        sent = [int(found[1]) for key, value in self.data.items() if value and (found := _targets_of(ladder, key))]
        count = min(50, max(3, 1 + max([len(steps), *(number + 1 for number in sent)])))
        for number in range(count):
            self._add_step(f"{ladder}-{number}", steps[number] if number < len(steps) else None, names)
        return count

    def _add_step(self, stem: str, step: Step | None, names: Names) -> None:
        said = [_typed(target, names) for target in step.targets] if step else []
        lines = max(
            2, 1 + max(len(said), sum(1 for k, v in self.data.items() if v and k.startswith(f"{stem}-targets_")))
        )
        condition = step.condition if step else None
        days = sorted(condition.days if condition else range(7))
        fields: dict[str, forms.Field] = {
            "targets": TargetsField(lines, label="Whom", initial=said),
            "how": forms.ChoiceField(
                choices=HOW, label="How", required=False, initial="turn" if step and step.round_robin else "all"
            ),
            "wait": DurationField(
                required=False, label="Then wait", initial=durations.render(step.delay) if step else "5m"
            ),
            "repeat": forms.IntegerField(
                required=False, min_value=0, max_value=20, label="Ask again, times", initial=step.repeat if step else 0
            ),
            "days": forms.TypedMultipleChoiceField(
                coerce=int, choices=list(enumerate(WEEKDAYS)), required=False, label="Days", initial=days,
                widget=forms.CheckboxSelectMultiple,
            ),
            "start": _clock("From", condition.start if condition else None),
            "end": _clock("Until", condition.end if condition else None),
            "zone": forms.CharField(
                required=False, max_length=64, label="By the clock of", initial=condition.zone if condition else "",
                widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
                help_text="A zone makes this a condition: the step is left out at other times.",
            ),
        }  # fmt: skip
        self.fields.update({f"{stem}-{key}": field for key, field in fields.items()})

    def _rows(self, ladder: str) -> Iterator[StepRow]:
        for number in range(self.rows[ladder]):
            row = {key: self[f"{ladder}-{number}-{key}"] for key in ("targets", "how", "wait", "repeat")}
            condition = [self[f"{ladder}-{number}-{key}"] for key in ("zone", "days", "start", "end")]
            used = any(row["targets"].value() or [])
            yield StepRow(number + 1, list(row.values()), condition, used, bool(condition[0].value()))

    def _filled(self, ladder: str) -> Iterator[tuple[int, dict[str, Any]]]:
        for number in range(self.rows[ladder]):
            keys = ("targets", "how", "wait", "repeat", "days", "start", "end", "zone")
            row = {key: self.cleaned_data.get(f"{ladder}-{number}-{key}") for key in keys}
            if row["targets"]:
                yield number, row

    def _steps(self, ladder: str) -> Iterator[Step]:
        for _, row in self._filled(ladder):
            condition = None
            if row["zone"]:
                start, end = row["start"] or time(0), row["end"] or time(0)
                condition = Condition(row["zone"].strip(), frozenset(row["days"] or ()), start, end)
            wait = row["wait"] if row["wait"] is not None else timedelta(minutes=5)
            yield Step(tuple(row["targets"]), wait, row["repeat"] or 0, condition, row["how"] == "turn")


def zones() -> list[str]:
    """For the list of suggestions."""
    return sorted(available_timezones())


def _targets_of(ladder: str, key: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{ladder}-(\d{{1,2}})-targets_\d+", key)


def _initial(version: PolicyVersion) -> dict[str, Any]:
    return {
        "name": version.policy.name,
        "team": version.policy.team_id,
        "repeat": version.repeat,
        "fallback": version.fallback_id,
        "ack_timeout": durations.render(version.ack_timeout) if version.ack_timeout else "",
        "answer_within": durations.render(version.answer_within) if version.answer_within else "",
        "own_low": version.steps_low is not None,
    }


def _typed(target: Target, names: Names) -> str:
    return f"{names.label(target)} ({PREFIXES[target.kind]}{target.ref})"


def _clock(label: str, value: time | None) -> forms.TimeField:
    return forms.TimeField(
        required=False, label=label, initial=value or time(0), widget=forms.TimeInput(attrs=TIME, format="%H:%M")
    )
