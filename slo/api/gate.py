"""May this be deployed now? For CI."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.queries import component_by_ref
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from slo import gates
from slo.queries.gate import Gate, GateObjective, gate

INCIDENTS = OpenApiParameter(
    "incidents", OpenApiTypes.BOOL, OpenApiParameter.QUERY, description="false: open incidents hold nothing"
)


class CrossedOut(serializers.Serializer[Any]):
    """A threshold that the budget is below."""

    remaining = serializers.FloatField(help_text="Share of the budget left: 0.25 is a quarter")
    action = serializers.CharField(help_text="What was agreed on")
    holds = serializers.BooleanField(help_text="Whether deployments wait")


class GateObjectiveOut(serializers.Serializer[Any]):
    """One objective of the component."""

    name = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField(help_text="Its page")
    remaining = serializers.FloatField(allow_null=True, help_text="Share of the budget left; null is unknown")
    budget = serializers.CharField(help_text="ok, at-risk or exhausted")
    policy = serializers.CharField(allow_blank=True, help_text="The error-budget policy it goes by")
    crossed = CrossedOut(many=True)
    holds = serializers.BooleanField()


class GateOut(serializers.Serializer[Any]):
    """Whether a component may be deployed, as of the last evaluation."""

    component = serializers.CharField()
    allow = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why not, one sentence each")
    objectives = GateObjectiveOut(many=True)


class GateView(APIView):
    """The gate of a component."""

    open_to_readers = True

    @extend_schema(
        operation_id="components_gate", parameters=[INCIDENTS], responses={200: GateOut, **refusals(400, 404)}
    )
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Ask whether to deploy: `allow` is false where a crossed threshold holds it, or a P1 or P2 is open."""
        component = component_by_ref(f"{kind}:{namespace}/{name}")
        return Response(gate_json(gate(component, leave_out=_left_out(request))))


def _left_out(request: Request) -> set[str]:
    out = set()
    for name in gates.registry:
        said = request.query_params.get(name, "true").lower()
        if said not in {"true", "false"}:
            message = "write true or false"
            raise Invalid(f"{name}: {message}", errors=(FieldError(name, "invalid", message),))
        if said == "false":
            out.add(name)
    return out


def gate_json(found: Gate) -> dict[str, Any]:
    """The gate as GateOut."""
    return {
        "component": found.component,
        "allow": found.allow,
        "reasons": [reason.text for reason in found.reasons],
        "objectives": [_objective_json(one) for one in found.objectives],
    }


def _objective_json(one: GateObjective) -> dict[str, Any]:
    crossed = [{"remaining": t.remaining, "action": t.action, "holds": t.holds} for t in one.crossed]
    plain = ("name", "title", "url", "remaining", "budget", "policy", "holds")
    return {**{name: getattr(one, name) for name in plain}, "crossed": crossed}
