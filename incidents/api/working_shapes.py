"""Bodies and answers of working on an incident together."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from catalog.api import named
from incidents.models import IncidentLink, IncidentRole, StatusUpdate, Task
from incidents.models.incident import Severity
from portal.lib.strict import StrictSerializer


class FollowIn(StrictSerializer):
    """Who follows. People follow for themselves; a token names the person it acts for."""

    person = named.person(required=False, allow_null=True)


class FollowingOut(serializers.Serializer[Any]):
    """Whether somebody follows."""

    person = serializers.CharField()
    following = serializers.BooleanField()


class UpdateIn(StrictSerializer):
    """A status update."""

    state = serializers.ChoiceField(StatusUpdate.State.choices)
    text = serializers.CharField(max_length=5000)
    public = serializers.BooleanField(default=True, help_text="On the status page, too")
    next_by = serializers.DateTimeField(required=False, allow_null=True, help_text="When the next one is promised")


class UpdateOut(serializers.ModelSerializer[StatusUpdate]):
    """A status update as it was told."""

    by = serializers.CharField(source="actor_name", read_only=True)

    class Meta:
        model = StatusUpdate
        fields = ("id", "at", "state", "text", "public", "next_by", "by")
        read_only_fields = fields


class RoleIn(StrictSerializer):
    """A role and who has it; null takes it away."""

    role = serializers.ChoiceField(IncidentRole.Role.choices)
    person = named.person(allow_null=True)


class RoleOut(serializers.ModelSerializer[IncidentRole]):
    """Who has a role, from when to when."""

    person = serializers.CharField(source="person.ref", default=None, allow_null=True, read_only=True)

    class Meta:
        model = IncidentRole
        fields = ("role", "person", "since", "until")
        read_only_fields = fields


class TaskIn(StrictSerializer):
    """Something to be done now."""

    text = serializers.CharField(max_length=300)
    person = named.person(required=False, allow_null=True)


class TaskChangeIn(StrictSerializer):
    """What changes of a task."""

    done = serializers.BooleanField(required=False)
    person = named.person(required=False, allow_null=True)


class TaskOut(serializers.ModelSerializer[Task]):
    """A task."""

    person = serializers.CharField(source="person.ref", default=None, allow_null=True, read_only=True)
    done_by = serializers.CharField(source="done_by.ref", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Task
        fields = ("id", "text", "person", "created_at", "done_at", "done_by")
        read_only_fields = fields


class IncidentLinkIn(StrictSerializer):
    """Where to look: an http or https address."""

    url = serializers.CharField(max_length=1000)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    room = serializers.BooleanField(default=False, help_text="The room where the responders talk")


class IncidentLinkOut(serializers.ModelSerializer[IncidentLink]):
    """A link."""

    class Meta:
        model = IncidentLink
        fields = ("id", "kind", "url", "title", "added_at")
        read_only_fields = fields


class EntryIn(StrictSerializer):
    """Either the text of one's own note, or whether an entry is pinned."""

    text = serializers.CharField(max_length=10000, required=False)
    pinned = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two, not both."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Send either `text` or `pinned`.")
        return attrs


class EngageIn(StrictSerializer):
    """A team or a person to page."""

    team = named.team(required=False, allow_null=True)
    person = named.person(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two, not both."""
        if (attrs.get("team") is None) == (attrs.get("person") is None):
            raise serializers.ValidationError("Name either a team or a person.")
        return attrs


class SeverityIn(StrictSerializer):
    """How bad, and why."""

    severity = serializers.ChoiceField(choices=list(Severity.labels))
    reason = serializers.CharField(max_length=200)


class SnoozeIn(StrictSerializer):
    """Until when nobody is called."""

    until = serializers.DateTimeField()


class HandOverIn(StrictSerializer):
    """Who is asked to take it."""

    person = named.person()


def read(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The valid fields of the body. Raises ValidationError."""
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
