"""My inbox, what was sent to somebody, and every try to reach somebody for an incident."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries as catalog_queries
from catalog.models import Person
from incidents import queries as incident_queries
from incidents.api import contacts_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.models import Notification
from incidents.operations import contacts, inbox
from incidents.queries import attempts
from incidents.queries import contacts as queries
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Forbidden, Invalid
from portal.lib.problems import listed, refusals


class NobodysInbox(Forbidden):
    """A token is nobody, and has no inbox."""


class Newest(KeysetPagination):
    """List the messages of my inbox, newest first."""

    ordering = ("-at", "-pk")


class NewestSent(KeysetPagination):
    """List the messages of my inbox, newest first."""

    ordering = "-pk"


class Inbox(APIView):
    """What the reader was paged and told."""

    pagination_class = Newest

    @extend_schema(
        operation_id="me_inbox",
        parameters=[OpenApiParameter("unread", bool, description="Only what still wants the reader")],
        responses={200: io.InboxOut(many=True), **refusals(403)},
    )
    def get(self, request: Request) -> Response:
        """List the messages of my inbox, newest first."""
        unread = request.query_params.get("unread", "").lower() in ("1", "true", "yes")
        pager = Newest()
        rows: Any = pager.paginate_queryset(queries.inbox(_reader(request), unread=unread), request, view=self)
        return pager.get_paginated_response(io.InboxOut(rows or [], many=True).data)


class InboxRead(APIView):
    """Reading."""

    @extend_schema(operation_id="me_inbox_read", request=None, responses=io.InboxOut)
    def post(self, request: Request, pk: int) -> Response:
        """Mark a message as read."""
        return Response(io.InboxOut(inbox.mark_read(person=_reader(request), pk=pk, now=db_now())).data)


class InboxReadAll(APIView):
    """Reading everything."""

    @extend_schema(operation_id="me_inbox_read_all", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Mark all messages as read."""
        inbox.mark_all_read(person=_reader(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Messages(APIView):
    """What was sent to somebody; theirs and platform admins' to see."""

    pagination_class = NewestSent

    @extend_schema(
        operation_id="person_messages",
        parameters=[OpenApiParameter("state", enum=Notification.State.values)],
        responses={200: io.MessageOut(many=True), **refusals(403)},
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """List what was sent to the person, newest first; codes are left out."""
        person = catalog_queries.person_by_ref(f"user:{namespace}/{name}")
        contacts.require_own(person, actor_of_api(request))
        rows, state = queries.sent_to(person), request.query_params.get("state", "")
        if state and state not in Notification.State.values:
            known = ", ".join(Notification.State.values)
            raise Invalid(errors=(FieldError("state", "invalid", f"Use one of {known}."),))
        pager = NewestSent()
        found: Any = pager.paginate_queryset(rows.filter(state=state) if state else rows, request, view=self)
        return pager.get_paginated_response(io.MessageOut(found or [], many=True).data)


class Attempts(APIView):
    """Every try to reach somebody for an incident."""

    @extend_schema(operation_id="incident_attempts", responses=listed(io.AttemptOut))
    def get(self, request: Request, number: int) -> Response:
        """List attempts to reach people, oldest first; addresses are masked but for one's own and platform admins."""
        found: Any = attempts.attempts_of(
            incident_queries.incident_by_number(number), reader=actor_of_api(request).person
        )
        return Response({"results": io.AttemptOut(found, many=True).data})


def _reader(request: Request) -> Person:
    person = actor_of_api(request).person
    if person is None:
        raise NobodysInbox
    return person


urlpatterns = [
    path("me/inbox", Inbox.as_view(), name="inbox"),
    path("me/inbox/read", InboxReadAll.as_view(), name="inbox-read-all"),
    path("me/inbox/<int:pk>/read", InboxRead.as_view(), name="inbox-read"),
    path("people/<str:namespace>/<str:name>/messages", Messages.as_view(), name="messages"),
    path("incidents/<int:number>/attempts", Attempts.as_view(), name="attempts"),
]
