"""Forms for people who would rather click. They only split text; what is right or wrong the operations say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.html import format_html

from catalog.form_fields import Lines, Links, Pairs, Words
from catalog.forms_naming import NamedForm
from catalog.models import ApiToken, Component, Membership, Person, Team
from catalog.specs import ComponentSpec, DomainSpec, EntitySpec, MemberSpec, SystemSpec, TeamSpec
from portal.lib.errors import Expected
from portal.lib.moments import DayField

BOX = {"class": "form-check-input"}
NAMES = ("kind", "namespace", "name")


class ExplainingForm(forms.Form):
    """A form that shows an expected failure at the field it is about, and keeps what was typed."""

    def explain(self, error: Expected) -> None:
        """Put each fault at its field (`tags[0]` at `tags`); what belongs to none goes on top."""
        for fault in error.errors:
            name = fault.field.partition("[")[0].partition(".")[0]
            self.add_error(name if name in self.fields else None, fault.message)
        if not error.errors:
            self.add_error(None, str(error))


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that stand together; under a `title` they are folded, for few need them."""

    title: str
    fields: list[forms.BoundField]

    @property
    def open(self) -> bool:
        """Whether it must be seen at once, because something in it is wrong."""
        return any(field.errors for field in self.fields)

    @property
    def filled(self) -> str:
        """What is said in it already, by name; else what could be."""
        said = [field.label for field in self.fields if field.value() not in (None, "", field.field.initial)]
        return ", ".join(str(label) for label in said) or "nothing filled in yet"


class EntityForm(ExplainingForm):
    """What can be said of everything: names, words for finding it, links. `groups` say what stands together."""

    title = forms.CharField(required=False, max_length=200, help_text="What people call it")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="One sentence")
    tags = Words(required=False, help_text="Lower-case words with commas between")
    links = Links(help_text="One per line: the address, then what it is called")
    labels = Pairs(help_text="One per line, key: value; short words that machines choose by")
    annotations = Pairs(help_text="One per line, key: value; for other tools, such as github.com/project-slug")

    groups: Mapping[str, Sequence[str]] = {}
    field_order: Sequence[str] = ()

    def __init__(self, data: QueryDict | None, *, spec: EntitySpec | None = None, **initial: object) -> None:
        said = {name: getattr(spec, name) for name in self.base_fields if hasattr(spec, name)} if spec else initial
        super().__init__(data, initial={name: self.base_fields[name].prepare_value(v) for name, v in said.items()})
        links = self.fields["links"]
        if spec and isinstance(links, Links):
            links.remember(spec.links)

    def parts(self) -> list[Part]:
        """The fields as they stand together, each group under its title; what no group names comes first."""
        named = {name for names in self.groups.values() for name in names}
        first = [self[name] for name in self.fields if name not in named]
        rest = [
            Part(title, [self[name] for name in names if name in self.fields]) for title, names in self.groups.items()
        ]
        return [Part("", first), *rest]

    def clean_description(self) -> str:
        """Its lines as documents end them, so that saving without a change changes nothing."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def said(self) -> dict[str, Any]:
        """The fields as the spec names them."""
        return {name: value for name, value in self.cleaned_data.items() if name not in NAMES}

    def choose_owner(self, owners: Iterable[Team], spec: EntitySpec | None) -> None:
        """Offer the teams that may be named; who may not give it away may still save the rest."""
        named = sorted(owners, key=lambda team: team.label.casefold())
        choices = {"": "Nobody", **{team.ref: team.label for team in named}}
        current = getattr(spec, "owner", "")
        if current and current not in choices:
            team = Team.objects.filter(ref=current).first()
            choices[current] = team.label if team else current
        self.fields["owner"] = forms.ChoiceField(
            required=False, choices=list(choices.items()), help_text="The team that is paged"
        )


class ComponentForm(EntityForm):
    """A component, a resource or an API in whole."""

    explained: ClassVar = {
        "owner": "catalog#ownership",
        "tier": "catalog#what-a-component-says",
        "depends_on": "catalog#blast-radius",
        "provides_apis": "catalog#relations",
        "responders": "escalation#one-cause-is-one-page",
        "annotations": "catalog-yaml#our-own-annotations",
    }

    owner = forms.ChoiceField(required=False)
    type = forms.CharField(
        required=False, help_text="cluster, pipeline, runner, registry, service, …; openapi, grpc, …"
    )
    tier = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Not said"), *((t.value, f"{t.value}, {t.label.lower()}") for t in Component.Tier)],
        help_text="How far it hurts when it stops; severity follows it",
    )
    lifecycle = forms.CharField(required=False, initial="production", help_text="experimental, production, deprecated")
    system = forms.CharField(required=False, help_text="The system it belongs to")
    subcomponent_of = forms.CharField(required=False, label="Part of", help_text="The component it is a part of")
    depends_on = Lines(
        rows=3, label="Depends on", help_text="One reference a line, such as component:default/k8s-build"
    )
    dependency_of = Lines(label="Needed by", help_text="What depends on it and doesn't say so itself")
    provides_apis = Lines(label="Provides APIs", help_text="One per line, such as orders-api")
    consumes_apis = Lines(label="Consumes APIs", help_text="One per line; it breaks when they do")
    responders = Lines(help_text="Further teams to page at P1, one reference a line")
    runbook = forms.CharField(required=False, help_text="Address of what to do when it breaks")
    docs = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs={"rows": 6}), help_text="Markdown")
    definition = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
        help_text="Of an API: its OpenAPI, AsyncAPI, gRPC or GraphQL text",
    )

    field_order: Sequence[str] = ("title", "description", "owner", "type", "tier", "lifecycle")
    groups = {
        "What it needs, what needs it": ("depends_on", "consumes_apis", "provides_apis", "dependency_of"),
        "Where it belongs": ("system", "subcomponent_of", "tags", "labels", "annotations", "namespace"),
        "When it breaks": ("responders", "runbook", "links"),
        "Documentation and definition": ("docs", "definition"),
    }

    def __init__(
        self, data: QueryDict | None, *, owners: Iterable[Team], owner: str = "", spec: ComponentSpec | None = None
    ) -> None:
        super().__init__(data, spec=spec, owner=owner)
        self.choose_owner(owners, spec)
        self.order_fields(self.field_order)


class NewComponentForm(NamedForm, ComponentForm):
    """A component with its name, which never changes afterwards."""

    explained: ClassVar = {
        "kind": "catalog#what-is-registered",
        "name": "catalog#references",
    }

    kind = forms.ChoiceField(choices=Component.Kind.choices, initial=Component.Kind.COMPONENT)
    field_order: Sequence[str] = (
        "title",
        "name",
        "description",
        "owner",
        "kind",
        "type",
        "tier",
        "lifecycle",
    )

    def spec(self) -> ComponentSpec:
        """The whole component."""
        return ComponentSpec(**{key: self.cleaned_data[key] for key in ("kind", "namespace", "name")}, **self.said())


class SystemForm(EntityForm):
    """A system in whole."""

    owner = forms.ChoiceField(required=False)
    type = forms.CharField(required=False, help_text="product, platform, … or your own word")
    domain = forms.CharField(required=False, help_text="The domain it belongs to")
    field_order: Sequence[str] = ("title", "description", "owner", "type", "domain", "tags", "links")
    groups = {"For machines": ("labels", "annotations")}

    def __init__(
        self,
        data: QueryDict | None,
        *,
        owners: Iterable[Team],
        owner: str = "",
        spec: SystemSpec | DomainSpec | None = None,
    ) -> None:
        super().__init__(data, spec=spec, owner=owner)
        self.choose_owner(owners, spec)
        self.order_fields(self.field_order)


class NewSystemForm(NamedForm, SystemForm):
    """A system with its name."""

    field_order: Sequence[str] = ("title", "name", *SystemForm.field_order[1:])

    def spec(self) -> SystemSpec:
        """The whole system."""
        return SystemSpec(**{key: self.cleaned_data[key] for key in ("namespace", "name")}, **self.said())


class DomainForm(SystemForm):
    """A domain in whole."""

    domain = None  # type: ignore[assignment]  # how Django takes an inherited field away
    parent = forms.CharField(required=False, label="Part of", help_text="The wider domain")
    field_order: Sequence[str] = ("title", "description", "owner", "type", "parent", "tags", "links")


class NewDomainForm(NamedForm, DomainForm):
    """A domain with its name."""

    field_order: Sequence[str] = ("title", "name", *DomainForm.field_order[1:])

    def spec(self) -> DomainSpec:
        """The whole domain."""
        return DomainSpec(**{key: self.cleaned_data[key] for key in ("namespace", "name")}, **self.said())


class TeamForm(EntityForm):
    """A team without its members, who are added one by one on its page."""

    explained: ClassVar = {
        "parent": "catalog#relations",
    }

    type = forms.CharField(required=False, initial="team", help_text="team, department, squad, … or your own word")
    email = forms.CharField(required=False, label="E-mail")
    chat_url = forms.CharField(required=False, label="Chat", help_text="Address of the channel to reach it")
    parent = forms.CharField(required=False, help_text="The wider team, such as group:default/platform")
    children = Lines(label="Teams in it", help_text="One per line; a team may also say itself what it is part of")
    field_order: Sequence[str] = (
        "title",
        "description",
        "email",
        "chat_url",
        "parent",
        "children",
        "type",
        "tags",
        "links",
    )
    groups = {"For machines": ("labels", "annotations")}


class NewTeamForm(NamedForm, TeamForm):
    """A team with its name, which never changes afterwards; whoever makes it leads it."""

    field_order: Sequence[str] = ("title", "name", *TeamForm.field_order[1:])

    def spec(self, lead: Person) -> TeamSpec:
        """The whole team, with `lead` in it."""
        name = {key: self.cleaned_data[key] for key in ("namespace", "name")}
        return TeamSpec(**name, **self.said(), members=(MemberSpec(person=lead.ref, role=Membership.Role.LEAD),))


class PasteForm(ExplainingForm):
    """A catalog-info.yaml, pasted."""

    explained: ClassVar = {
        "text": "kinds",
    }

    text = forms.CharField(
        label="catalog-info.yaml",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono", "spellcheck": "false"}),
        help_text="One document or many, with --- between",
    )


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


class TokenForm(ExplainingForm):
    """A new API token."""

    explained: ClassVar = {
        "scopes": "api#tokens",
        "teams": "api#tokens",
    }

    name = forms.CharField(max_length=100, help_text="Where it will be used, such as ci-registrar")
    scopes = forms.MultipleChoiceField(
        choices=[
            (scope, format_html('{} <span class="t-2 fs-12 mono nowrap">{}</span>', words, scope))
            for scope, words in ApiToken.Scope.choices
        ],
        widget=forms.CheckboxSelectMultiple(attrs=BOX),
        help_text="As few as it needs",
    )
    teams = forms.MultipleChoiceField(required=False)
    expires_on = DayField(
        required=False,
        label="Expires on",
        help_text="Empty: never expires. It can be revoked at any time",
    )

    def __init__(self, data: QueryDict | None = None, *, teams: Sequence[Team], unlimited: bool) -> None:
        super().__init__(data)
        self.known = {str(team.pk): team for team in teams}
        self.fields["teams"] = forms.MultipleChoiceField(
            required=False,
            choices=[(key, team.label) for key, team in self.known.items()],
            widget=forms.CheckboxSelectMultiple(attrs=BOX),
            help_text="It may write only what these own"
            + ("; none: everything" if unlimited else "; tick at least one"),
        )
        if not unlimited:
            self.fields["teams"].needed = ""  # type: ignore[attr-defined]  # not called optional: see components/field.html

    def said(self) -> Mapping[str, Any]:
        """The arguments of `create_token`."""
        given, day = self.cleaned_data, self.cleaned_data["expires_on"]
        return {
            "name": given["name"],
            "scopes": given["scopes"],
            "teams": [self.known[key] for key in given["teams"]],
            "expires_at": datetime.combine(day, time(), tzinfo=UTC) if day else None,
        }
