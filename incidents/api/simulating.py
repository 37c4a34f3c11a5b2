"""`POST /api/v1/incidents/simulate`: what would become of an alert; nothing is sent."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import require_scope
from catalog.api import named
from catalog.models import ApiToken, Component
from incidents.api.incidents import actor_of_api
from incidents.firing import Firing
from incidents.models import Alert, Severity
from incidents.simulating import simulate
from portal.lib.clock import db_now
from portal.lib.strict import StrictSerializer


class SimulateIn(StrictSerializer):
    """An alert, as its source would send it, and when."""

    component = named.component(
        queryset=Component.objects.filter(retired_at=None).select_related("owner"), required=False, allow_null=True
    )
    summary = serializers.CharField(max_length=300, required=False)
    rule = serializers.ChoiceField(Alert.Rule.choices, required=False, help_text="page where left out")
    sent_by = serializers.CharField(
        max_length=40, required=False, help_text="slo, api, alertmanager, …; api by default"
    )
    severity = serializers.ChoiceField(choices=list(Severity.labels), required=False, allow_null=True)
    at = serializers.DateTimeField(required=False, help_text="now where left out")
    alone = serializers.BooleanField(
        required=False, help_text="As if nothing were open now; true where left out and `at` is given"
    )


class CallOut(serializers.Serializer[Any]):
    """One message to one person."""

    at = serializers.DateTimeField()
    person = serializers.CharField(source="person_ref")
    name = serializers.CharField(source="person")
    channel = serializers.CharField()


class MoveOut(serializers.Serializer[Any]):
    """Something that would happen."""

    at = serializers.DateTimeField()
    words = serializers.CharField()


class EngagedOut(serializers.Serializer[Any]):
    """A team, or the catch-all, that would be engaged."""

    role = serializers.CharField()
    team = serializers.CharField(source="team_ref")
    routing = serializers.CharField()
    held_until = serializers.DateTimeField(allow_null=True)
    moves = MoveOut(many=True)
    calls = CallOut(many=True)
    exhausted_at = serializers.DateTimeField(allow_null=True)


class SimulatedOut(serializers.Serializer[Any]):
    """What would happen if nobody did anything."""

    outcome = serializers.CharField()
    severity = serializers.CharField()
    severity_reason = serializers.CharField()
    joined = serializers.CharField(help_text="The open incident it would join; empty for none")
    symptom_of = serializers.CharField(help_text="The open incident it would be a symptom of; empty for none")
    teams_blocked = serializers.IntegerField(allow_null=True)
    people_blocked = serializers.IntegerField(allow_null=True)
    engaged = EngagedOut(many=True)
    told = CallOut(many=True)
    complete = serializers.BooleanField(help_text="False where it goes on for longer than was looked at")


class Simulate(APIView):
    """What would happen."""

    @extend_schema(request=SimulateIn, responses=SimulatedOut)
    def post(self, request: Request) -> Response:
        """Show what would happen: severity with its reason, each page to each person with its time. Sends nothing."""
        require_scope(actor_of_api(request), ApiToken.Scope.INCIDENTS)
        asked = SimulateIn(data=request.data)
        asked.is_valid(raise_exception=True)
        found = simulate(**read(asked.validated_data))
        body = SimulatedOut(found).data | {"severity": f"P{found.severity}"}
        return Response(body)


def read(asked: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `simulate`."""
    at, severity = asked.get("at"), asked.get("severity")
    firing = Firing(
        key="",
        source=asked.get("sent_by") or "api",
        summary=asked.get("summary") or "Simulated alert",
        rule=asked.get("rule") or Alert.Rule.PAGE,
        component=asked.get("component"),
        severity=int(severity[1]) if severity else None,
    )
    return {"firing": firing, "at": at or db_now(), "alone": asked.get("alone", at is not None)}
