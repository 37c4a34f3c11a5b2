"""Forms for people who would rather click. They only split text; what is right or wrong the operations say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.http import QueryDict

from catalog.models import ApiToken, Component, Membership, Person, Team
from catalog.specs import ComponentSpec, Link, MemberSpec, PersonSpec, TeamSpec
from portal.lib.errors import Expected

BOX = {"class": "form-check-input"}


class ExplainingForm(forms.Form):
    """A form that shows an expected failure at the field it is about, and keeps what was typed."""

    def explain(self, error: Expected) -> None:
        """Put each fault at its field (`tags[0]` at `tags`); what belongs to none goes on top."""
        for fault in error.errors:
            name = fault.field.partition("[")[0].partition(".")[0]
            self.add_error(name if name in self.fields else None, fault.message)
        if not error.errors:
            self.add_error(None, str(error))


class ComponentForm(ExplainingForm):
    """A component without what only machines write (labels, annotations, APIs), which stays as it is."""

    title = forms.CharField(required=False, max_length=200, help_text="What people call it")
    description = forms.CharField(required=False, help_text="One sentence")
    owner = forms.ChoiceField(required=False)
    type = forms.CharField(required=False, help_text="cluster, pipeline, runner, registry, service, …")
    tier = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Not said"), *((t.value, f"{t.value}, {t.label.lower()}") for t in Component.Tier)],
        help_text="How far it hurts when it stops; severity follows it",
    )
    lifecycle = forms.CharField(required=False, initial="production", help_text="experimental, production, deprecated")
    depends_on = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Depends on",
        help_text="One reference a line, such as component:default/k8s-build",
    )
    responders = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Further teams to page at P1, one reference a line",
    )
    runbook = forms.CharField(required=False, help_text="Address of what to do when it breaks")
    links = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line: the address, then what it is called",
    )
    tags = forms.CharField(required=False, help_text="Lower-case words with commas between")
    system = forms.CharField(required=False, help_text="What it is part of")
    docs = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 6}), help_text="Markdown")

    def __init__(
        self, data: QueryDict | None, *, owners: Iterable[Team], owner: str = "", spec: ComponentSpec | None = None
    ) -> None:
        super().__init__(data, initial=_initial(spec) if spec else {"owner": owner})
        self.known_links = {_written(link): link for link in spec.links} if spec else {}
        choices = {"": "Nobody", **{team.ref: team.label for team in owners}}
        if spec:
            choices.setdefault(spec.owner, spec.owner)  # who may not give it away may still save the rest
        self.fields["owner"] = forms.ChoiceField(
            required=False, choices=list(choices.items()), help_text="The team that is paged"
        )

    def said(self) -> dict[str, Any]:
        """The fields as `ComponentSpec` names them."""
        given = self.cleaned_data
        return {
            **{
                name: given[name]
                for name in ("title", "description", "owner", "type", "lifecycle", "runbook", "system")
            },
            "docs": given["docs"],
            "tier": given["tier"],
            "tags": tuple(given["tags"].replace(",", " ").split()),
            "depends_on": tuple(given["depends_on"].split()),
            "responders": tuple(given["responders"].split()),
            "links": tuple(
                self.known_links.get(line.strip()) or _link(line)
                for line in given["links"].splitlines()
                if line.strip()
            ),
        }


class NewComponentForm(ComponentForm):
    """A component with its name, which never changes afterwards."""

    kind = forms.ChoiceField(choices=Component.Kind.choices, initial=Component.Kind.COMPONENT)
    name = forms.CharField(max_length=63, help_text="Short, as in addresses and references; it can't be changed later")
    namespace = forms.CharField(max_length=63, initial="default", help_text="Leave it unless you know why")
    field_order = ("name", "title", "description", "owner", "type", "tier", "lifecycle", "depends_on")

    def spec(self) -> ComponentSpec:
        """The whole component."""
        name = {key: self.cleaned_data[key] for key in ("kind", "namespace", "name")}
        return ComponentSpec(**name, **self.said())


class TeamForm(ExplainingForm):
    """A team without its members, who are added one by one on its page."""

    title = forms.CharField(required=False, max_length=200, help_text="What people call it")
    description = forms.CharField(required=False, help_text="What it is for, in one sentence")
    email = forms.CharField(required=False, label="E-mail")
    chat_url = forms.CharField(required=False, label="Chat", help_text="Address of the channel to reach it")
    parent = forms.CharField(required=False, help_text="The wider team, such as group:default/platform")

    def said(self) -> dict[str, Any]:
        """The fields as `TeamSpec` names them."""
        return {name: self.cleaned_data[name] for name in TeamForm.base_fields}


class NewTeamForm(TeamForm):
    """A team with its name, which never changes afterwards; whoever makes it leads it."""

    name = forms.CharField(max_length=63, help_text="Short, as in addresses and references; it can't be changed later")
    namespace = forms.CharField(max_length=63, initial="default", help_text="Leave it unless you know why")
    field_order = ("name", "title", "description")

    def spec(self, lead: Person) -> TeamSpec:
        """The whole team, with `lead` in it."""
        name = {key: self.cleaned_data[key] for key in ("namespace", "name")}
        return TeamSpec(**name, **self.said(), members=(MemberSpec(person=lead.ref, role=Membership.Role.LEAD),))


class MemberForm(ExplainingForm):
    """Somebody for a team."""

    person = forms.CharField(max_length=200, help_text="Such as ada, or user:default/ada")
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.MEMBER)


class PersonForm(ExplainingForm):
    """What people say about themselves."""

    display_name = forms.CharField(required=False, max_length=200, label="Name")
    email = forms.CharField(required=False, label="E-mail")
    time_zone = forms.CharField(label="Time zone", help_text="Such as Europe/Berlin; all times are shown in it")
    clock_24h = forms.BooleanField(required=False, label="24-hour clock")

    def spec(self, person: Person) -> PersonSpec:
        """The whole person."""
        return PersonSpec(namespace=person.namespace, name=person.name, **self.cleaned_data)


class TokenForm(ExplainingForm):
    """A new API token."""

    name = forms.CharField(max_length=100, help_text="Where it will be used, such as ci-registrar")
    scopes = forms.MultipleChoiceField(
        choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple(attrs=BOX), help_text="As few as it needs"
    )
    teams = forms.MultipleChoiceField(required=False)
    expires_on = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        label="Expires on",
        help_text="Empty: it doesn't; it can be revoked at any time",
    )

    def __init__(self, data: QueryDict | None = None, *, teams: Sequence[Team], unlimited: bool) -> None:
        super().__init__(data)
        self.known = {str(team.pk): team for team in teams}
        self.fields["teams"] = forms.MultipleChoiceField(
            required=False,
            choices=[(key, team.label) for key, team in self.known.items()],
            widget=forms.CheckboxSelectMultiple(attrs=BOX),
            help_text="It may write only what these own" + ("; none: everything" if unlimited else ""),
        )

    def said(self) -> Mapping[str, Any]:
        """The arguments of `create_token`."""
        given, day = self.cleaned_data, self.cleaned_data["expires_on"]
        return {
            "name": given["name"],
            "scopes": given["scopes"],
            "teams": [self.known[key] for key in given["teams"]],
            "expires_at": datetime.combine(day, time(), tzinfo=UTC) if day else None,
        }


def _initial(spec: ComponentSpec) -> dict[str, object]:
    names = ("title", "description", "owner", "type", "tier", "lifecycle", "runbook", "system", "docs")
    return {
        **{name: getattr(spec, name) for name in names},
        "tags": ", ".join(spec.tags),
        "depends_on": "\n".join(spec.depends_on),
        "responders": "\n".join(spec.responders),
        "links": "\n".join(_written(link) for link in spec.links),
    }


def _written(link: Link) -> str:
    return f"{link['url']} {link.get('title', '')}".strip()


def _link(line: str) -> Link:
    url, _, title = line.strip().partition(" ")
    return {"url": url, "title": title.strip()} if title.strip() else {"url": url}
