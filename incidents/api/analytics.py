"""The analytics over HTTP: the figures of the pages, exactly, with their counts."""

from collections.abc import Sequence
from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents import analytics
from incidents.analytics import BY, Escalations, Figures, FollowUp, Load, Spread
from incidents.analytics_drawn import ITEMS, item_values
from incidents.api.incidents import moment, severity_of
from incidents.asking import wanted
from incidents.models.incident import Severity
from incidents.queries.analytics import OVERALL, Wanted
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals

LIMIT, MOST, FURTHEST = 100, 1000, 999_999_999
GROUPS = (OVERALL, *BY)
ASKED = [
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="Opened at or after it; six months back if left out"),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="Opened before it; now if left out"),
    OpenApiParameter("zone", description="Whose calendar months, such as Europe/Berlin; UTC if left out"),
    OpenApiParameter("team", description="Reference of the owner (of whom was called: people, escalations)"),
    OpenApiParameter("component", description="By reference, or short: ci-runners"),
    OpenApiParameter("severity", enum=Severity.labels, many=True),
    OpenApiParameter("source", description="Such as slo, alertmanager, manual"),
]
PAGES = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"At most {MOST}; {LIMIT} if left out"),
    OpenApiParameter("offset", OpenApiTypes.INT, description="How many to pass over"),
]
GROUPED = OpenApiParameter("by", enum=GROUPS, description="What to group by; overall if left out")


class SpreadOut(serializers.Serializer[Any]):
    """Median and 90th percentile of `count` times, in seconds; null where there is none."""

    count = serializers.IntegerField()
    median_s = serializers.FloatField(allow_null=True)
    p90_s = serializers.FloatField(allow_null=True)


class FiguresOut(serializers.Serializer[Any]):
    """The figures of one group; each is defined in the documentation under Analytics."""

    key = serializers.CharField(
        allow_blank=True, help_text="A reference, P1 to P5, a source or a month such as 2026-11; empty: of none, or all"
    )
    name = serializers.CharField()
    incidents = serializers.IntegerField()
    symptoms = serializers.IntegerField()
    openings = serializers.IntegerField(help_text="Reopenings counted")
    still_open = serializers.IntegerField()
    time_to_acknowledge = SpreadOut()
    unanswered = serializers.IntegerField(help_text="Openings that ended without anybody's answer")
    waiting = serializers.IntegerField(help_text="Openings that are not over, and not answered")
    time_to_restore = SpreadOut()
    time_between_failures = SpreadOut()
    blocked_minutes = serializers.FloatField(allow_null=True, help_text="Developer-minutes; null is unknown")
    blocked_unknown = serializers.IntegerField(help_text="Incidents of unknown blast radius")
    paged = serializers.IntegerField(help_text="Openings for which somebody was paged")
    noisy = serializers.IntegerField(help_text="Of them, over by themselves within five minutes")
    noise = serializers.FloatField(allow_null=True, help_text="Their share")


class EscalationsOut(serializers.Serializer[Any]):
    """How far pages went."""

    key = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    pages = serializers.IntegerField()
    past_step_one = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class FollowUpOut(serializers.Serializer[Any]):
    """What became of action items whose day lies in the stretch."""

    key = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    due = serializers.IntegerField(help_text="Done, or still open after their day")
    in_time = serializers.IntegerField(help_text="Done on their day at the latest")
    late = serializers.IntegerField(help_text="Done after it")
    overdue = serializers.IntegerField(help_text="Still open")
    dropped = serializers.IntegerField(help_text="Decided against, and not due")
    share = serializers.FloatField(allow_null=True, help_text="Of those due, done in time")


class LoadOut(serializers.Serializer[Any]):
    """How often somebody was called; nights (22:00 to 07:00) and weekends by the clock of their own time zone."""

    person = serializers.CharField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    pages = serializers.IntegerField()
    at_night = serializers.IntegerField()
    nights = serializers.IntegerField(help_text="Different nights")
    at_weekends = serializers.IntegerField()
    weekends = serializers.IntegerField(help_text="Different weekends")


class StretchOut(serializers.Serializer[Any]):
    """What was asked: openings in `[since, until)`; `count` groups there are, `results` some of them."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    count = serializers.IntegerField()


class IncidentFiguresOut(StretchOut):
    """Figures by group: months and severities in order, else the most incidents first."""

    results = FiguresOut(many=True)


class EscalationFiguresOut(StretchOut):
    """Escalations by group: months and severities in order, else the most pages first."""

    results = EscalationsOut(many=True)


class FollowUpFiguresOut(StretchOut):
    """Action items by group: months and severities in order, else the most due first."""

    results = FollowUpOut(many=True)


class PeopleFiguresOut(StretchOut):
    """People, the most often called first."""

    results = LoadOut(many=True)


class IncidentFigures(APIView):
    """What incidents say of how we work."""

    open_to_readers = True

    @extend_schema(
        operation_id="analytics_incidents",
        parameters=[GROUPED, *ASKED, *PAGES],
        responses={200: IncidentFiguresOut, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Times to acknowledge, to restore and between failures, what was blocked, noise; by group."""
        asked, by = _asked(request), _by(request)
        return _answer(request, asked, [_figures(one) for one in analytics.figures(asked, (by,))[by]])


class EscalationFigures(APIView):
    """Where step one is not enough."""

    open_to_readers = True

    @extend_schema(
        operation_id="analytics_escalations",
        parameters=[GROUPED, *ASKED, *PAGES],
        responses={200: EscalationFiguresOut, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Pages, and those that went past step one; the team is the one that was called."""
        asked, by = _asked(request), _by(request)
        return _answer(request, asked, [_escalations(one) for one in analytics.escalations(asked, (by,))[by]])


class ActionItemFigures(APIView):
    """Whether what was to be mended was."""

    open_to_readers = True

    @extend_schema(
        operation_id="analytics_action_items",
        parameters=[GROUPED, *ASKED, *PAGES],
        responses={200: FollowUpFiguresOut, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Action items done in time, late or not at all, by group; they belong to the day they are due."""
        asked, by = _asked(request), _by(request)
        return _answer(request, asked, [_follow_up(one) for one in analytics.follow_up(asked, (by,))[by]])


class PeopleFigures(APIView):
    """Who is called how often."""

    @extend_schema(
        operation_id="analytics_people",
        parameters=[*ASKED, *PAGES],
        responses={200: PeopleFiguresOut, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Calls, and nights and weekends disturbed, by person."""
        asked = _asked(request)
        return _answer(request, asked, [_load(one) for one in analytics.people(asked).loads])


def _asked(request: Request) -> Wanted:
    given = request.query_params
    return wanted(
        since=moment("since", given.get("since", "")),
        until=moment("until", given.get("until", "")),
        now=db_now(),
        zone=given.get("zone", "") or "UTC",
        team=given.get("team", ""),
        component=given.get("component", ""),
        source=given.get("source", ""),
        severities=[severity_of(text) for text in given.getlist("severity")],
    )


def _by(request: Request) -> str:
    by = request.query_params.get("by", "") or OVERALL
    if by not in GROUPS:
        message = f"Use one of {', '.join(GROUPS)}."
        raise Invalid(f"by: {message}", errors=(FieldError("by", "invalid", message),))
    return by


def _answer(request: Request, asked: Wanted, rows: Sequence[dict[str, Any]]) -> Response:
    limit = _count(request, "limit", LIMIT, least=1, most=MOST)
    offset = _count(request, "offset", 0, least=0, most=FURTHEST)
    shown = rows[offset : offset + limit]
    return Response({"since": asked.since, "until": asked.until, "count": len(rows), "results": shown})


def _count(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        message = f"Use a number from {least} to {most}."
        raise Invalid(f"{name}: {message}", errors=(FieldError(name, "invalid", message),))
    return int(text)


def spread_of(spread: Spread) -> dict[str, object]:
    """As SpreadOut."""
    return {"count": spread.count, "median_s": spread.median, "p90_s": spread.p90}


def _figures(one: Figures) -> dict[str, object]:
    return {
        "key": one.key,
        "name": one.label,
        "incidents": one.incidents,
        "symptoms": one.symptoms,
        "openings": one.openings,
        "still_open": one.still_open,
        "time_to_acknowledge": spread_of(one.taken),
        "unanswered": one.untaken,
        "waiting": one.waiting,
        "time_to_restore": spread_of(one.restored),
        "time_between_failures": spread_of(one.apart),
        "blocked_minutes": one.blocked,
        "blocked_unknown": one.blocked_unknown,
        "paged": one.paged,
        "noisy": one.noisy,
        "noise": one.noise,
    }


def _escalations(one: Escalations) -> dict[str, object]:
    return {"key": one.key, "name": one.label, "pages": one.pages, "past_step_one": one.past, "share": one.share}


def _follow_up(one: FollowUp) -> dict[str, object]:
    return {"key": one.key, "name": one.label, **dict(zip(ITEMS, item_values(one), strict=True))}


def _load(one: Load) -> dict[str, object]:
    held = one.disturbed
    return {
        "person": one.person.ref,
        "name": one.person.label,
        "time_zone": one.person.time_zone,
        "pages": held.pages,
        "at_night": held.at_night,
        "nights": held.nights,
        "at_weekends": held.at_weekends,
        "weekends": held.weekends,
    }


urlpatterns = [
    path("analytics/incidents", IncidentFigures.as_view(), name="analytics-incidents"),
    path("analytics/escalations", EscalationFigures.as_view(), name="analytics-escalations"),
    path("analytics/action-items", ActionItemFigures.as_view(), name="analytics-action-items"),
    path("analytics/people", PeopleFigures.as_view(), name="analytics-people"),
]
