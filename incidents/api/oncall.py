"""Schedules: list, make, set, read; who is on call; shifts and gaps of a period; overrides; taking over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import Actor, require_owned, require_scope
from catalog.models import Person, Team
from catalog.refs import no_such
from incidents.api import oncall_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.models import Schedule
from incidents.operations import schedules as operations
from incidents.operations.handoff_notes import set_tells_handoffs
from incidents.queries import oncall as queries
from portal.lib import moments
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import listed

SCOPE = "oncall:write"
LONGEST = timedelta(days=366)
MOST_TEAMS = 100
MOMENT = OpenApiTypes.DATETIME


class BySlug(KeysetPagination):
    """In order of their names in addresses."""

    ordering = "slug"


class Schedules(APIView):
    """All schedules, and making one."""

    pagination_class = BySlug

    @extend_schema(responses=io.ScheduleOut(many=True))
    def get(self, request: Request) -> Response:
        """List schedules, each with its rotation and who is on call now."""
        pager = BySlug()
        rows = pager.paginate_queryset(Schedule.objects.filter(retired_at=None), request, view=self) or []
        return pager.get_paginated_response(_told(queries.schedules(since=db_now(), slugs=[row.slug for row in rows])))

    @extend_schema(request=io.NewScheduleIn, responses={201: io.ScheduleOut})
    def post(self, request: Request) -> Response:
        """Make a schedule with a rotation."""
        now, actor, given = db_now(), actor_of_api(request), io.read(io.NewScheduleIn, request)
        require_owned(actor, [given["team"]], scope=SCOPE)
        several = "layers" in given
        said = io.layers(given, now)
        with io.placed(several):
            made = operations.create_schedule(**given, **said, by=actor, now=now)
        return Response(_one(made.slug), status=status.HTTP_201_CREATED)


class OneSchedule(APIView):
    """One schedule."""

    @extend_schema(responses=io.ScheduleOut)
    def get(self, request: Request, slug: str) -> Response:
        """Show a schedule with its rotation and who is on call now."""
        return Response(_one(slug))

    @extend_schema(request=io.ScheduleIn, responses={200: io.ScheduleOut, 201: io.ScheduleOut})
    def put(self, request: Request, slug: str) -> Response:
        """Make it say this; said twice, nothing changes. A changed rotation holds from `starts_at`, or from now."""
        now, actor, given = db_now(), actor_of_api(request), io.read(io.ScheduleIn, request)
        there = Schedule.objects.filter(slug=slug).first()
        require_owned(actor, [given["team"], *([there.team_id] if there else [])], scope=SCOPE)
        several = "layers" in given
        said = io.layers(given, now)
        with io.placed(several):
            _, new = operations.put_schedule(slug=slug, **given, **said, by=actor, now=now)
        return Response(_one(slug), status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)

    @extend_schema(request=io.SettingsIn, responses={200: io.ScheduleOut})
    def patch(self, request: Request, slug: str) -> Response:
        """Choose whether handoffs are told."""
        schedule, actor = writable(request, slug)
        given = io.read(io.SettingsIn, request)
        if "tells_handoffs" in given:
            set_tells_handoffs(schedule=schedule, tells=given["tells_handoffs"], by=actor, now=db_now())
        return Response(_one(slug))


class OnCallNow(APIView):
    """Who has it."""

    open_to_readers = True

    @extend_schema(parameters=[OpenApiParameter("at", MOMENT, description="now when left out")], responses=io.OnCallOut)
    def get(self, request: Request, slug: str) -> Response:
        """Show who is on call now, or at the moment `at`, in the past as well."""
        at = moment(request, "at") or db_now()
        found = queries.on_call_now([queries.schedule_by_slug(slug, since=at)], now=at)[0]
        return Response(io.OnCallOut(found).data)


class OnCallOfTeams(APIView):
    """Who has it for which team."""

    @extend_schema(
        parameters=[
            OpenApiParameter("team", many=True, required=True, description="Reference, such as group:default/ci"),
            OpenApiParameter("at", MOMENT, description="now when left out"),
        ],
        responses=listed(io.TeamOnCallOut),
    )
    def get(self, request: Request) -> Response:
        """Show who is on call for up to 100 teams, now or at the moment `at`; nobody for a team without a schedule."""
        refs = [ref.replace("\x00", "").lower() for ref in request.query_params.getlist("team")]
        if not 0 < len(refs) <= MOST_TEAMS:
            raise Invalid(errors=(FieldError("team", "required", f"Name 1 to {MOST_TEAMS} teams."),))
        at = moment(request, "at") or db_now()
        teams = {team.ref: team for team in Team.objects.filter(ref__in=refs)}
        unknown = [ref for ref in refs if ref not in teams]
        if unknown:
            raise Invalid(errors=(FieldError("team", "unknown", no_such(unknown[0])),))
        found = queries.on_call_of_teams(teams.values(), now=at)
        told = [_of_team(ref, found.get(teams[ref].pk)) for ref in dict.fromkeys(refs)]
        return Response({"results": told})


class Shifts(APIView):
    """Who has it when."""

    @extend_schema(
        parameters=[OpenApiParameter("start", MOMENT), OpenApiParameter("end", MOMENT)], responses=io.PeriodOut
    )
    def get(self, request: Request, slug: str) -> Response:
        """List shifts and gaps of a period of at most 366 days; four weeks from now when left out."""
        start = moment(request, "start") or db_now()
        end = moment(request, "end") or start + queries.FOUR_WEEKS
        if not start < end <= start + LONGEST:
            raise Invalid(errors=(FieldError("end", "invalid", "It must lie after start, by at most 366 days."),))
        loaded = [queries.schedule_by_slug(slug, since=start)]
        found = {"shifts": queries.duties(loaded, start, end), "gaps": queries.holes(loaded, start, end)}
        return Response(io.PeriodOut(found).data)


class Overrides(APIView):
    """Somebody else for a time."""

    @extend_schema(responses=listed(io.OverrideOut))
    def get(self, request: Request, slug: str) -> Response:
        """List overrides in force and to come, soonest first."""
        now = db_now()
        found = queries.overrides_ahead([queries.schedule_by_slug(slug, since=now)], now=now)
        return Response({"results": io.OverrideOut(found, many=True).data})

    @extend_schema(request=io.OverrideIn, responses={201: io.OverrideOut})
    def post(self, request: Request, slug: str) -> Response:
        """Put a person on call for a while, or with null deliberately nobody. Sent twice, it is one."""
        schedule, actor = writable(request, slug)
        given = io.read(io.OverrideIn, request)
        made = operations.add_override(schedule=schedule, **given, by=actor, now=db_now())
        return Response(io.OverrideOut(made).data, status=status.HTTP_201_CREATED)


class OneOverride(APIView):
    """One override."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """End an override: the rotation decides again, from now."""
        schedule, actor = writable(request, slug)
        operations.withdraw_override(override=queries.override_of(schedule, pk), by=actor, now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TakeOver(APIView):
    """Having it from now on."""

    @extend_schema(request=io.TakeOverIn, responses={201: io.OverrideOut})
    def post(self, request: Request, slug: str) -> Response:
        """Be on call until whoever is would have handed over. A token must name the person it acts for."""
        schedule, actor = writable(request, slug)
        person: Person | None = io.read(io.TakeOverIn, request).get("person") or actor.person
        if person is None:
            raise Invalid(errors=(FieldError("person", "required", "A token must name the person it acts for."),))
        made = operations.take_over(schedule=schedule, person=person, by=actor, now=db_now())
        return Response(io.OverrideOut(made).data, status=status.HTTP_201_CREATED)


def writable(request: Request, slug: str) -> tuple[Schedule, Actor]:
    """The schedule and who asks, if that one may change it."""
    actor = actor_of_api(request)
    require_scope(actor, SCOPE)
    schedule = queries.schedule_by_slug(slug, since=db_now())
    require_owned(actor, [schedule.team_id], scope=SCOPE)
    return schedule, actor


def _one(slug: str) -> dict[str, Any]:
    return _told([queries.schedule_by_slug(slug, since=db_now())])[0]


def _told(loaded: Sequence[Schedule]) -> list[dict[str, Any]]:
    found: Any = queries.on_call_now(loaded, now=db_now())  # the stubs know no list, even with many=True
    return list(io.ScheduleOut(found, many=True).data)


def moment(request: Request, name: str) -> datetime | None:
    """A moment of the address; a `+` that became a space is put right. Raises Invalid."""
    text = request.query_params.get(name, "").strip().replace(" ", "+")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        wrong = FieldError(name, "invalid", "Write a moment such as 2026-11-22T09:00:00Z.")
        raise Invalid(errors=(wrong,)) from error
    if moments.far(found):
        raise Invalid(errors=(FieldError(name, moments.CODE, moments.SAID),))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _of_team(ref: str, found: queries.OnCall | None) -> dict[str, Any]:
    if found is None:
        said = dict.fromkeys(("schedule", "person", "until", "next_person")) | {"name": "", "by_override": False}
        return {"team": ref, **said}
    return {"team": ref, "schedule": found.schedule.slug, **io.OnCallOut(found).data}


urlpatterns = [
    path("on-call", OnCallOfTeams.as_view(), name="on-call-of-teams"),
    path("schedules", Schedules.as_view(), name="schedules"),
    path("schedules/<slug:slug>", OneSchedule.as_view(), name="schedule"),
    path("schedules/<slug:slug>/on-call", OnCallNow.as_view(), name="on-call"),
    path("schedules/<slug:slug>/shifts", Shifts.as_view(), name="shifts"),
    path("schedules/<slug:slug>/overrides", Overrides.as_view(), name="overrides"),
    path("schedules/<slug:slug>/overrides/<int:pk>", OneOverride.as_view(), name="override"),
    path("schedules/<slug:slug>/take-over", TakeOver.as_view(), name="take-over"),
]
