"""Maintenance windows over HTTP."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import WRITE_REFUSALS, query, refusals
from catalog.models import Component, MaintenanceWindow, Team
from catalog.operations.windows import NoSuchWindow, WindowSpec, change_window, declare_window, withdraw_window
from catalog.queries.windows import (
    AN_INSTANT,
    all_windows,
    next_of,
    occurrences_of,
    past_windows,
    planned_windows,
    window_by_id,
)
from catalog.refs import BadReference, parse
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer

ECHOES = frozenset({"id", "component", "team", "created_by", "created_at", "withdrawn_at", "running", "next"})


class WindowIn(StrictSerializer):
    """What is planned. In PATCH what is left out stays."""

    echoes = ECHOES

    title = serializers.CharField(max_length=200)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="Of a recurring one: of its first occurrence")
    rrule = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=TU"
    )
    time_zone = serializers.CharField(required=False, max_length=64, help_text="By whose clock it repeats")
    holds_pages = serializers.BooleanField(required=False, help_text="Nobody is to be paged meanwhile; default true")
    excludes_budget = serializers.BooleanField(
        required=False, help_text="What fails is to spend no error budget; default false"
    )


class NewWindowIn(WindowIn):
    """What is planned, and for what: a component, or all that a team owns."""

    echoes = ECHOES - {"component", "team"}

    component = serializers.CharField(required=False, allow_blank=True, help_text="Its reference, or its short name")
    team = serializers.CharField(required=False, allow_blank=True, help_text="Its reference, or its short name")


class SpanOut(serializers.Serializer[Any]):
    """`[start, end)`."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class WindowOut(serializers.Serializer[Any]):
    """A maintenance window."""

    id = serializers.IntegerField()
    component = serializers.CharField(help_text="Empty: it is for a team")
    team = serializers.CharField(help_text="Empty: it is for a component")
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    rrule = serializers.CharField(help_text="Empty: once")
    time_zone = serializers.CharField()
    holds_pages = serializers.BooleanField()
    excludes_budget = serializers.BooleanField()
    created_by = serializers.CharField(help_text="Empty: a token")
    created_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    running = SpanOut(allow_null=True, help_text="The occurrence that holds now")
    next = SpanOut(allow_null=True, help_text="The occurrence that begins next")


class Newest(KeysetPagination):
    """Newest first."""

    ordering = "-pk"


class WindowList(APIView):
    """All windows, and planning one."""

    open_to_readers = True
    pagination_class = Newest

    @extend_schema(
        operation_id="maintenance_windows_list",
        parameters=[
            query("component", "Its own windows, by reference or short name"),
            query("team", "Those of the team and of what it owns"),
            query("state", "planned (default), past or all"),
        ],
        responses={200: WindowOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List maintenance windows, newest first; `next` leads on."""
        now, asked, pages = db_now(), request.query_params, Newest()
        rows = _in_state(asked.get("state", "planned"), now)
        if asked.get("component"):
            rows = rows.filter(component__ref=_ref("component", asked["component"]))
        if asked.get("team"):
            team = _ref("team", asked["team"])
            rows = rows.filter(team__ref=team) | rows.filter(component__owner__ref=team)
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([window_json(row, now) for row in page])

    @extend_schema(
        operation_id="maintenance_windows_create",
        request=NewWindowIn,
        responses={201: WindowOut, **refusals(400, 403, 404)},
    )
    def post(self, request: Request) -> Response:
        """Plan work on a component or on all that a team owns; once, or again and again by a rule."""
        shape = NewWindowIn(data=request.data)
        shape.is_valid(raise_exception=True)
        given, now = dict(shape.validated_data), db_now()
        target = _target(given.pop("component", ""), given.pop("team", ""))
        row = declare_window(spec=WindowSpec(**given), target=target, actor=actor_of(request), now=now)
        return Response(window_json(row, now), status=201)


class OneWindow(APIView):
    """One window."""

    open_to_readers = True

    @extend_schema(operation_id="maintenance_windows_get", responses={200: WindowOut, **refusals(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Show the window, withdrawn or not."""
        row = window_by_id(pk)
        if row is None:
            raise NoSuchWindow
        return Response(window_json(row, db_now()))

    @extend_schema(
        operation_id="maintenance_windows_patch",
        request=WindowIn,
        responses={200: WindowOut, **refusals(400, 403, 404, 409)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what the body names; of one that has begun only the title, and the end of a single one."""
        shape = WindowIn(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        now = db_now()
        row = change_window(window_id=pk, changes=shape.validated_data, actor=actor_of(request), now=now)
        return Response(window_json(row, now))

    @extend_schema(operation_id="maintenance_windows_withdraw", responses={200: WindowOut, **WRITE_REFUSALS})
    def delete(self, request: Request, pk: int) -> Response:
        """Call the window off, or end it now; what was until now counts."""
        now = db_now()
        return Response(window_json(withdraw_window(window_id=pk, actor=actor_of(request), now=now), now))


def window_json(row: MaintenanceWindow, now: datetime) -> dict[str, Any]:
    """As `WindowOut`."""
    names = ("title", "starts_at", "ends_at", "rrule", "time_zone", "holds_pages", "excludes_budget")
    running = next(occurrences_of(row, now, now + AN_INSTANT), None)
    coming = next_of(row, now)
    return {
        "id": row.pk,
        "component": row.component.ref if row.component else "",
        "team": row.team.ref if row.team else "",
        **{name: getattr(row, name) for name in names},
        "created_by": row.created_by.ref if row.created_by else "",
        "created_at": row.created_at,
        "withdrawn_at": row.withdrawn_at,
        "running": {"start": running.start, "end": running.end} if running else None,
        "next": {"start": coming.start, "end": coming.end} if coming else None,
    }


def _in_state(state: str, now: datetime) -> QuerySet[MaintenanceWindow]:
    known = {"planned": planned_windows, "past": past_windows, "all": all_windows}
    if state not in known:
        message = f"Use one of {', '.join(known)}."
        raise Invalid(f"state: {message}", errors=(FieldError("state", "invalid", message),))
    return known[state](now)


def _target(component: str, team: str) -> Component | Team:
    if bool(component.strip()) == bool(team.strip()):
        message = "Name a component or a team, and only one of them."
        raise Invalid(message, errors=(FieldError("component", "one_of_two", message),))
    if component.strip():
        return queries.component_by_ref(_ref("component", component))
    return queries.team_by_ref(_ref("team", team))


def _ref(field: str, text: str) -> str:
    try:
        return str(parse(text, kind="group" if field == "team" else "component"))
    except BadReference as error:
        raise Invalid(f"{field}: {error}.", errors=(FieldError(field, "invalid_reference", f"{error}."),)) from error
