"""Fire drills as the API takes and tells them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from catalog.models import Component, Team
from catalog.queries import component_by_ref, team_by_ref
from incidents.api.oncall_shapes import read as read
from incidents.drilled import told
from incidents.intake.own import full_ref
from incidents.models import Drill, DrillPlan
from incidents.operations.drill_plans import Rhythm
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer


class DrillIn(StrictSerializer):
    """Of which component, and after how many minutes it ends at the latest."""

    component = serializers.CharField(max_length=200, help_text="By reference, or short: ci-runners")
    minutes = serializers.IntegerField(required=False, min_value=5, max_value=240, help_text="60 when left out")


class DrillOut(serializers.ModelSerializer[Drill]):
    """A drill. `state` is running or its outcome; `worked`: everybody who was called answered."""

    component = serializers.CharField(source="component_ref")
    team = serializers.CharField(source="team.ref", default=None, allow_null=True)
    incident = serializers.IntegerField(source="incident_id")
    state = serializers.SerializerMethodField()
    worked = serializers.BooleanField(allow_null=True)
    begun_by = serializers.CharField(source="begun_name")

    class Meta:
        model = Drill
        fields = (
            "id", "component", "team", "incident", "state", "worked", "begun_at", "begun_by", "ends_by", "ended_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_state(self, drill: Drill) -> str:
        """Running, or the outcome."""
        return drill.outcome or "running"


class PersonCalledOut(serializers.Serializer[Any]):
    """Seconds since it began: when somebody would be called if nobody answered, was called, and the message left."""

    person = serializers.CharField()
    ref = serializers.CharField()
    team = serializers.CharField()
    channel = serializers.CharField()
    step = serializers.IntegerField(allow_null=True)
    expected_after = serializers.FloatField(allow_null=True)
    called_after = serializers.FloatField(allow_null=True)
    sent_after = serializers.FloatField(allow_null=True)
    state = serializers.CharField(help_text="Of the message; empty where nobody had to be called any more")
    error = serializers.CharField()


class TeamDrilledOut(serializers.Serializer[Any]):
    """One team that was called, and who answered for it after how many seconds."""

    role = serializers.CharField()
    team = serializers.CharField()
    policy = serializers.CharField()
    routing = serializers.CharField()
    answered_by = serializers.CharField(source="answered_ref")
    answered_at = serializers.DateTimeField(allow_null=True)
    answered_after = serializers.FloatField(allow_null=True)
    exhausted_at = serializers.DateTimeField(allow_null=True)


class DrillHoleOut(serializers.Serializer[Any]):
    """A step that found nobody on call, and from when to when the schedule has nobody."""

    schedule = serializers.CharField(source="slug")
    step = serializers.IntegerField()
    at = serializers.DateTimeField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    zone = serializers.CharField()
    words = serializers.CharField()


class NobodyReachedOut(serializers.Serializer[Any]):
    """A stretch in which nobody would be reached."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class AheadOut(serializers.Serializer[Any]):
    """When a P1 would reach nobody in the four weeks after the drill: how many hours, and the first stretches."""

    hours = serializers.FloatField()
    first = NobodyReachedOut(many=True)


class DrillReportOut(serializers.Serializer[Any]):
    """A drill with what came of it so far; its first fields are those of the list."""

    id = serializers.IntegerField()
    component = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    incident = serializers.IntegerField()
    state = serializers.CharField()
    worked = serializers.BooleanField()
    begun_at = serializers.DateTimeField()
    begun_by = serializers.CharField()
    ends_by = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    teams = TeamDrilledOut(many=True)
    people = PersonCalledOut(many=True)
    holes = DrillHoleOut(many=True)
    ahead = AheadOut()


class DrillPlanIn(StrictSerializer):
    """Drills of `component`, or of the components of `team` in turn; one of the two is needed."""

    component = serializers.CharField(max_length=200, required=False, help_text="By reference, or short")
    team = serializers.CharField(max_length=200, required=False, help_text="Such as group:default/ci")
    every = serializers.ChoiceField(DrillPlan.Every.choices, help_text="month: on its first such weekday")
    weekday = serializers.IntegerField(min_value=0, max_value=6, help_text="Monday is 0")
    at = serializers.TimeField(help_text="By the clock of the zone")
    time_zone = serializers.CharField(max_length=64)


class DrillPlanOut(serializers.ModelSerializer[DrillPlan]):
    """A plan, and when its next drill begins. `last_words`: why the last time came to none."""

    component = serializers.CharField(source="component.ref", default=None, allow_null=True)
    team = serializers.CharField(source="team.ref", default=None, allow_null=True)
    at = serializers.TimeField(format="%H:%M")

    class Meta:
        model = DrillPlan
        fields = ("id", "component", "team", "every", "weekday", "at", "time_zone", "next_at", "last_words")
        read_only_fields = fields


def planned(given: Mapping[str, Any]) -> tuple[Component | Team, Rhythm]:
    """What is to be drilled, and when. Raises Invalid, and Missing for what is not there."""
    if bool(given.get("component")) == bool(given.get("team")):
        message = "Name a component or a team, one of them."
        raise Invalid(message, errors=(FieldError("component", "invalid", message),))
    rhythm = Rhythm(given["every"], given["weekday"], given["at"], given["time_zone"])
    if given.get("team"):
        return team_by_ref(given["team"]), rhythm
    return component_by_ref(full_ref(given["component"])), rhythm


def drill_json(drill: Drill, *, now: datetime) -> dict[str, Any]:
    """With the report."""
    said = told(drill, now=now)
    return {
        **DrillOut(drill).data,
        "teams": TeamDrilledOut(said.teams, many=True).data,
        "people": PersonCalledOut(said.people, many=True).data,
        "holes": DrillHoleOut(said.holes, many=True).data,
        "ahead": AheadOut(said.ahead).data,
    }
