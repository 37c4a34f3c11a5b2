"""What we answer as JSON: refs as `component:default/ci-runners`, times as ISO 8601."""

from dataclasses import fields
from typing import Any

from rest_framework import serializers

from catalog.api.shapes.incoming import LinkShape
from catalog.described import spec_of
from catalog.models import Component, Domain, Membership, Person, System, Team
from catalog.models.entity import Origin
from catalog.operations import Outcome

type Entity = Component | System | Domain | Team | Person
VERSIONED = ("ref", "version", "created_at", "updated_at", "retired_at", "origin", "source")


def _refs() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField())


def _map() -> serializers.DictField:
    return serializers.DictField(child=serializers.CharField())


class EntityOut(serializers.Serializer[Any]):
    """What all entities have."""

    kind = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    ref = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    tags = _refs()
    labels = _map()
    annotations = _map()
    links = LinkShape(many=True)
    extra = serializers.DictField(help_text="What a manifest says beyond these fields, as it came")
    origin = serializers.ChoiceField(choices=Origin.choices, help_text="Who wrote it last")
    source = serializers.CharField(help_text="The location, token or person that wrote it last")  # type: ignore[assignment]
    version = serializers.IntegerField(help_text="Also the ETag")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    changed = serializers.BooleanField(required=False, help_text="In answers to writes: whether anything was written")


class ComponentOut(EntityOut):
    """A component in whole."""

    kind = serializers.ChoiceField(choices=Component.Kind.choices)  # type: ignore[assignment]  # narrower
    type = serializers.CharField()
    lifecycle = serializers.CharField()
    tier = serializers.IntegerField(allow_null=True)
    owner = serializers.CharField(help_text="Empty: nobody")
    system = serializers.CharField()
    subcomponent_of = serializers.CharField()
    docs = serializers.CharField()
    runbook = serializers.CharField()
    definition = serializers.CharField()
    depends_on = _refs()
    dependency_of = _refs()
    provides_apis = _refs()
    consumes_apis = _refs()
    responders = _refs()
    confirmed_at = serializers.DateTimeField(allow_null=True, help_text="When its team last said that this is right")


class SystemOut(EntityOut):
    """A system in whole."""

    type = serializers.CharField()
    owner = serializers.CharField(help_text="Empty: nobody")
    domain = serializers.CharField()


class DomainOut(EntityOut):
    """A domain in whole."""

    type = serializers.CharField()
    owner = serializers.CharField(help_text="Empty: nobody")
    parent = serializers.CharField()  # type: ignore[assignment]  # a declared field


class MemberOut(serializers.Serializer[Any]):
    """A person in a team."""

    person = serializers.CharField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)


class TeamOut(EntityOut):
    """A team in whole."""

    type = serializers.CharField()
    email = serializers.CharField()
    picture = serializers.CharField()
    chat_url = serializers.CharField()
    parent = serializers.CharField()  # type: ignore[assignment]  # a declared field
    children = _refs()
    members = MemberOut(many=True)


class PersonOut(EntityOut):
    """A person in whole."""

    display_name = serializers.CharField()
    email = serializers.CharField()
    picture = serializers.CharField()
    time_zone = serializers.CharField()
    clock_24h = serializers.BooleanField()
    member_of = _refs()
    platform_admin = serializers.BooleanField()


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


class FaultOut(serializers.Serializer[Any]):
    """One thing wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class BulkItemOut(serializers.Serializer[Any]):
    """What became of one item, in the order in which they were sent."""

    ref = serializers.CharField(help_text="Empty where its name can't be one")
    status = serializers.IntegerField(help_text="As a single PUT would have answered: 201, 200, 400, 403, …")
    changed = serializers.BooleanField()
    version = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField(help_text="Why it was refused; empty where it was not")
    errors = FaultOut(many=True)  # type: ignore[assignment]  # a declared field


class BulkOut(serializers.Serializer[Any]):
    """What became of all items."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = BulkItemOut(many=True)


class ProblemOut(serializers.Serializer[Any]):
    """Something wrong at one place of a text."""

    line = serializers.IntegerField(help_text="From 1, over the whole text")
    column = serializers.IntegerField(help_text="From 1")
    field = serializers.CharField(help_text="Such as spec.dependsOn[2]; empty where there is none")
    code = serializers.CharField()
    message = serializers.CharField()
    suggestion = serializers.CharField(help_text="What was probably meant; empty where nothing comes to mind")


class AppliedDocumentOut(serializers.Serializer[Any]):
    """What became of one document."""

    document = serializers.IntegerField(help_text="Its place in the text, from 1")
    line = serializers.IntegerField()
    kind = serializers.CharField()
    ref = serializers.CharField(help_text="Empty where it names nothing")
    outcome = serializers.ChoiceField(choices=["created", "updated", "unchanged", "failed"])
    diff = serializers.DictField(
        child=serializers.ListField(child=serializers.JSONField(allow_null=True)), help_text="{field: [before, after]}"
    )
    problems = ProblemOut(many=True)
    warnings = ProblemOut(many=True)


class AppliedOut(serializers.Serializer[Any]):
    """What became of a stream."""

    dry_run = serializers.BooleanField(help_text="true: nothing was written")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    documents = AppliedDocumentOut(many=True)
    orphaned = _refs()
    retired = _refs()
    incomplete = serializers.BooleanField(help_text="true: something unreadable held back what may be orphaned")


def entity_json(entity: Entity, *, outcome: Outcome | None = None) -> dict[str, Any]:
    """Any entity, as the `…Out` of its kind."""
    spec = spec_of(entity)
    body = {each.name: getattr(spec, each.name) for each in fields(spec)}
    whole = {**body, "kind": entity.ref.partition(":")[0], **{name: getattr(entity, name) for name in VERSIONED}}
    if isinstance(entity, Component):
        whole["confirmed_at"] = entity.confirmed_at
    elif isinstance(entity, Team):
        whole["members"] = [{"person": one.person, "role": one.role} for one in body["members"] or ()]
    elif isinstance(entity, Person):
        whole["platform_admin"] = entity.platform_admin
    return whole if outcome is None else {**whole, "changed": outcome is not Outcome.UNCHANGED}
