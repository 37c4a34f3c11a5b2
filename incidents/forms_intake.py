"""What people fill in about integrations. The form only splits text; what is right or wrong `intake.config` says."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms

from catalog.form_fields import Lines, Pairs, Words
from catalog.forms import ExplainingForm
from catalog.models import Team
from incidents.intake.config import COMPONENT, LOUDNESS, NONE, POINTERS
from incidents.models import Integration
from portal.lib import durations

LABELS = "labels"
POINTER = {"class": "mono", "spellcheck": "false", "placeholder": "/alert/id"}
RULES = (("page", "Page somebody"), ("ticket", "A ticket: can wait for the morning"), ("info", "For information"))
RULE_LINE = re.compile(r"^(?P<labels>.+?)\s*(?:->|→)\s*(?P<component>[^\s].*)$")
KNOWN_WORDS = ", ".join(
    f"{word} as {rule}" for word, rule in LOUDNESS.items() if word in ("critical", "warning", "info")
)


class ComponentRules(Lines):
    """`job=runner-* dc=eu -> ci-runners`, one a line."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # what the framework says
        """The rules as settings have them. Raises ValidationError naming the line."""
        lines = [line.strip() for line in str(value or "").splitlines()]
        return [_rule(number, line) for number, line in enumerate(lines, start=1) if line]

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401
        """A rule a line each."""
        if not isinstance(value, list):
            return value
        lines = (
            f"{' '.join(f'{name}={text}' for name, text in rule['labels'].items())} -> {rule['component']}"
            for rule in value
        )
        return "\n".join(lines)


class IntegrationForm(ExplainingForm):
    """Name, and how the sender's words are read. Fields that are not of its kind are left out."""

    explained: ClassVar = {
        "component_rules": "alerts#how-an-alert-is-read",
        "rules": "alerts#how-an-alert-is-read",
        "grouping": "alerts#how-an-alert-is-read",
        "key": "alerts#any-json",
        "grace": "alerts#heartbeats",
    }

    name = forms.CharField(max_length=200, help_text="Where the alerts come from, such as Prometheus eu-1")
    team = forms.ChoiceField(required=False, help_text="Whose members may change it and give it keys")
    every = forms.CharField(initial="5m", label="A beat every", help_text="Such as 30s, 5m, 1h or 1d")
    grace = forms.CharField(initial="1m", label="Grace", help_text="So much later silence becomes an alert")
    items = forms.CharField(
        required=False, label="Alerts are at", help_text="Where one request holds many: the list. Else leave it empty",
        widget=forms.TextInput(attrs=POINTER | {"placeholder": "/alerts"}),
    )  # fmt: skip
    key = forms.CharField(
        required=False, help_text="The same key is the same trouble; without it the summary is the key",
        widget=forms.TextInput(attrs=POINTER),
    )  # fmt: skip
    summary = forms.CharField(
        required=False,
        help_text="What is wrong, in a line",
        widget=forms.TextInput(attrs=POINTER | {"placeholder": "/title"}),
    )
    component = forms.CharField(
        required=False, help_text="The component's name or reference",
        widget=forms.TextInput(attrs=POINTER | {"placeholder": "/service"}),
    )  # fmt: skip
    severity = forms.CharField(required=False, widget=forms.TextInput(attrs=POINTER | {"placeholder": "/level"}))
    status = forms.CharField(
        required=False, help_text="Whether it fires or is over; without it everything fires",
        widget=forms.TextInput(attrs=POINTER | {"placeholder": "/state"}),
    )  # fmt: skip
    link = Lines(label="Links are at", help_text="One pointer a line")
    label = Pairs(label="Labels are at", help_text="One per line, name: pointer; for rules and groups below")
    severities = Pairs(label="Words for severity", help_text="One per line, their word: page, ticket or info")
    statuses = Pairs(label="Words for status", help_text="One per line, their word: firing or resolved")
    component_labels = Words(
        required=False, initial=("component", "portico_component"), label="Component labels",
        help_text="The first of these labels that names a known component decides",
    )  # fmt: skip
    component_rules = ComponentRules(
        rows=3, label="Component rules",
        help_text="One per line, such as job=runner-* dc=eu -> ci-runners; a star stands for anything",
    )  # fmt: skip
    default_component = forms.CharField(
        required=False,
        label="Otherwise",
        help_text="The component where none is named; without one the catch-all is paged",
    )
    severity_label = forms.CharField(initial="severity", required=False, label="Severity label")
    rules = Pairs(
        label="What words for severity mean",
        help_text=f"One per line, their word: page, ticket or info. Already known: {KNOWN_WORDS}, and their like",
    )
    default_rule = forms.ChoiceField(choices=RULES, initial="page", label="Without a known severity")
    grouping = forms.ChoiceField(
        choices=[
            (COMPONENT, "Alerts of one component are one incident"),
            (NONE, "Each alert is an incident of its own"),
            (LABELS, "Alerts with the same labels are one incident"),
        ],
        initial=COMPONENT,
    )
    group_labels = Words(required=False, label="Labels to group by", help_text="Such as alertname, cluster")

    MAPPED = ("items", "key", "summary", "component", "severity", "status", "link", "label", "severities", "statuses")
    BEATS = ("every", "grace")
    SOURCES = ("component_labels", "component_rules", "severity_label", "rules", "grouping", "group_labels")
    FOLDED: Mapping[str, tuple[str, ...]] = {
        "Links, labels, their words": ("link", "label", "severities", "statuses"),
        "Which component": ("component_labels", "component_rules", "default_component"),
        "How loud": ("severity_label", "rules", "default_rule"),
        "What belongs together": ("grouping", "group_labels"),
    }

    def __init__(
        self, data: Any = None, *, kind: str, teams: Iterable[Team] = (), unlimited: bool = False,  # noqa: ANN401
        of: Integration | None = None, team: str = "",
    ) -> None:  # fmt: skip
        super().__init__(data, initial=_initial(of) if of else {"team": team})
        self.kind = kind
        for name in _foreign(kind):
            del self.fields[name]
        if of is not None:
            del self.fields["team"]
            return
        field = self.fields["team"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # tells mypy
        choices = [("", "No team: platform admins")] if unlimited else []
        field.choices = [*choices, *((team.ref, team.label) for team in teams)]
        field.required = not unlimited

    def first(self) -> list[forms.BoundField]:
        """The fields everybody fills in."""
        folded = {name for names in self.FOLDED.values() for name in names}
        return [self[name] for name in self.fields if name not in folded]

    def folds(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        """Fields with a good default: their title, themselves, and whether something in them is wrong."""
        found = []
        for title, names in self.FOLDED.items():
            fields = [self[name] for name in names if name in self.fields]
            if fields:
                found.append((title, fields, any(field.errors for field in fields)))
        return found

    def settings(self) -> dict[str, object]:
        """What was filled in, as settings have it."""
        given = self.cleaned_data
        plain = ("component_labels", "component_rules", "default_component", "severity_label", "rules", "default_rule")
        said: dict[str, object] = {name: given[name] for name in plain if name in given}
        said |= {name: durations.plain(given[name]) for name in self.BEATS if name in given}
        if "grouping" in given:
            labels = list(given["group_labels"])
            said["grouping"] = labels if given["grouping"] == LABELS else given["grouping"]
        if self.kind == Integration.Kind.GENERIC:
            said["mapping"] = {
                **{name: given[name] for name in POINTERS},
                "links": list(given["link"]), "labels": given["label"],
                "severities": given["severities"], "statuses": given["statuses"],
            }  # fmt: skip
        return said

    def clean(self) -> dict[str, Any]:
        """Grouping by labels needs some."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("grouping") == LABELS and not given.get("group_labels"):
            self.add_error("group_labels", "Name the labels.")
        return given

    def explain(self, error: Any) -> None:  # noqa: ANN401  # an Expected, as its base says
        """Each fault at its field: `settings.mapping.links[0]` at `link`."""
        for fault in error.errors:
            path = re.split(r"[.\[]", fault.field.removeprefix("settings.").removeprefix("mapping."))[0]
            name = {"links": "link", "labels": "label"}.get(path, path)
            self.add_error(name if name in self.fields else None, fault.message)
        if not error.errors:
            self.add_error(None, str(error))


def _rule(number: int, line: str) -> dict[str, object]:
    found = RULE_LINE.match(line)
    pairs = [pair.partition("=") for pair in found["labels"].replace(",", " ").split()] if found else []
    if not found or not pairs or not all(mark and name for name, mark, _ in pairs):
        raise forms.ValidationError(
            f"Line {number}: write label=value -> component, such as job=runner-* -> ci-runners."
        )
    return {"labels": {name: value for name, _, value in pairs}, "component": found["component"].strip()}


def _foreign(kind: str) -> list[str]:
    form = IntegrationForm
    if kind == Integration.Kind.HEARTBEAT:
        return [*form.MAPPED, *form.SOURCES]
    own = form.BEATS
    if kind == Integration.Kind.GENERIC:
        return [*own, "severity_label"]
    return [*own, *form.MAPPED, *(["severity_label"] if kind != Integration.Kind.ALERTMANAGER else [])]


def _initial(of: Integration) -> dict[str, object]:
    said = dict(of.settings)
    mapping = said.pop("mapping", {})
    grouping = said.pop("grouping", COMPONENT)
    listed = isinstance(grouping, list)
    names = {"links": "link", "labels": "label"}
    told = {names.get(name, name): tuple(v) if isinstance(v, list) else v for name, v in mapping.items()}
    return {
        **said,
        **told,
        "component_labels": tuple(said.get("component_labels", ())),
        "name": of.name,
        "grouping": LABELS if listed else grouping,
        "group_labels": tuple(grouping) if listed else (),
    }
