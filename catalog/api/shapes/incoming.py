"""What clients send as JSON."""

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from catalog.models import Component, Membership
from portal.lib.strict import StrictSerializer

ECHOES = frozenset(
    {
        "kind", "namespace", "name", "ref", "version", "changed", "created_at", "updated_at", "retired_at",
        "confirmed_at", "origin", "source",
    }
)  # fmt: skip


class Text(serializers.CharField):
    """Text, without two looks at each for characters that no JSON body of ours holds (portal.lib.json_body)."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # the framework's own
        super().__init__(**options)
        done = (ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator)
        self.validators = [one for one in self.validators if not isinstance(one, done)]


def _text(help_text: str = "", *, trim: bool = True) -> serializers.CharField:
    return Text(required=False, allow_blank=True, allow_null=True, trim_whitespace=trim, help_text=help_text)


def _texts(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=Text(), required=False, allow_null=True, max_length=1000, help_text=help_text)


def _map(help_text: str) -> serializers.DictField:
    child = Text(allow_blank=True, allow_null=True, trim_whitespace=False)
    return serializers.DictField(child=child, required=False, allow_null=True, help_text=help_text)


class LinkShape(StrictSerializer):
    """A link people may follow; unknown keys of a manifest's links are kept."""

    url = serializers.CharField(max_length=2000)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    icon = serializers.CharField(required=False, allow_blank=True, max_length=63)
    type = serializers.CharField(required=False, allow_blank=True, max_length=63)


class MetadataIn(StrictSerializer):
    """What all entities have."""

    echoes = ECHOES

    title = _text("What people call it")
    description = _text(trim=False)
    tags = _texts("Lower-case words")
    labels = _map("Merged key by key in PATCH; null removes one")
    annotations = _map("Merged key by key in PATCH; null removes one")
    links = serializers.ListField(child=LinkShape(), required=False, allow_null=True)
    extra = serializers.DictField(
        required=False, allow_null=True, help_text="What a manifest says beyond these fields, as it came"
    )


class ComponentIn(MetadataIn):
    """What a client says of a component. In PUT what is left out is empty, in PATCH it stays."""

    type = _text("cluster, pipeline, runner, service, …")
    lifecycle = _text("experimental, production, deprecated, or any text")
    tier = serializers.IntegerField(
        required=False, allow_null=True, help_text="1 the whole company stops … 4 nobody notices"
    )
    owner = _text("A team's reference, such as group:default/build-ci, or just build-ci; user:default/ada for a person")
    system = _text("A system's reference")
    subcomponent_of = _text("The component it is a part of")
    docs = _text("Markdown", trim=False)
    runbook = _text("Address of what to do when it breaks")
    definition = _text("Of an API: its OpenAPI, gRPC, … text", trim=False)
    depends_on = _texts("References with their kind, such as component:default/k8s-build")
    dependency_of = _texts("What depends on it, said from this side; references with their kind")
    provides_apis = _texts("References; the kind is api where left out")
    consumes_apis = _texts("References; the kind is api where left out")
    responders = _texts("Further teams to page at P1")


class ComponentItemIn(ComponentIn):
    """A component with its name, in bulk."""

    echoes = ECHOES - {"kind", "namespace", "name"}

    kind = serializers.ChoiceField(choices=Component.Kind.choices, default=Component.Kind.COMPONENT)
    namespace = serializers.CharField(default="default")
    name = serializers.CharField()


class BulkIn(StrictSerializer):
    """Up to 1,000 components at once."""

    items = serializers.ListField(child=ComponentItemIn(), min_length=1, max_length=1000)
    all_or_nothing = serializers.BooleanField(
        default=False, help_text="true: where one can't be taken, none is written and the answer is 400"
    )


class SystemIn(MetadataIn):
    """What a client says of a system. In PUT what is left out is empty, in PATCH it stays."""

    type = _text()
    owner = _text("A team's reference")
    domain = _text("A domain's reference")


class DomainIn(MetadataIn):
    """What a client says of a domain. In PUT what is left out is empty, in PATCH it stays."""

    type = _text()
    owner = _text("A team's reference")
    parent = _text("The domain it is part of")  # type: ignore[assignment]  # a declared field


class MemberShape(StrictSerializer):
    """A person in a team."""

    echoes = frozenset({"display_name"})

    person = serializers.CharField(help_text="Such as user:default/ada, or just ada")
    role = serializers.ChoiceField(choices=Membership.Role.choices, default=Membership.Role.MEMBER)


class TeamIn(MetadataIn):
    """What a client says of a team. In PUT what is left out is empty, but for members, who stay."""

    type = _text("team, department, …")
    email = _text()
    picture = _text("Address of a picture")
    chat_url = _text("Where to reach them")
    parent = _text("The wider team's reference")  # type: ignore[assignment]  # a declared field
    children = _texts("Teams it names as its own")
    members = serializers.ListField(child=MemberShape(), required=False, allow_null=True)


class PersonIn(MetadataIn):
    """What a client says of a person. In PUT what is left out is empty, but for their teams, which stay."""

    echoes = ECHOES | {"platform_admin"}

    display_name = _text()
    email = _text()
    picture = _text("Address of a picture")
    time_zone = _text("Such as Europe/Berlin")
    clock_24h = serializers.BooleanField(required=False, allow_null=True)
    member_of = _texts("Teams they name as their own")
