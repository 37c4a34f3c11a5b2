"""Over HTTP: components whose P1 would reach nobody at some hour of the next four weeks."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Component
from incidents.api.drill_shapes import NobodyReachedOut
from incidents.queries.coverage import ORDER, Uncovered, fleet
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals

TIERS = tuple(str(value) for value in Component.Tier.values)
TOLD = 20


class UncoveredOut(serializers.Serializer[Any]):
    """A component, the chain that was looked at, the first stretches without anybody (at most 20), and the sum."""

    component = serializers.CharField(source="component.ref")
    team = serializers.CharField(source="component.owner.ref", default=None, allow_null=True)
    tier = serializers.IntegerField(source="component.tier", allow_null=True)
    chain = serializers.CharField()
    hours = serializers.FloatField(help_text="Together, of 672")
    stretches = serializers.SerializerMethodField()

    @extend_schema_field(NobodyReachedOut(many=True))
    def get_stretches(self, row: Uncovered) -> object:
        """The first of them."""
        said = [{"start": start, "end": end} for start, end in row.holes[:TOLD]]
        return NobodyReachedOut(said, many=True).data


class ByName(KeysetPagination):
    """By name."""

    ordering = ORDER


class CoverageView(APIView):
    """The fleet's coverage."""

    pagination_class = ByName

    @extend_schema(
        operation_id="coverage_list",
        parameters=[
            OpenApiParameter("team", description="Reference of the owner, such as group:default/ci"),
            OpenApiParameter("tier", enum=TIERS),
            OpenApiParameter("catch_all", enum=("yes", "no"), description="no: only the team's own policy counts"),
        ],
        responses={200: UncoveredOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List components whose pages reach nobody at some hour, by name."""
        asked = request.query_params
        found = fleet(
            now=db_now(), counting_catch_all=_choice(asked.get("catch_all", ""), "catch_all", ("yes", "no")) != "no"
        )
        tier = _choice(asked.get("tier", ""), "tier", TIERS)
        rows = found.components(team=asked.get("team", ""), tier=int(tier) if tier else None)
        pager = ByName()
        shown = pager.paginate_queryset(rows, request, view=self) or []
        return pager.get_paginated_response(UncoveredOut([found.row(one) for one in shown], many=True).data)


def _choice(said: str, name: str, choices: tuple[str, ...]) -> str:
    if said and said not in choices:
        message = f"Use one of {', '.join(choices)}."
        raise Invalid(f"{name}: {message}", errors=(FieldError(name, "invalid", message),))
    return said


urlpatterns = [path("coverage", CoverageView.as_view(), name="coverage")]
