"""An alert policy by form: a row for each rule."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, ClassVar

from django import forms
from django.forms import BoundField

from portal.lib import durations
from slo.models import AlertPolicy
from slo.windows import WORKBOOK, BadRule, parse_rules

ROWS = 6
MEASURES = [
    ("fraction", "% of the budget spent in the long window"),
    ("factor", "times too fast"),
    ("ratio", "% of all are bad"),
]
SHARES = {"fraction", "ratio"}
LINE = {"class": "mono", "spellcheck": "false", "autocapitalize": "off"}
KEYS = ("name", "title", "measure", "value", "long", "short", "severity", "min_bad", "min_events")


class AlertPolicyForm(forms.Form):
    """A policy and its rules; a row without a name is none."""

    explained: ClassVar = {
        "name": "slos#alert-policies",
    }

    name = forms.SlugField(max_length=63, help_text="For the API and for files, such as nights-off. It stays.")
    title = forms.CharField(max_length=200, required=False)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Mapping[str, Any] | None = None, *, policy: AlertPolicy | None = None) -> None:
        """`policy` is the one to be changed; without it a new one is written, and the workbook's rules are offered."""
        super().__init__(data)
        given = policy.rules if policy else WORKBOOK
        if policy:
            self.initial = {"name": policy.name, "title": policy.title, "description": policy.description}
            self.fields["name"].disabled = True
        self.rows = max(ROWS, len(given) + 2)
        for place in range(self.rows):
            self._add_row(place, given[place] if place < len(given) else {})

    def _add_row(self, place: int, rule: Mapping[str, Any]) -> None:
        measure = next((key for key, _ in MEASURES if rule.get(key) is not None), "fraction")
        value = f"{float(Fraction(str(rule[measure])) * (100 if measure in SHARES else 1)):g}" if rule else ""
        fields: dict[str, forms.Field] = {
            "name": _line("Name", rule.get("name", "")),
            "title": forms.CharField(required=False, max_length=200, label="In words", initial=rule.get("title", "")),
            "severity": forms.ChoiceField(
                required=False, choices=[("page", "pages somebody"), ("ticket", "opens a ticket")], label="Then it",
                initial=rule.get("severity", "page"),
            ),
            "value": forms.DecimalField(required=False, label="Over", max_digits=14, decimal_places=8, initial=value),
            "measure": forms.ChoiceField(required=False, choices=MEASURES, label="Of what", initial=measure),
            "long": _line("Long window", rule.get("long", "")),
            "short": _line("Short window", rule.get("short", "")),
            "min_bad": _count("Bad, at least", rule.get("min_bad", 2)),
            "min_events": _count("In all, at least", rule.get("min_events", 0)),
        }  # fmt: skip
        self.fields.update({f"{key}_{place}": field for key, field in fields.items()})

    def plain(self) -> list[BoundField]:
        """What is said of the policy itself."""
        return [self[name] for name in ("name", "title", "description")]

    def rule_rows(self) -> Iterator[list[BoundField]]:
        """The fields of each rule."""
        order = ("name", "title", "severity", "value", "measure", "long", "short", "min_bad", "min_events")
        for place in range(self.rows):
            yield [self[f"{key}_{place}"] for key in order]

    def rules(self) -> list[dict[str, Any]]:
        """The rules written, as a policy stores them. Call it on a valid form."""
        return [rule for _, rule in self._rules()]

    def _rules(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for place in range(self.rows):
            row = {key: self.cleaned_data.get(f"{key}_{place}") for key in KEYS}
            if not any(row[key] for key in ("name", "value", "long", "short")):
                continue
            yield place, self._rule(row)

    def _rule(self, row: Mapping[str, Any]) -> dict[str, Any]:
        measure = row["measure"] or "fraction"
        value = row["value"]
        if value is not None:
            value = f"{(value / 100 if measure in SHARES else value).normalize():f}"
        counts = {key: row[key] for key, usual in (("min_bad", 2), ("min_events", 0)) if row[key] not in (None, usual)}
        return {
            "name": row["name"] or "",
            "title": row["title"] or row["name"] or "",
            measure: value,
            "long": _written(row["long"]),
            "short": _written(row["short"]),
            "severity": row["severity"] or "page",
            **counts,
        }

    def clean(self) -> dict[str, Any]:
        """What is wrong with a rule is said beside its fields."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for place, rule in self._rules():
            try:
                parse_rules([rule])
            except BadRule as error:
                said = str(error).removeprefix(f"rule {rule['name']}: ")
                self.add_error(self._beside(said, place), f"{said[:1].upper()}{said[1:]}.")
        return given

    def _beside(self, said: str, place: int) -> str:
        key = next((key for key in ("long", "short", "min_bad", "min_events") if said.startswith(key)), "value")
        key = "name" if "needs a name" in said else "short" if "short window" in said else key
        return f"{key}_{place}"


def _line(label: str, initial: str) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=200, label=label, initial=initial, widget=forms.TextInput(attrs=LINE)
    )


def _count(label: str, initial: int) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=1_000_000_000, label=label, initial=initial)


def _written(text: str | None) -> str:
    """A window as it is stored, so that `60m` and `1h` are the same."""
    return durations.plain(text or "")
