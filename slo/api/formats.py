"""Objectives in the formats of others: OpenSLO, Prometheus rules."""

from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.manifest.writing import written
from catalog.refs import BadReference, parse
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from slo import queries
from slo.documents import document_of
from slo.queries.rules import all_rules, rules_of

YAML = "application/yaml"
TEAM = OpenApiParameter(
    "team", OpenApiTypes.STR, OpenApiParameter.QUERY, description="The owner team's reference, such as build-ci"
)


class OpenSloView(APIView):
    """An objective as OpenSLO."""

    @extend_schema(operation_id="slos_openslo", responses={(200, YAML): OpenApiTypes.ANY, **refusals(404)})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Export the objective's SLO as an OpenSLO v1 document: applied again it changes nothing."""
        objective = queries.by_name(name)
        return _named(written(document_of(objective)), f"{objective.definition.name}.openslo.yaml")


class RulesView(APIView):
    """An objective as Prometheus rules."""

    @extend_schema(operation_id="slos_rules", responses={(200, YAML): OpenApiTypes.ANY, **refusals(404, 409)})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Export a Prometheus rule file: its windows recorded, an alert for each rule of its policy.

        409 for objectives that are counted from the portal's own incidents.
        """
        objective = queries.by_name(name)
        return _named("".join(rules_of(objective)), f"{objective.name}.rules.yaml")


class AllRulesView(APIView):
    """All objectives as Prometheus rules."""

    @extend_schema(
        operation_id="rules_list", parameters=[TEAM], responses={(200, YAML): OpenApiTypes.ANY, **refusals(400)}
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export one Prometheus rule file with a group for every objective, or for those of a team's components."""
        parts = all_rules(team=_team(request.query_params.get("team", "")))
        return StreamingHttpResponse(_encoded(parts), content_type=f"{YAML}; charset=utf-8")


def _team(said: str) -> str:
    if not said:
        return ""
    try:
        return str(parse(said, kind="group"))
    except BadReference as error:
        raise Invalid(str(error), errors=(FieldError("team", "format", str(error)),)) from error


def _named(text: str, file: str) -> HttpResponse:
    disposition = f'inline; filename="{file}"'
    return HttpResponse(text, content_type=f"{YAML}; charset=utf-8", headers={"Content-Disposition": disposition})


def _encoded(parts: Iterator[str]) -> Iterator[bytes]:
    return (part.encode() for part in parts)
