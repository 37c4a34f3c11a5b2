"""The form of a location. It only splits text; what is right or wrong the operations say."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from django import forms
from django.http import QueryDict

from catalog.forms import BOX, ExplainingForm
from catalog.models import Location, Team
from catalog.specs_location import LocationSpec

EVERYBODY = "*"
EVERY = [
    ("5m", "Every 5 minutes"),
    ("15m", "Every 15 minutes"),
    ("1h", "Every hour"),
    ("1d", "Every day"),
    ("0s", "Only when asked, by the button or a webhook"),
]


class LocationForm(ExplainingForm):
    """A location without what only machines write (labels, annotations, tags), which stays as it is."""

    explained: ClassVar = {
        "targets": "catalog#import-from-repositories",
        "team": "catalog#import-from-repositories",
        "prunes": "catalog#import-from-repositories",
        "auth": "catalog#import-from-repositories",
    }

    title = forms.CharField(required=False, max_length=200, help_text="What people call it")
    type = forms.ChoiceField(choices=Location.Type.choices, label="Read from")
    targets = forms.CharField(
        label="Addresses or directories",
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono"}),
        help_text="One per line: the address of a catalog-info.yaml (its page on GitHub, GitLab, Bitbucket or Gitea "
        "will do), or the absolute path of a directory",
    )
    team = forms.ChoiceField(label="May write for", help_text="Its manifests then write only what this team owns")
    every = forms.ChoiceField(choices=EVERY, initial="1h", label="Read")
    prunes = forms.BooleanField(
        required=False,
        label="Retire what it no longer names",
        widget=forms.CheckboxInput(attrs=BOX),
        help_text="Otherwise that stays in the catalog, and is listed as an orphan on the location’s page",
    )
    auth_header = forms.CharField(
        required=False,
        max_length=100,
        label="Header",
        help_text="Its name, where files are private: such as Authorization",
    )
    auth = forms.CharField(
        required=False,
        strip=True,
        label="What the header says",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Such as Bearer and a token that may only read; kept sealed, sent to its own servers only",
    )

    def __init__(
        self, data: QueryDict | None, *, teams: Iterable[Team], unlimited: bool, spec: LocationSpec | None = None
    ) -> None:
        super().__init__(data, initial=_initial(spec) if spec else {"team": EVERYBODY if unlimited else ""})
        self.before = spec
        choices = {EVERYBODY: "Every team"} if unlimited else {}
        choices |= {team.ref: team.label for team in teams}
        if spec and spec.team:
            choices.setdefault(spec.team, spec.team)
        self.fields["team"] = forms.ChoiceField(
            choices=[("", "Choose a team"), *choices.items()],
            label="May write for",
            help_text=self.fields["team"].help_text,
        )
        every = str(self.initial.get("every", "1h"))
        if every not in dict(EVERY):
            self.fields["every"] = forms.ChoiceField(choices=[(every, f"Every {every}"), *EVERY], label="Read")
        if spec and spec.auth_header:
            self.fields["auth"].help_text = "Leave it empty to keep what is stored"

    def spec(self) -> LocationSpec:
        """The whole location."""
        given = self.cleaned_data
        before = self.before or LocationSpec(namespace=given["namespace"], name=given["name"])
        return replace(
            before,
            title=given["title"],
            type=given["type"],
            targets=tuple(line.strip() for line in given["targets"].splitlines() if line.strip()),
            team="" if given["team"] == EVERYBODY else given["team"],
            every=given["every"],
            prunes=given["prunes"],
            auth_header=given["auth_header"],
            auth=given["auth"] or None,
        )


class NewLocationForm(LocationForm):
    """A location with its name, which never changes afterwards."""

    name = forms.CharField(max_length=63, help_text="Short, as in addresses and references; it can't be changed later")
    namespace = forms.CharField(max_length=63, initial="default", help_text="Leave it unless you know why")
    field_order = ("name", "title", "type", "targets", "team", "every", "prunes", "auth_header", "auth", "namespace")


def _initial(spec: LocationSpec) -> dict[str, object]:
    team = EVERYBODY if spec.team == "" else spec.team or ""
    names = ("title", "type", "every", "prunes", "auth_header")
    return {**{name: getattr(spec, name) for name in names}, "team": team, "targets": "\n".join(spec.targets)}
