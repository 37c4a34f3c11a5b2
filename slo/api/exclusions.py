"""Exclusions over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries as catalog
from catalog.access import actor_of
from catalog.api.base import query
from catalog.refs import BadReference, parse
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer
from slo import queries
from slo.api.objectives import moment
from slo.models import Exclusion
from slo.operations import (
    ExclusionSpec,
    NoSuchExclusion,
    change_exclusion,
    declare_exclusion,
    withdraw_exclusion,
)
from slo.operations.exclusions import Target
from slo.queries.exclusions import ExclusionFilter, exclusion_by_id, exclusions_of

ECHOES = frozenset(
    {
        "id",
        "objective",
        "component",
        "team",
        "created_by",
        "created_at",
        "withdrawn_by",
        "withdrawn_at",
        "applied_at",
    }
)
OF = ("objective", "component", "team")


class ExclusionIn(StrictSerializer):
    """What is not to count. In PATCH what is left out stays."""

    echoes = ECHOES

    title = serializers.CharField(max_length=200, help_text="Why")
    starts_at = serializers.DateTimeField(help_text="May be in the past")
    ends_at = serializers.DateTimeField(help_text="Of a recurring one: of its first occurrence")
    rrule = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=TU"
    )
    time_zone = serializers.CharField(required=False, max_length=64, help_text="By whose clock it repeats")


class NewExclusionIn(ExclusionIn):
    """What is not to count, and for what: one objective, those of a component, or those of all that a team owns."""

    echoes = ECHOES - {*OF}

    objective = serializers.CharField(required=False, allow_blank=True, help_text="Its name")
    component = serializers.CharField(required=False, allow_blank=True, help_text="Its reference, or its short name")
    team = serializers.CharField(required=False, allow_blank=True, help_text="Its reference, or its short name")


class ExclusionOut(serializers.Serializer[Any]):
    """An exclusion; of objective, component and team two are empty."""

    id = serializers.IntegerField()
    objective = serializers.CharField()
    component = serializers.CharField()
    team = serializers.CharField()
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    rrule = serializers.CharField(help_text="Empty: once")
    time_zone = serializers.CharField()
    created_by = serializers.CharField(help_text="Empty: a token")
    created_at = serializers.DateTimeField()
    withdrawn_by = serializers.CharField(help_text="Empty: nobody, or a token")
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    applied_at = serializers.DateTimeField(
        allow_null=True, help_text="When all counts were brought in line with it; null: not yet, or withdrawn"
    )


class Newest(KeysetPagination):
    """Newest first."""

    ordering = "-pk"


class ExclusionList(APIView):
    """All exclusions, and declaring one."""

    pagination_class = Newest

    @extend_schema(
        operation_id="exclusions_list",
        parameters=[
            query("objective", "Its own exclusions, by name"),
            query("component", "Its own and those of its objectives, by reference or short name"),
            query("team", "Those of the team and of what it owns"),
            query("from", "Those that can hold after it; ISO 8601 with zone"),
            query("to", "Those that begin before it"),
        ],
        responses={200: ExclusionOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List exclusions, newest first, withdrawn ones too; `next` leads on."""
        asked, pages = request.query_params, Newest()
        wanted = ExclusionFilter(
            objective=asked.get("objective", ""),
            component=_ref("component", asked.get("component", "")),
            team=_ref("team", asked.get("team", "")),
            start=moment(request, "from"),
            end=moment(request, "to"),
        )
        page = pages.paginate_queryset(exclusions_of(wanted), request, view=self) or []
        return pages.get_paginated_response([exclusion_json(row) for row in page])

    @extend_schema(
        operation_id="exclusions_create",
        request=NewExclusionIn,
        responses={201: ExclusionOut, **refusals(400, 403, 404)},
    )
    def post(self, request: Request) -> Response:
        """Leave time out of budgets, before or after the fact; counts and budgets follow at once."""
        shape = NewExclusionIn(data=request.data)
        shape.is_valid(raise_exception=True)
        given = dict(shape.validated_data)
        target = _target({name: given.pop(name, "").strip() for name in OF})
        row = declare_exclusion(spec=ExclusionSpec(**given), target=target, actor=actor_of(request), now=db_now())
        return Response(exclusion_json(_found(row.pk)), status=201)


class OneExclusion(APIView):
    """One exclusion."""

    @extend_schema(operation_id="exclusions_get", responses={200: ExclusionOut, **refusals(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Show the exclusion, withdrawn or not."""
        return Response(exclusion_json(_found(pk)))

    @extend_schema(
        operation_id="exclusions_patch",
        request=ExclusionIn,
        responses={200: ExclusionOut, **refusals(400, 403, 404, 409)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what the body names, whether it has begun or not; counts and budgets follow."""
        shape = ExclusionIn(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        change_exclusion(exclusion_id=pk, changes=shape.validated_data, actor=actor_of(request), now=db_now())
        return Response(exclusion_json(_found(pk)))

    @extend_schema(operation_id="exclusions_withdraw", responses={200: ExclusionOut, **refusals(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Withdraw the exclusion: as if it had never been."""
        withdraw_exclusion(exclusion_id=pk, actor=actor_of(request), now=db_now())
        return Response(exclusion_json(_found(pk)))


def exclusion_json(row: Exclusion) -> dict[str, Any]:
    """As `ExclusionOut`."""
    applied = getattr(row, "applied", None)
    return {
        "id": row.pk,
        "objective": row.objective.name if row.objective else "",
        "component": row.component.ref if row.component else "",
        "team": row.team.ref if row.team else "",
        **{name: getattr(row, name) for name in ("title", "starts_at", "ends_at", "rrule", "time_zone")},
        "created_by": row.created_by.ref if row.created_by else "",
        "created_at": row.created_at,
        "withdrawn_by": row.withdrawn_by.ref if row.withdrawn_by else "",
        "withdrawn_at": row.withdrawn_at,
        "applied_at": applied.applied_at if applied and not row.withdrawn_at else None,
    }


def _found(pk: int) -> Exclusion:
    row = exclusion_by_id(pk)
    if row is None:
        raise NoSuchExclusion
    return row


def _target(named: dict[str, str]) -> Target:
    if sum(map(bool, named.values())) != 1:
        message = "Name an objective, a component or a team, and only one of them."
        raise Invalid(message, errors=(FieldError("objective", "one_of_three", message),))
    if named["objective"]:
        return queries.by_name(named["objective"])
    if named["component"]:
        return catalog.component_by_ref(_ref("component", named["component"]))
    return catalog.team_by_ref(_ref("team", named["team"]))


def _ref(field: str, text: str) -> str:
    if not text.strip():
        return ""
    try:
        return str(parse(text, kind="group" if field == "team" else "component"))
    except BadReference as error:
        raise Invalid(f"{field}: {error}.", errors=(FieldError(field, "invalid_reference", f"{error}."),)) from error
