"""What is wrong with who is on call, and how it is shared, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.oncall import LONGEST, BySlug, moment
from incidents.models import Schedule
from incidents.oncall.checking import Found, problems_of
from incidents.oncall.fairness import Load
from incidents.oncall.problems import Kind
from incidents.queries import fairness as queries
from incidents.queries import oncall
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import listed, refusals

HOUR = timedelta(hours=1)


class ProblemSpanOut(serializers.Serializer[Any]):
    """From when to when, within the four weeks."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class OnCallProblemOut(serializers.Serializer[Found]):
    """`schedules` has two for `twice`; `person` is null for a `gap`; `lasting`: beyond the four weeks."""

    kind = serializers.ChoiceField(choices=[one.value for one in Kind])
    schedules = serializers.ListField(child=serializers.CharField(), source="problem.schedules")
    person = serializers.SerializerMethodField()
    words = serializers.CharField()
    spans = ProblemSpanOut(many=True, source="problem.spans")
    lasting = serializers.BooleanField(source="problem.lasting")

    def get_person(self, found: Found) -> str | None:
        """Their reference."""
        return found.problem.person or None


class ShiftsOut(serializers.Serializer[Load]):
    """Hours, and those of them at night (22 to 07) and at weekends, by the person's own clock."""

    hours = serializers.SerializerMethodField()
    night_hours = serializers.SerializerMethodField()
    weekend_hours = serializers.SerializerMethodField()

    def get_hours(self, load: Load) -> float:
        """All."""
        return load.all / HOUR

    def get_night_hours(self, load: Load) -> float:
        """Of nights."""
        return load.nights / HOUR

    def get_weekend_hours(self, load: Load) -> float:
        """Of Saturdays and Sundays."""
        return load.weekends / HOUR


class ShareOut(serializers.Serializer[queries.Line]):
    """One person's. `too_much` names what is more than 1.25 times an even share and at least 12 hours more."""

    person = serializers.CharField(source="share.person")
    name = serializers.CharField()
    turns = serializers.IntegerField(source="share.turns")
    has = ShiftsOut(source="share.has")
    even = ShiftsOut(source="share.even")
    in_rotation = serializers.BooleanField(source="share.in_rotation")
    pages = serializers.IntegerField(help_text="That came while they had it; drills left out")
    too_much = serializers.SerializerMethodField()

    def get_too_much(self, line: queries.Line) -> list[str]:
        """Of all, nights, weekends."""
        return sorted(line.share.too_much)


class SharedOut(serializers.Serializer[queries.Shared]):
    """One schedule's shares, the most hours first."""

    schedule = serializers.CharField(source="schedule.slug")
    name = serializers.CharField(source="schedule.name")
    shares = ShareOut(many=True, source="lines")


class Problems(APIView):
    """What is wrong in the next four weeks."""

    @extend_schema(
        operation_id="on_call_problems",
        parameters=[
            OpenApiParameter("kind", enum=[one.value for one in Kind]),
            OpenApiParameter("team", description="Reference, such as group:default/ci"),
            OpenApiParameter("schedule", description="Name in addresses"),
        ],
        responses={200: listed(OnCallProblemOut), **refusals(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """List problems by kind, the worst first: gaps, people not to be reached, away, and on call twice."""
        asked = {name: request.query_params.get(name, "").strip() for name in ("kind", "team", "schedule")}
        if asked["kind"] and asked["kind"] not in set(Kind):
            raise Invalid(errors=(FieldError("kind", "invalid", f"Use one of {', '.join(Kind)}."),))
        now, slug = db_now(), asked["schedule"]
        found = problems_of([oncall.schedule_by_slug(slug, since=now)] if slug else None, now=now)
        if asked["kind"]:
            found = [one for one in found if one.kind == asked["kind"]]
        if asked["team"]:
            found = [one for one in found if any(row.team and row.team.ref == asked["team"] for row in one.schedules)]
        told: Any = found  # the stubs know no list, even with many=True
        return Response({"results": OnCallProblemOut(told, many=True).data})


class Fairness(APIView):
    """How on call is shared."""

    pagination_class = BySlug

    @extend_schema(
        operation_id="on_call_fairness",
        parameters=[
            OpenApiParameter("start", OpenApiTypes.DATETIME, description="90 days ago when left out"),
            OpenApiParameter("end", OpenApiTypes.DATETIME, description="90 days ahead when left out"),
            OpenApiParameter("team", description="Reference, such as group:default/ci"),
            OpenApiParameter("schedule", description="Name in addresses"),
        ],
        responses=SharedOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Show how on call is shared, by schedule and person, over at most 366 days."""
        today = _midnight(db_now())
        start = moment(request, "start") or today - queries.BACK
        end = moment(request, "end") or today + queries.AHEAD
        if not start < end <= start + LONGEST:
            raise Invalid(errors=(FieldError("end", "invalid", "It must lie after start, by at most 366 days."),))
        found = Schedule.objects.filter(retired_at=None)
        for name, field in (("team", "team__ref"), ("schedule", "slug")):
            asked = request.query_params.get(name, "").replace("\x00", "").strip()
            found = found.filter(**{field: asked.lower()}) if asked else found
        pager = BySlug()
        rows = pager.paginate_queryset(found, request, view=self) or []
        loaded = oncall.schedules(since=start, slugs=[row.slug for row in rows])
        told: Any = sorted(queries.shared(loaded, start, end), key=lambda one: one.schedule.slug)
        return pager.get_paginated_response(SharedOut(told, many=True).data)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


urlpatterns = [
    path("on-call/problems", Problems.as_view(), name="on-call-problems"),
    path("on-call/fairness", Fairness.as_view(), name="on-call-fairness"),
]
