"""Integrations and deliveries as JSON."""

from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from catalog.api import named
from incidents.intake import ways
from incidents.intake.howto import recipes
from incidents.intake.shown import body_text
from incidents.models import Delivery, Integration
from incidents.operations.integrations import Made
from incidents.queries.intake import Parts
from portal.lib import conf
from portal.lib.strict import StrictSerializer


class KeyOut(serializers.Serializer[Any]):
    """A key, of which only the beginning is known."""

    id = serializers.IntegerField()
    prefix = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    good = serializers.BooleanField(help_text="Whether it works now")


class HeartbeatOut(serializers.Serializer[Any]):
    """How a heartbeat does."""

    state = serializers.CharField(help_text="waiting (never heard yet), alive or silent")
    last_beat_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    silent_since = serializers.DateTimeField(allow_null=True)


class IntegrationOut(serializers.Serializer[Any]):
    """A way in."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(list(ways.kinds().items()))
    team = serializers.CharField(allow_null=True)
    settings = serializers.DictField()
    created_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    warning = serializers.CharField(help_text="What was last noticed about what it sends")
    keys = KeyOut(many=True)
    heartbeat = HeartbeatOut(allow_null=True)
    url = serializers.CharField()


class RecipeOut(serializers.Serializer[Any]):
    """Configuration to be copied."""

    title = serializers.CharField()
    text = serializers.CharField()


class MadeOut(serializers.Serializer[Any]):
    """An integration and its new key."""

    key = serializers.CharField(help_text="Shown once and kept nowhere")
    integration = IntegrationOut()
    recipes = RecipeOut(many=True)


class NewIntegrationIn(StrictSerializer):
    """What is to be made."""

    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(list(ways.kinds().items()))
    team = named.team(required=False, allow_null=True)
    settings = serializers.DictField(required=False)


class IntegrationIn(StrictSerializer):
    """What is to be changed."""

    name = serializers.CharField(max_length=200, required=False)
    settings = serializers.DictField(required=False, help_text="As a whole")


class RotateIn(StrictSerializer):
    """How long the keys before it go on working."""

    old_until = serializers.DateTimeField(required=False, allow_null=True)


class SampleIn(StrictSerializer):
    """A sample, and how to read it."""

    kind = serializers.ChoiceField(list(ways.kinds().items()), help_text="Heartbeats read nothing")
    settings = serializers.DictField(required=False)
    sample = serializers.JSONField(help_text="The request's JSON, or its text")


class SeenOut(serializers.Serializer[Any]):
    """One alert as it would be taken."""

    key = serializers.CharField()
    status = serializers.CharField()
    summary = serializers.CharField()
    rule = serializers.CharField(help_text="page, ticket or info; empty where it does not fire")
    level = serializers.CharField(help_text="How the sender calls it")
    component = serializers.CharField()
    known = serializers.BooleanField(help_text="Whether the catalog knows it; if not, the catch-all is paged")
    found_by = serializers.CharField()
    owner = serializers.CharField()
    group = serializers.CharField()
    links = serializers.ListField(child=serializers.DictField())


class SampleFaultOut(serializers.Serializer[Any]):
    """What is wrong with the sample."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class SampleOut(serializers.Serializer[Any]):
    """What would be read; with `errors` nothing, and the sender would get a 400."""

    alerts = SeenOut(many=True)
    count = serializers.IntegerField()
    note = serializers.CharField()
    errors = SampleFaultOut(many=True)  # type: ignore[assignment]  # a declared field


class DeliveryOut(serializers.Serializer[Any]):
    """One request and what became of it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    integration = serializers.IntegerField(allow_null=True)
    sender = serializers.CharField()
    key = serializers.CharField()
    received_at = serializers.DateTimeField()
    taken_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(Delivery.State.choices)
    outcome = serializers.CharField()
    attempts = serializers.IntegerField()
    incident = serializers.IntegerField(allow_null=True)
    part_of = serializers.IntegerField(allow_null=True)
    replay_of = serializers.IntegerField(allow_null=True)
    parts = serializers.IntegerField()
    parts_waiting = serializers.IntegerField()
    parts_rejected = serializers.IntegerField()
    url = serializers.CharField()


class DeliveryWholeOut(DeliveryOut):
    """With the body as it came."""

    body = serializers.CharField()


def integration_json(row: Integration, *, now: datetime) -> dict[str, Any]:
    """As `IntegrationOut`."""
    beat = getattr(row, "heartbeat", None)
    state = "waiting" if beat is None or beat.last_beat_at is None else "silent" if beat.silent_since else "alive"
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "team": row.team.ref if row.team else None,
        "settings": row.settings,
        "created_at": row.created_at,
        "retired_at": row.retired_at,
        "warning": row.warning,
        "keys": [
            {
                **{name: getattr(key, name) for name in ("id", "prefix", "created_at", "expires_at", "revoked_at")},
                "last_used_at": key.last_used_at,
                "good": key.revoked_at is None and (key.expires_at is None or key.expires_at > now),
            }
            for key in row.keys.all()
        ],
        "heartbeat": beat
        and {
            "state": state,
            "last_beat_at": beat.last_beat_at,
            "due_at": beat.due_at,
            "silent_since": beat.silent_since,
        },
        "url": row.get_absolute_url(),
    }


def made_json(made: Made, *, now: datetime) -> dict[str, Any]:
    """As `MadeOut`."""
    found = recipes(made.integration.kind, base=conf.base_url(), key=made.key)
    return {
        "key": made.key,
        "integration": integration_json(made.integration, now=now),
        "recipes": [{"title": one.title, "text": one.text} for one in found],
    }


def delivery_json(row: Delivery, parts: Parts | None, *, whole: bool = False) -> dict[str, Any]:
    """As `DeliveryOut`, or `DeliveryWholeOut`."""
    said = {
        name: getattr(row, name)
        for name in ("id", "kind", "sender", "key", "received_at", "taken_at", "state", "outcome", "attempts")
    }
    body = {"body": body_text(row)} if whole else {}
    return said | {
        "integration": row.integration_id,
        "incident": row.alert.incident_id if row.alert else parts.incident if parts else None,
        "part_of": row.part_of_id,
        "replay_of": row.replay_of_id,
        "parts": parts.total if parts else 0,
        "parts_waiting": parts.waiting if parts else 0,
        "parts_rejected": parts.rejected if parts else 0,
        "url": row.get_absolute_url(),
        **body,
    }


def read(kind: type[StrictSerializer], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The valid fields of the body. Raises ValidationError."""
    given = kind(data=request.data, partial=partial)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
