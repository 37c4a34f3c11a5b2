"""The status of the platform, for whoever may read."""

from datetime import datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents import status
from incidents.models import Incident
from incidents.models.incident import Severity
from incidents.queries.promptness import Promptness
from incidents.status import Line
from portal.lib.clock import db_now

STATES = (status.DOWN, status.DEGRADED, status.WORKS)


class SaidOut(serializers.Serializer[Any]):
    """A status update; `by` is null for strangers."""

    at = serializers.DateTimeField()
    state = serializers.CharField()
    text = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    next_by = serializers.DateTimeField(allow_null=True)


class BrokenOut(serializers.Serializer[Any]):
    """An open incident; `taken` says that somebody has it, `taken_by` who, and is null for strangers."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=list(Severity.labels))
    component = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField()
    taken = serializers.BooleanField()
    taken_by = serializers.CharField(allow_null=True)
    teams_blocked = serializers.IntegerField(allow_null=True)
    people_blocked = serializers.IntegerField(allow_null=True)
    symptoms = serializers.IntegerField()
    updates = SaidOut(many=True)
    url = serializers.CharField()


class UnconfirmedOut(serializers.Serializer[Any]):
    """An incident that was resolved while an alert fires; if one still does at `check_again_at`, it is open again."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=list(Severity.labels))
    component = serializers.CharField(allow_null=True)
    resolved_at = serializers.DateTimeField()
    check_again_at = serializers.DateTimeField()
    url = serializers.CharField()


class PlannedOut(serializers.Serializer[Any]):
    """Planned work, running or to come."""

    title = serializers.CharField()
    target = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class DayOut(serializers.Serializer[Any]):
    """A day that was not fine."""

    day = serializers.DateField()
    state = serializers.ChoiceField(choices=(status.DOWN, status.DEGRADED))
    incidents = serializers.IntegerField()


class PromiseOut(serializers.Serializer[Any]):
    """An objective: what is promised, what is kept (shares of one), and the share of its budget that is left.

    `current` and `budget_left` are null where nothing is known; `budget_left` is negative once it is overspent.
    """

    objective = serializers.CharField(source="name")
    title = serializers.CharField()
    component = serializers.CharField(source="component_ref")
    window = serializers.CharField()
    target = serializers.FloatField()
    current = serializers.FloatField(allow_null=True)
    budget_left = serializers.FloatField(source="remaining", allow_null=True)
    state = serializers.CharField()
    url = serializers.CharField()


class AnsweringOut(serializers.Serializer[Any]):
    """How fast the pager is: from an accepted alert to its first page, handed to its channel, since `since`.

    `count` is of how many; the seconds are null where it is none. `unsent` counts those that led to no page at all.
    """

    since = serializers.DateTimeField()
    count = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    p95_seconds = serializers.FloatField(allow_null=True)
    unsent = serializers.IntegerField()


class CapabilityOut(serializers.Serializer[Any]):
    """Something the platform can do, its bad days of the last ninety, newest first, and what is promised of it."""

    ref = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    bad_days = DayOut(many=True)
    promises = PromiseOut(many=True)


class PlatformStatusOut(serializers.Serializer[Any]):
    """The platform at `at`."""

    at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=STATES)
    headline = serializers.CharField()
    incidents = BrokenOut(many=True)
    unconfirmed = UnconfirmedOut(many=True)
    planned = PlannedOut(many=True)
    capabilities = CapabilityOut(many=True)
    answering = AnsweringOut()


class StatusNow(APIView):
    """How the platform is."""

    open_to_readers = True

    @extend_schema(responses=PlatformStatusOut)
    def get(self, request: Request) -> Response:
        """Show what is broken, what is planned, the bad days of the last ninety, what is promised and kept."""
        told = status.status(now=db_now())
        known = request.user.is_authenticated or request.auth is not None
        return Response({
            "at": told.now,
            "state": told.state,
            "headline": told.headline,
            "incidents": [_incident(one, known=known) for one in told.broken],
            "unconfirmed": [_unconfirmed(one) for one in told.unconfirmed],
            "planned": [_planned(one.window.title, one.window, one.start, one.end) for one in told.planned],
            "capabilities": [_capability(one) for one in told.lines],
            "answering": _answering(told.answering),
        })  # fmt: skip


def _unconfirmed(incident: Incident) -> dict[str, object]:
    return {
        "number": incident.number,
        "title": incident.title,
        "severity": incident.get_severity_display(),
        "component": incident.component_ref or None,
        "resolved_at": incident.resolved_at,
        "check_again_at": incident.check_again_at,
        "url": incident.get_absolute_url(),
    }


def _incident(incident: Incident, *, known: bool) -> dict[str, object]:
    person = incident.acknowledged_by if known else None
    return {
        "number": incident.number,
        "title": incident.title,
        "severity": incident.get_severity_display(),
        "component": incident.component_ref or None,
        "since": incident.opened_at,
        "taken": incident.state == Incident.State.ACKNOWLEDGED,
        "taken_by": person.ref if person else None,
        "teams_blocked": incident.teams_blocked,
        "people_blocked": incident.people_blocked,
        "symptoms": incident.symptoms_open,  # type: ignore[attr-defined]  # annotated
        "updates": [
            {"at": one.at, "state": one.state, "text": one.text, "by": one.actor_name if known else None,
             "next_by": one.next_by}
            for one in incident.said  # type: ignore[attr-defined]  # prefetched
        ],
        "url": incident.get_absolute_url(),
    }  # fmt: skip


def _planned(title: str, window: Any, start: datetime, end: datetime) -> dict[str, object]:  # noqa: ANN401
    target = window.component or window.team
    return {"title": title, "target": target.ref, "starts_at": start, "ends_at": end}


def _capability(line: Line) -> dict[str, object]:
    bad = [{"day": day.day, "state": day.state, "incidents": day.incidents} for day in line.touched]
    promises = PromiseOut(line.promises, many=True).data
    return {
        "ref": line.thing.ref, "title": line.thing.label, "state": line.state, "bad_days": bad, "promises": promises,
    }  # fmt: skip


def _answering(figures: Promptness | None) -> dict[str, object] | None:
    if figures is None:
        return None
    return {
        "since": figures.since,
        "count": figures.count,
        "median_seconds": figures.median.total_seconds() if figures.median is not None else None,
        "p95_seconds": figures.p95.total_seconds() if figures.p95 is not None else None,
        "unsent": figures.unsent,
    }


urlpatterns = [path("status", StatusNow.as_view(), name="status")]
