"""The weekly digest over HTTP: its figures, and whether it is sent to me."""

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries as catalog
from catalog.access import actor_of, person_of
from catalog.recurrence import known_zone
from catalog.refs import BadReference, parse
from incidents.digest.facts import Facts
from incidents.digest.showing import PLATFORM, facts_about
from incidents.operations.digests import choose_digest
from incidents.queries.digests import latest_letter, wants_digest
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer

TEAM = OpenApiParameter("team", description="A team's reference or short name; left out, or `platform`: all of it")
ZONE = OpenApiParameter("zone", description="By whose clock the week begins, such as Europe/Berlin; default UTC")


class DigestIncidentOut(serializers.Serializer[Any]):
    """One incident of the week."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    taken_by = serializers.CharField(help_text="Empty: nobody")
    taken_after_seconds = serializers.FloatField(allow_null=True)
    lasted_seconds = serializers.FloatField(allow_null=True, help_text="Null: still open")


class DigestObjectiveOut(serializers.Serializer[Any]):
    """An objective whose budget burns, is exhausted or at risk."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.CharField()
    remaining = serializers.FloatField(allow_null=True, help_text="1 is all, below 0 overspent; null: unknown")


class DigestLoadOut(serializers.Serializer[Any]):
    """How often somebody was called, by their own clock; as analytics count it."""

    name = serializers.CharField()
    pages = serializers.IntegerField()
    nights = serializers.IntegerField(help_text="Of these between 22:00 and 07:00")
    weekends = serializers.IntegerField(help_text="Of these on Saturday or Sunday")


class DigestItemOut(serializers.Serializer[Any]):
    """An action item."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    owner = serializers.CharField()
    due_on = serializers.DateField()


class DigestGapOut(serializers.Serializer[Any]):
    """A team whose pages reach nobody at some hour of the next four weeks."""

    team = serializers.CharField()
    policy = serializers.BooleanField(help_text="Whether it has an escalation policy at all")
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)


class DigestOut(serializers.Serializer[Any]):
    """The last whole week. Lists hold ten lines at most; the counts beside them are of all."""

    team = serializers.CharField(help_text="Empty: the whole platform")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    opened = serializers.IntegerField(help_text="Incidents that opened in the week, of a team: its own")
    helped = serializers.IntegerField(help_text="Incidents of others that the team was called into")
    answered = serializers.IntegerField(help_text="Openings that somebody answered")
    median_answer_seconds = serializers.FloatField(allow_null=True, help_text="Time to acknowledge of these")
    incidents = DigestIncidentOut(many=True)
    worrying = serializers.IntegerField(help_text="Budgets at risk or spent, now")
    promised = serializers.IntegerField(help_text="Objectives in all")
    objectives = DigestObjectiveOut(many=True)
    loads = DigestLoadOut(many=True)
    due = serializers.IntegerField(help_text="Open action items that are overdue or due in the week to come")
    overdue = serializers.IntegerField()
    items = DigestItemOut(many=True)
    unowned = serializers.IntegerField()
    care = serializers.IntegerField()
    gaps = DigestGapOut(many=True)
    levels = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="Components by level, none to gold"
    )
    levels_before = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="The same a week before"
    )
    up = serializers.IntegerField(help_text="Components whose level rose")
    down = serializers.IntegerField()


class MyDigestIn(StrictSerializer):
    """Whether I want it."""

    wanted = serializers.BooleanField()


class MyDigestOut(serializers.Serializer[Any]):
    """Whether I get it, and my latest letter."""

    wanted = serializers.BooleanField()
    state = serializers.CharField(help_text="Of the latest letter; empty: there is none yet")
    week = serializers.DateField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    maybe_duplicate = serializers.BooleanField()


class DigestView(APIView):
    """What a week was."""

    @extend_schema(
        operation_id="digest_read", parameters=[TEAM, ZONE], responses={200: DigestOut, **refusals(400, 404)}
    )
    def get(self, request: Request) -> Response:
        """Show the figures of the weekly digest, of the last whole week."""
        zone, named = request.query_params.get("zone") or "UTC", request.query_params.get("team", "")
        if not known_zone(zone):
            raise _refused("zone", f"{zone!r}: use a name such as Europe/Berlin or UTC.")
        team = None
        if named not in ("", PLATFORM):
            try:
                team = catalog.team_by_ref(str(parse(named, kind="group")))
            except BadReference as error:
                raise _refused("team", f"{error}.") from error
        return Response(_json(facts_about(team, zone=zone, now=db_now())))


class MyDigest(APIView):
    """The digest and me; a token is nobody and gets none."""

    @extend_schema(operation_id="me_digest", responses={200: MyDigestOut, **refusals(403)})
    def get(self, request: Request) -> Response:
        """Show whether the digest is sent to me."""
        return Response(_mine(request))

    @extend_schema(operation_id="me_digest_choose", request=MyDigestIn, responses=MyDigestOut)
    def put(self, request: Request) -> Response:
        """Have the digest sent to me, or not."""
        asked = MyDigestIn(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted: bool = asked.validated_data["wanted"]
        choose_digest(person=person_of(request), wanted=wanted, actor=actor_of(request), now=db_now())
        return Response(_mine(request))


def _mine(request: Request) -> dict[str, Any]:
    me = person_of(request)
    latest = latest_letter(me)
    return {
        "wanted": wants_digest(me),
        "state": latest.state if latest else "",
        "week": latest.week if latest else None,
        "sent_at": latest.sent_at if latest else None,
        "maybe_duplicate": bool(latest and latest.maybe_duplicate),
    }


def _json(facts: Facts) -> dict[str, Any]:
    same = (
        "opened",
        "helped",
        "answered",
        "worrying",
        "promised",
        "due",
        "overdue",
        "unowned",
        "care",
        "levels",
        "levels_before",
        "up",
        "down",
    )
    return {
        "team": facts.team.ref if facts.team else "",
        "start": facts.week.start,
        "end": facts.week.end,
        **{name: getattr(facts, name) for name in same},
        "median_answer_seconds": facts.median_answer.total_seconds() if facts.median_answer is not None else None,
        "incidents": [
            {
                "number": one.incident.number,
                "title": one.incident.title,
                "severity": one.incident.severity,
                "opened_at": one.incident.opened_at,
                "taken_by": one.incident.acknowledged_by.ref if one.incident.acknowledged_by else "",
                "taken_after_seconds": one.answered_after.total_seconds() if one.answered_after is not None else None,
                "lasted_seconds": one.lasted.total_seconds() if one.lasted is not None else None,
            }
            for one in facts.incidents
        ],
        "objectives": [
            {"id": one.pk, "title": one.title, "state": one.state, "remaining": one.remaining}
            for one in facts.objectives
        ],
        "loads": [
            {"name": one.name, "pages": one.pages, "nights": one.nights, "weekends": one.weekends}
            for one in facts.loads
        ],
        "items": [
            {"id": one.pk, "title": one.title, "owner": one.owner_ref, "due_on": one.due_on} for one in facts.items
        ],
        "gaps": [
            {"team": one.team.ref, "policy": one.policy, "start": one.start, "end": one.end} for one in facts.gaps
        ],
    }


def _refused(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))


urlpatterns: list[URLPattern] = [
    path("digest", DigestView.as_view(), name="digest"),
    path("me/digest", MyDigest.as_view(), name="my-digest"),
]
