"""Absences of people, and notes at the handoffs of schedules, over HTTP."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries as catalog_queries
from incidents.api import oncall_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.api.oncall import writable
from incidents.models import Absence, HandoffNote
from incidents.operations import absences as operations
from incidents.operations import handoff_notes
from incidents.queries import oncall as queries
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer


class AbsenceIn(StrictSerializer):
    """Everybody signed in can read the note."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=200)


class AbsenceOut(serializers.ModelSerializer[Absence]):
    """When somebody is away."""

    person = serializers.CharField(source="person.ref")
    created_by = serializers.CharField(source="created_by.ref", default=None, allow_null=True)

    class Meta:
        model = Absence
        fields = ("id", "person", "starts_at", "ends_at", "note", "created_at", "created_by")
        read_only_fields = fields


class HandoffNoteIn(StrictSerializer):
    """For whoever has it next."""

    text = serializers.CharField(max_length=2000)


class HandoffNoteOut(serializers.ModelSerializer[HandoffNote]):
    """A note; it is told at the first handoff after it was written."""

    created_by = serializers.CharField(source="created_by.ref", default=None, allow_null=True)

    class Meta:
        model = HandoffNote
        fields = ("id", "text", "created_at", "created_by", "by_name")
        read_only_fields = fields


class Soonest(KeysetPagination):
    """The soonest first."""

    ordering = ("starts_at", "pk")


class Newest(KeysetPagination):
    """List the schedule's handoff notes, the newest first."""

    ordering = ("-created_at", "-pk")


class Absences(APIView):
    """When a person is away."""

    pagination_class = Soonest

    @extend_schema(
        operation_id="person_absences",
        parameters=[OpenApiParameter("past", bool, description="Also those that are over")],
        responses=AbsenceOut(many=True),
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """List the person's absences, those of now and to come, the soonest first."""
        person = catalog_queries.person_by_ref(f"user:{namespace}/{name}")
        found = Absence.objects.filter(person=person).select_related("person", "created_by")
        if request.query_params.get("past", "").lower() not in ("1", "true", "yes"):
            found = found.filter(ends_at__gt=db_now())
        pager = Soonest()
        rows: Any = pager.paginate_queryset(found, request, view=self) or []
        return pager.get_paginated_response(AbsenceOut(rows, many=True).data)

    @extend_schema(
        operation_id="person_absences_enter", request=AbsenceIn, responses={201: AbsenceOut, **refusals(400, 403, 404)}
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Enter an absence; the person may, and whoever leads a team of theirs. Sent twice, it is one."""
        person, actor = catalog_queries.person_by_ref(f"user:{namespace}/{name}"), actor_of_api(request)
        operations.require_say(actor, person)
        made = operations.enter_absence(person=person, by=actor, now=db_now(), **io.read(AbsenceIn, request))
        return Response(AbsenceOut(made).data, status=status.HTTP_201_CREATED)


class OneAbsence(APIView):
    """One absence."""

    @extend_schema(operation_id="person_absences_remove", responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Take an absence back; one that has begun ends now."""
        person, actor = catalog_queries.person_by_ref(f"user:{namespace}/{name}"), actor_of_api(request)
        operations.require_say(actor, person)
        found = Absence.objects.filter(person=person, pk=pk).first()
        if found is None:
            raise operations.NoSuchAbsence
        operations.remove_absence(absence=found, by=actor, now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class HandoffNotes(APIView):
    """What whoever has a schedule next should know."""

    pagination_class = Newest

    @extend_schema(responses=HandoffNoteOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the schedule's handoff notes, the newest first."""
        found = HandoffNote.objects.filter(schedule=queries.schedule_by_slug(slug)).select_related("created_by")
        pager = Newest()
        rows: Any = pager.paginate_queryset(found, request, view=self) or []
        return pager.get_paginated_response(HandoffNoteOut(rows, many=True).data)

    @extend_schema(request=HandoffNoteIn, responses={201: HandoffNoteOut, **refusals(400, 403, 404)})
    def post(self, request: Request, slug: str) -> Response:
        """Leave a note that is told at the next handoff."""
        schedule, actor = writable(request, slug)
        text = io.read(HandoffNoteIn, request)["text"]
        made = handoff_notes.add_handoff_note(schedule=schedule, text=text, by=actor, now=db_now())
        return Response(HandoffNoteOut(made).data, status=status.HTTP_201_CREATED)


class OneHandoffNote(APIView):
    """One note."""

    @extend_schema(responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Take a note back; whoever wrote it may."""
        schedule, actor = writable(request, slug)
        found = HandoffNote.objects.filter(schedule=schedule, pk=pk).select_related("schedule").first()
        if found is None:
            raise handoff_notes.NoSuchNote
        handoff_notes.remove_handoff_note(note=found, by=actor, now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("people/<str:namespace>/<str:name>/absences", Absences.as_view(), name="absences"),
    path("people/<str:namespace>/<str:name>/absences/<int:pk>", OneAbsence.as_view(), name="absence"),
    path("schedules/<slug:slug>/handoff-notes", HandoffNotes.as_view(), name="handoff-notes"),
    path("schedules/<slug:slug>/handoff-notes/<int:pk>", OneHandoffNote.as_view(), name="handoff-note"),
]
