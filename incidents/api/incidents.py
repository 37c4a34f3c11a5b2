"""List, declare, read, acknowledge, resolve, note."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import Actor, actor_of, require, require_scope
from catalog.models import ApiToken
from incidents import access, operations, queries
from incidents.api import serializers as io
from incidents.models import Incident, TimelineEntry
from incidents.models.incident import Severity
from portal.lib import moments
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Forbidden, Invalid
from portal.lib.strict import StrictSerializer


class NotYours(Forbidden):
    """People acknowledge for themselves; leave `person` out. Only a token names the person it acts for."""


DRILLS = {"no": False, "only": True, "all": None}
STATES = ("open", "triggered", "acknowledged", "resolved")


class ByNumber(KeysetPagination):
    """List incidents, newest first."""

    ordering = "-number"


class ByTime(KeysetPagination):
    """Oldest first."""

    ordering = ("at", "pk")


class Incidents(generics.ListAPIView[Incident]):
    """All incidents, and declaring one."""

    serializer_class = io.IncidentOut
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[Incident]:
        """Filtered by the query; raises Invalid for a filter that can't be."""
        if getattr(self, "swagger_fake_view", False):
            return Incident.objects.none()
        asked = self.request.query_params
        found = queries.incidents(
            state=_choice("state", asked.get("state", ""), STATES),
            severities=[severity_of(text) for text in asked.getlist("severity")],
            team=asked.get("team", ""),
            component=asked.get("component", ""),
            source=asked.get("source", ""),
            text=asked.get("q", ""),
            since=moment("since", asked.get("since", "")),
            until=moment("until", asked.get("until", "")),
            teams_called=actor_of_api(self.request).team_ids() if asked.get("mine") in {"true", "1"} else None,
            drills=DRILLS[_choice("drills", asked.get("drills", "") or "no", tuple(DRILLS))],
        )
        return found.select_related("owner", "acknowledged_by", "resolved_by").prefetch_related(
            "pages__team", "pages__person", "pages__acknowledged_by"
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=STATES),
            OpenApiParameter("severity", enum=Severity.labels, many=True),
            OpenApiParameter("team", description="Reference of the owner, such as group:default/ci"),
            OpenApiParameter("component", description="Reference, such as component:default/ci-runners"),
            OpenApiParameter("source", description="Such as slo, alertmanager, manual"),
            OpenApiParameter("q", description="Text in the title"),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Opened at or after it"),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Opened before it"),
            OpenApiParameter("drills", enum=tuple(DRILLS), description="Fire drills: left out (no), alone, or as well"),
            OpenApiParameter("mine", OpenApiTypes.BOOL, description="A team of yours, or of the token, was called"),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """List incidents, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=io.DeclareIn, responses={201: io.IncidentOut})
    def post(self, request: Request) -> Response:
        """Declare an incident: the owner of the component is paged, or the catch-all without one."""
        actor = actor_of_api(request)
        require_scope(actor, access.SCOPE)
        given = _read(io.DeclareIn, request)
        if actor.token and given.get("component"):
            require(actor, [given["component"].owner_id], scope=access.SCOPE)
        severity = given.pop("severity", None)
        incident = operations.declare(
            by=actor, now=db_now(), severity=severity_of(severity) if severity else None, **given
        )
        return Response(io.IncidentOut(_whole(incident.number)).data, status=status.HTTP_201_CREATED)


class OneIncident(APIView):
    """One incident."""

    @extend_schema(responses=io.IncidentOut)
    def get(self, request: Request, number: int) -> Response:
        """Show the incident with its pages."""
        return Response(io.IncidentOut(_whole(number)).data)


class Acknowledge(APIView):
    """Taking it."""

    @extend_schema(request=io.AcknowledgeIn, responses=io.IncidentOut)
    def post(self, request: Request, number: int) -> Response:
        """Take it for a named person: the owner's page, and those of the person's own teams.

        409 where somebody else has one of these already; `take_over` takes it from them.
        """
        incident = queries.incident_by_number(number)
        actor = actor_of_api(request)
        access.require_hand(actor, incident)
        given = _read(io.AcknowledgeIn, request)
        person = given.get("person") or actor.person
        if actor.person not in (None, person):
            raise NotYours
        by = Actor(person=person, via="api") if person else actor
        try:
            operations.acknowledge_incident(incident=incident, by=by, now=db_now(), take_over=given["take_over"])
        except operations.HasItAlready as error:
            message = 'Send "take_over": true to take it from whoever has it.'
            raise operations.HasItAlready(str(error), errors=(FieldError("take_over", "needed", message),)) from error
        return Response(io.IncidentOut(_whole(number)).data)


class Resolve(APIView):
    """Ending it."""

    @extend_schema(request=io.ResolveIn, responses=io.IncidentOut)
    def post(self, request: Request, number: int) -> Response:
        """Resolve it; what still fires is paged again after 30 minutes, or at `silent_until`, at most a week away."""
        incident = queries.incident_by_number(number)
        actor = actor_of_api(request)
        access.require_hand(actor, incident)
        operations.resolve(incident=incident, by=actor, now=db_now(), **_read(io.ResolveIn, request))
        return Response(io.IncidentOut(_whole(number)).data)


class Notes(APIView):
    """Saying something."""

    @extend_schema(request=io.NoteIn, responses={204: None})
    def post(self, request: Request, number: int) -> Response:
        """Write a note on the timeline: anybody signed in may, and a token that may change the incident."""
        incident = queries.incident_by_number(number)
        actor = actor_of_api(request)
        require_voice(actor, incident)
        operations.add_note(incident=incident, by=actor, text=_read(io.NoteIn, request)["text"], now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Timeline(generics.ListAPIView[TimelineEntry]):
    """What happened, oldest first."""

    serializer_class = io.EntryOut
    pagination_class = ByTime

    def get_queryset(self) -> QuerySet[TimelineEntry]:
        """Of this incident. Raises NoSuchIncident."""
        if getattr(self, "swagger_fake_view", False):
            return TimelineEntry.objects.none()
        return queries.timeline_of(queries.incident_by_number(self.kwargs["number"]))


def actor_of_api(request: Request) -> Actor:
    """Who asks: the token, or the signed-in person."""
    if isinstance(request.auth, ApiToken):
        return Actor(token=request.auth, via="api")
    return actor_of(request._request)


def require_voice(actor: Actor, incident: Incident) -> None:
    """Raise WrongScope, or NotCalled for a token whose teams it does not concern; people may always say something."""
    if actor.token:
        access.require_hand(actor, incident)


def _whole(number: int) -> Incident:
    return queries.incident_by_number(number)


def _read(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def moment(name: str, text: str) -> datetime | None:
    """A moment of the query, None where it is left out. Raises Invalid."""
    if not text:
        return None
    found, message = None, "Use a moment such as 2026-11-22T14:00:00Z."
    with suppress(serializers.ValidationError):
        found = serializers.DateTimeField().to_internal_value(text.replace(" ", "+"))
    if found is None or moments.far(found):
        raise Invalid(f"{name}: {message}", errors=(FieldError(name, "invalid", message),))
    return found


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value and value not in allowed:
        raise Invalid(errors=(FieldError(name, "invalid", f"Use one of {', '.join(allowed)}."),))
    return value


def severity_of(text: str) -> int:
    """P1 as 1. Raises Invalid."""
    if text.upper() not in Severity.labels:
        raise Invalid(errors=(FieldError("severity", "invalid", "Use P1, P2, P3, P4 or P5."),))
    return int(text[1])
