"""The platform lead's home over HTTP: the same figures, the worst objectives, and how that went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries as catalog
from catalog.models import ScoreDay
from catalog.recurrence import known_zone
from incidents.analytics import Figures
from incidents.api.analytics import SpreadOut, spread_of
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from portal.pages import home, lead
from portal.pages.watch import uncovered
from slo.api.shapes import StandsOut
from slo.queries.fleet import FleetRow

BUDGETS = ("objectives", "exhausted", "burning", "at_risk", "no_data")
ZONE = OpenApiParameter("zone", OpenApiTypes.STR, description="Whose calendar months, such as Europe/Berlin; UTC")


class PlatformMonthOut(serializers.Serializer[Any]):
    """A calendar month; the figures are those of `/analytics/incidents?by=month`."""

    month = serializers.CharField(help_text="As 2026-11")
    incidents = serializers.IntegerField()
    time_to_acknowledge = SpreadOut()
    time_to_restore = SpreadOut()
    blocked_minutes = serializers.FloatField(allow_null=True, help_text="Developer-minutes; null is unknown")


class PlatformBudgetsOut(serializers.Serializer[Any]):
    """How many objectives there are, and in which state."""

    objectives = serializers.IntegerField()
    exhausted = serializers.IntegerField()
    burning = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    no_data = serializers.IntegerField()


class PlatformObjectiveOut(StandsOut):
    """One of the worst."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    component = serializers.CharField()


class PlatformLevelsOut(serializers.Serializer[Any]):
    """Components by level of their scorecards, on a day."""

    day = serializers.DateField()
    none = serializers.IntegerField()
    bronze = serializers.IntegerField()
    silver = serializers.IntegerField()
    gold = serializers.IntegerField()


class PlatformOut(serializers.Serializer[Any]):
    """How the platform is."""

    open_p1 = serializers.IntegerField()
    open_p2 = serializers.IntegerField()
    open_incidents = serializers.IntegerField(help_text="Of any severity")
    budgets = PlatformBudgetsOut()
    components = serializers.IntegerField()
    unowned = serializers.IntegerField(help_text="Components without owner")
    uncovered = serializers.IntegerField(
        help_text="Components whose P1 reaches nobody at some hour of the next four weeks; at most five minutes old"
    )
    worst = PlatformObjectiveOut(many=True)
    months = PlatformMonthOut(many=True, help_text="The last twelve, the running one last")
    scorecards = PlatformLevelsOut(many=True, help_text="By day, oldest first; days that nobody counted are left out")


class Platform(APIView):
    """The platform at a glance."""

    open_to_readers = True

    @extend_schema(operation_id="platform_read", parameters=[ZONE], responses={200: PlatformOut, **refusals(400)})
    def get(self, request: Request) -> Response:
        """Show what the platform lead's home shows; everybody may read it."""
        zone = request.query_params.get("zone") or "UTC"
        if not known_zone(zone):
            message = "Use a name such as Europe/Berlin or UTC."
            raise Invalid(f"zone: {message}", errors=(FieldError("zone", "invalid", message),))
        return Response(_platform(zone, now=db_now()))


def _platform(zone: str, *, now: datetime) -> dict[str, Any]:
    totals = home.figures()
    return {
        "open_p1": totals["p1"],
        "open_p2": totals["p2"],
        "open_incidents": totals["open"],
        "budgets": {name: getattr(totals["slo"], name) for name in BUDGETS},
        "components": totals["components"],
        "unowned": totals["unowned"],
        "uncovered": sum(uncovered(now=now).values()),
        "worst": [_objective(row) for row in home.worst_objectives()],
        "months": [_month(one) for one in lead.months(lead.MONTHS, now=now, zone=zone)],
        "scorecards": _levels(catalog.trend(now=now)),
    }


def _objective(row: FleetRow) -> dict[str, Any]:
    same = {name: getattr(row, name) for name in ("name", "state", "remaining", "burn")}
    return {"id": row.pk, "component": row.component_ref, **same}


def _month(one: Figures) -> dict[str, Any]:
    return {
        "month": one.key,
        "incidents": one.incidents,
        "time_to_acknowledge": spread_of(one.taken),
        "time_to_restore": spread_of(one.restored),
        "blocked_minutes": one.blocked,
    }


def _levels(days: Sequence[ScoreDay]) -> list[dict[str, Any]]:
    names = ("none", "bronze", "silver", "gold")
    return [{"day": one.day, **dict(zip(names, one.levels, strict=True))} for one in days]
