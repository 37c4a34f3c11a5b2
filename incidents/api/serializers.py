"""Incidents, pages and timeline as JSON."""

from rest_framework import serializers

from catalog.api import named
from incidents.models import Incident, Page, TimelineEntry
from incidents.models.incident import Severity
from portal.lib.strict import StrictSerializer


class PageOut(serializers.ModelSerializer[Page]):
    """One team (or person) engaged, and how far its escalation has come."""

    team = serializers.CharField(source="team.ref", default=None, allow_null=True, read_only=True)
    person = serializers.CharField(source="person.ref", default=None, allow_null=True, read_only=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.ref", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Page
        fields = (
            "id", "role", "team", "person", "state", "cycle", "step", "next_step_at", "opened_at",
            "acknowledged_at", "acknowledged_by", "exhausted_at", "resolved_at", "routing", "snoozed_until",
        )  # fmt: skip
        read_only_fields = fields


class IncidentOut(serializers.ModelSerializer[Incident]):
    """An incident; `severity` is `P1` to `P5`."""

    component = serializers.CharField(source="component_ref", allow_null=True, read_only=True)
    owner = serializers.CharField(source="owner.ref", default=None, allow_null=True, read_only=True)
    severity = serializers.CharField(source="get_severity_display", read_only=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.ref", default=None, allow_null=True, read_only=True)
    resolved_by = serializers.CharField(source="resolved_by.ref", default=None, allow_null=True, read_only=True)
    pages = PageOut(many=True, read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = (
            "number", "title", "component", "owner", "severity", "severity_reason", "state", "generation", "source",
            "opened_at", "reopened_at", "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "cause",
            "teams_blocked", "people_blocked", "root", "pages", "url",
        )  # fmt: skip
        read_only_fields = fields

    def get_url(self, incident: Incident) -> str:
        """The page of the incident."""
        return incident.get_absolute_url()


class EntryOut(serializers.ModelSerializer[TimelineEntry]):
    """Something that happened: who, when, how, what."""

    actor = serializers.CharField(source="actor_ref", read_only=True)

    class Meta:
        model = TimelineEntry
        fields = ("id", "about", "at", "kind", "actor", "actor_name", "via", "words", "data")
        read_only_fields = fields


class DeclareIn(StrictSerializer):
    """A new incident, declared by a person or a program."""

    title = serializers.CharField(max_length=300)
    component = named.component(required=False, allow_null=True)
    severity = serializers.ChoiceField(choices=list(Severity.labels), required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class AcknowledgeIn(StrictSerializer):
    """Who takes it. People take it themselves; a token must name the person it acts for."""

    person = named.person(required=False, allow_null=True)
    take_over = serializers.BooleanField(
        default=False, help_text="True: taken from whoever has it, which is else refused with 409"
    )


class ResolveIn(StrictSerializer):
    """What it was."""

    cause = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    silent_until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When what still fires pages again, if not after 30 minutes"
    )


class NoteIn(StrictSerializer):
    """A note for the timeline."""

    text = serializers.CharField(max_length=10000)
