"""What goes in and out as JSON: refs as `component:default/ci-runners`, times as ISO 8601."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from rest_framework import serializers

from catalog.described import component_spec, person_spec, team_spec
from catalog.models import Component, Membership, Person, Team
from catalog.operations import Outcome
from portal.lib.strict import StrictSerializer

ECHOES = frozenset({"kind", "namespace", "name", "ref", "version", "changed", "created_at", "updated_at", "retired_at"})


def _text(help_text: str = "", *, trim: bool = True) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, allow_null=True, trim_whitespace=trim, help_text=help_text
    )


def _texts(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, max_length=1000, help_text=help_text
    )


def _map(help_text: str) -> serializers.DictField:
    child = serializers.CharField(allow_blank=True, allow_null=True, trim_whitespace=False)
    return serializers.DictField(child=child, required=False, allow_null=True, help_text=help_text)


class LinkShape(StrictSerializer):
    """A link people may follow."""

    url = serializers.CharField(max_length=2000)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    icon = serializers.CharField(required=False, allow_blank=True, max_length=63)
    type = serializers.CharField(required=False, allow_blank=True, max_length=63)


class MetadataIn(StrictSerializer):
    """What all entities have."""

    echoes = ECHOES

    title = _text("What people call it")
    description = _text(trim=False)
    type = _text("cluster, pipeline, runner, service, …")
    tags = _texts("Lower-case words")
    labels = _map("Merged key by key in PATCH; null removes one")
    annotations = _map("Merged key by key in PATCH; null removes one")
    links = serializers.ListField(child=LinkShape(), required=False, allow_null=True)


class ComponentIn(MetadataIn):
    """What a client says of a component. In PUT what is left out is empty, in PATCH it stays."""

    lifecycle = _text("experimental, production, deprecated, or any text")
    tier = serializers.IntegerField(
        required=False, allow_null=True, help_text="1 the whole company stops … 4 nobody notices"
    )
    owner = _text("A team's reference, such as group:default/build-ci, or just build-ci")
    system = _text("A system's reference")
    docs = _text("Markdown", trim=False)
    runbook = _text("Address of what to do when it breaks")
    depends_on = _texts("References with their kind, such as component:default/k8s-build")
    provides_apis = _texts("References; the kind is api where left out")
    consumes_apis = _texts("References; the kind is api where left out")
    responders = _texts("Further teams to page at P1")


class MemberShape(StrictSerializer):
    """A person in a team."""

    echoes = frozenset({"display_name"})

    person = serializers.CharField(help_text="Such as user:default/ada, or just ada")
    role = serializers.ChoiceField(choices=Membership.Role.choices, default=Membership.Role.MEMBER)


class TeamIn(MetadataIn):
    """What a client says of a team. In PUT what is left out is empty, but for members, who stay."""

    email = _text()
    chat_url = _text("Where to reach them")
    parent = _text("The wider team's reference")  # type: ignore[assignment]  # a declared field
    members = serializers.ListField(child=MemberShape(), required=False, allow_null=True)


class PersonIn(StrictSerializer):
    """What a client says of a person."""

    echoes = ECHOES | {"platform_admin"}

    display_name = _text()
    email = _text()
    time_zone = _text("Such as Europe/Berlin")
    clock_24h = serializers.BooleanField(required=False, allow_null=True)


class ComponentOut(serializers.Serializer[Any]):
    """A component in whole."""

    kind = serializers.ChoiceField(choices=Component.Kind.choices)
    namespace = serializers.CharField()
    name = serializers.CharField()
    ref = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    type = serializers.CharField()
    lifecycle = serializers.CharField()
    tier = serializers.IntegerField(allow_null=True)
    owner = serializers.CharField(help_text="Empty: nobody")
    system = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField())
    links = LinkShape(many=True)
    docs = serializers.CharField()
    runbook = serializers.CharField()
    depends_on = serializers.ListField(child=serializers.CharField())
    provides_apis = serializers.ListField(child=serializers.CharField())
    consumes_apis = serializers.ListField(child=serializers.CharField())
    responders = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField(help_text="Also the ETag")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    changed = serializers.BooleanField(required=False, help_text="In answers to writes: whether anything was written")


class MemberOut(serializers.Serializer[Any]):
    """A person in a team."""

    person = serializers.CharField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)


class TeamOut(serializers.Serializer[Any]):
    """A team in whole."""

    kind = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    ref = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    type = serializers.CharField()
    email = serializers.CharField()
    chat_url = serializers.CharField()
    parent = serializers.CharField()  # type: ignore[assignment]  # a declared field
    tags = serializers.ListField(child=serializers.CharField())
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField())
    links = LinkShape(many=True)
    members = MemberOut(many=True)
    version = serializers.IntegerField(help_text="Also the ETag")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    changed = serializers.BooleanField(required=False, help_text="In answers to writes: whether anything was written")


class PersonOut(serializers.Serializer[Any]):
    """A person."""

    ref = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    display_name = serializers.CharField()
    email = serializers.CharField()
    time_zone = serializers.CharField()
    clock_24h = serializers.BooleanField()
    platform_admin = serializers.BooleanField()
    changed = serializers.BooleanField(required=False, help_text="In answers to writes: whether anything was written")


class MeOut(serializers.Serializer[Any]):
    """Who asks."""

    ref = serializers.CharField(help_text="user:… or token:…")
    name = serializers.CharField()
    person = PersonOut(allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="Of a token; null: all")
    teams = serializers.ListField(child=serializers.CharField(), help_text="Whose things it may write")
    everywhere = serializers.BooleanField(help_text="Whether no team limits it")


class HurtOut(serializers.Serializer[Any]):
    """A component that breaks too."""

    ref = serializers.CharField()
    depth = serializers.IntegerField(help_text="Steps away")
    path = serializers.ListField(child=serializers.CharField(), help_text="From the broken one to this one")
    owner = serializers.CharField()
    tier = serializers.IntegerField(allow_null=True)


class BlastRadiusOut(serializers.Serializer[Any]):
    """Everything that breaks when the component does."""

    ref = serializers.CharField()
    components = HurtOut(many=True)
    teams = serializers.ListField(child=serializers.CharField())
    people_count = serializers.IntegerField()


def component_json(component: Component, *, outcome: Outcome | None = None) -> dict[str, Any]:
    """As `ComponentOut`."""
    spec = component_spec(component)
    body = {f.name: getattr(spec, f.name) for f in fields(spec)}
    return {**body, **_versioned(component), **_changed(outcome)}


def team_json(team: Team, *, outcome: Outcome | None = None) -> dict[str, Any]:
    """As `TeamOut`."""
    spec = team_spec(team)
    body = {f.name: getattr(spec, f.name) for f in fields(spec)}
    members = [{"person": member.person, "role": member.role} for member in spec.members or ()]
    return {"kind": "group", **body, "members": members, **_versioned(team), **_changed(outcome)}


def person_json(person: Person, *, outcome: Outcome | None = None) -> dict[str, Any]:
    """As `PersonOut`."""
    spec = person_spec(person)
    body = {f.name: getattr(spec, f.name) for f in fields(spec)}
    return {"ref": person.ref, **body, "platform_admin": person.platform_admin, **_changed(outcome)}


def people_json(people: Iterable[Person]) -> list[dict[str, Any]]:
    """Several, as `PersonOut`."""
    return [person_json(person) for person in people]


def _versioned(entity: Component | Team) -> dict[str, Any]:
    names = ("ref", "version", "created_at", "updated_at", "retired_at")
    return {name: getattr(entity, name) for name in names}


def _changed(outcome: Outcome | None) -> dict[str, Any]:
    return {} if outcome is None else {"changed": outcome is not Outcome.UNCHANGED}
