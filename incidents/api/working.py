"""Working on an incident together over HTTP: follow, status updates, roles, tasks, links, notes, snooze, hand over."""

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import Actor, require_scope
from catalog.models import Person
from incidents import access, operations, queries
from incidents.api import serializers as shapes
from incidents.api import working_shapes as io
from incidents.api.incidents import NotYours, actor_of_api, require_voice
from incidents.models import Incident, IncidentLink, IncidentRole, Page, StatusUpdate, Task, TimelineEntry
from incidents.operations import NobodyNamed
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import Missing

HERE = "incidents/<int:number>"


class Newest(KeysetPagination):
    """Newest first."""

    ordering = ("-at", "-pk")


class ByKey(KeysetPagination):
    """In the order they were made."""

    ordering = "pk"


class Followers(APIView):
    """Hearing how it goes."""

    @extend_schema(request=io.FollowIn, responses={201: io.FollowingOut, 200: io.FollowingOut})
    def post(self, request: Request, number: int) -> Response:
        """Follow an incident: 201, or 200 where that person does already. A token names the person."""
        incident = queries.incident_by_number(number)
        person = _person(request, incident)
        made = operations.follow(incident=incident, person=person, now=db_now())
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response({"person": person.ref, "following": True}, status=code)

    @extend_schema(request=io.FollowIn, responses=io.FollowingOut)
    def delete(self, request: Request, number: int) -> Response:
        """Follow an incident no longer."""
        incident = queries.incident_by_number(number)
        person = _person(request, incident)
        operations.unfollow(incident=incident, person=person)
        return Response({"person": person.ref, "following": False})


class Updates(generics.ListAPIView[StatusUpdate]):
    """What those who wait were told."""

    serializer_class = io.UpdateOut
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[StatusUpdate]:
        """Of this incident. Raises NoSuchIncident."""
        if getattr(self, "swagger_fake_view", False):
            return StatusUpdate.objects.none()
        return queries.incident_by_number(self.kwargs["number"]).updates.select_related("person")

    @extend_schema(request=io.UpdateIn, responses={201: io.UpdateOut})
    def post(self, request: Request, number: int) -> Response:
        """Tell all who follow, and the status page unless `public` is false."""
        incident, actor = _mine(request, number)
        made = operations.post_update(incident=incident, by=actor, now=db_now(), **io.read(io.UpdateIn, request))
        return Response(io.UpdateOut(made).data, status=status.HTTP_201_CREATED)


class Roles(generics.ListAPIView[IncidentRole]):
    """Who has which role, and had it."""

    serializer_class = io.RoleOut
    pagination_class = ByKey

    def get_queryset(self) -> QuerySet[IncidentRole]:
        """Of this incident. Raises NoSuchIncident."""
        if getattr(self, "swagger_fake_view", False):
            return IncidentRole.objects.none()
        return queries.incident_by_number(self.kwargs["number"]).roles.select_related("person")

    @extend_schema(request=io.RoleIn, responses={200: io.RoleOut, 204: None})
    def post(self, request: Request, number: int) -> Response:
        """Give a role to a person, or take it from whoever has it (`person` null)."""
        incident, actor = _mine(request, number)
        made = operations.assign_role(incident=incident, by=actor, now=db_now(), **io.read(io.RoleIn, request))
        return Response(io.RoleOut(made).data) if made else Response(status=status.HTTP_204_NO_CONTENT)


class Tasks(generics.ListAPIView[Task]):
    """What is to be done now."""

    serializer_class = io.TaskOut
    pagination_class = ByKey

    def get_queryset(self) -> QuerySet[Task]:
        """Of this incident. Raises NoSuchIncident."""
        if getattr(self, "swagger_fake_view", False):
            return Task.objects.none()
        return queries.incident_by_number(self.kwargs["number"]).tasks.select_related("person", "done_by")

    @extend_schema(request=io.TaskIn, responses={201: io.TaskOut})
    def post(self, request: Request, number: int) -> Response:
        """Add a task."""
        incident, actor = _mine(request, number)
        made = operations.add_task(incident=incident, by=actor, now=db_now(), **io.read(io.TaskIn, request))
        return Response(io.TaskOut(made).data, status=status.HTTP_201_CREATED)


class OneTask(APIView):
    """One task."""

    @extend_schema(request=io.TaskChangeIn, responses=io.TaskOut)
    def patch(self, request: Request, number: int, pk: int) -> Response:
        """Mark a task as done or not, or say whose it is."""
        incident, actor = _mine(request, number)
        task = incident.tasks.filter(pk=pk).first()
        if task is None:
            raise Missing("There is no such task in this incident.")
        changed = operations.change_task(task=task, by=actor, now=db_now(), **io.read(io.TaskChangeIn, request))
        return Response(io.TaskOut(changed).data)


class Links(generics.ListAPIView[IncidentLink]):
    """Where to look, and where people talk."""

    serializer_class = io.IncidentLinkOut
    pagination_class = ByKey

    def get_queryset(self) -> QuerySet[IncidentLink]:
        """Of this incident. Raises NoSuchIncident."""
        if getattr(self, "swagger_fake_view", False):
            return IncidentLink.objects.none()
        return queries.incident_by_number(self.kwargs["number"]).links.all()

    @extend_schema(request=io.IncidentLinkIn, responses={201: io.IncidentLinkOut})
    def post(self, request: Request, number: int) -> Response:
        """Add a link; with `room` it replaces the chat room that is there."""
        incident, actor = _mine(request, number)
        made = operations.add_link(incident=incident, by=actor, now=db_now(), **io.read(io.IncidentLinkIn, request))
        return Response(io.IncidentLinkOut(made).data, status=status.HTTP_201_CREATED)


class OneLink(APIView):
    """One link."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: int, pk: int) -> Response:
        """Remove a link."""
        incident, actor = _mine(request, number)
        operations.remove_link(incident=incident, pk=pk, by=actor, now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class OneEntry(APIView):
    """One entry of the timeline."""

    @extend_schema(request=io.EntryIn, responses={204: None})
    def patch(self, request: Request, number: int, pk: int) -> Response:
        """Change one's own note by `text` (what it said is kept), or pin any entry on top by `pinned`."""
        incident, given, now = queries.incident_by_number(number), io.read(io.EntryIn, request), db_now()
        actor = actor_of_api(request)
        require_scope(actor, access.SCOPE)
        entry = TimelineEntry.objects.filter(pk=pk, incident=incident).first()
        if entry is None:
            raise Missing("There is no such entry on this timeline.")
        if "pinned" in given:
            access.require_hand(actor, incident)
            operations.pin(entry=entry, pinned=given["pinned"], by=actor, now=now)
        else:
            operations.edit_note(entry=entry, text=given["text"], by=actor, now=now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Engage(APIView):
    """Calling somebody in."""

    @extend_schema(request=io.EngageIn, responses={201: shapes.PageOut})
    def post(self, request: Request, number: int) -> Response:
        """Page a team or a person; one that is engaged already is paged again."""
        incident, actor = _mine(request, number)
        page = operations.engage(incident=incident, by=actor, now=db_now(), **io.read(io.EngageIn, request))
        return Response(shapes.PageOut(page).data, status=status.HTTP_201_CREATED)


class SetSeverity(APIView):
    """How bad it is."""

    @extend_schema(request=io.SeverityIn, responses=shapes.IncidentOut)
    def post(self, request: Request, number: int) -> Response:
        """Give the incident another severity, with its reason."""
        incident, actor = _mine(request, number)
        given = io.read(io.SeverityIn, request)
        level = int(given["severity"][1])
        operations.change_severity(incident=incident, severity=level, reason=given["reason"], by=actor, now=db_now())
        return Response(shapes.IncidentOut(queries.incident_by_number(number)).data)


class Escalate(APIView):
    """Not waiting."""

    @extend_schema(request=None, responses=shapes.PageOut)
    def post(self, request: Request, number: int, page: int) -> Response:
        """Take the next step of a page now."""
        _, actor = _mine(request, number)
        hurried = operations.escalate_now(page=_page(number, page), by=actor, now=db_now())
        return Response(shapes.PageOut(hurried).data)


class Snooze(APIView):
    """Putting off."""

    @extend_schema(request=io.SnoozeIn, responses=shapes.PageOut)
    def post(self, request: Request, number: int, page: int) -> Response:
        """Snooze a page: nobody is called for it before `until`, at most a day away."""
        _, actor = _mine(request, number)
        until = io.read(io.SnoozeIn, request)["until"]
        snoozed = operations.snooze(page=_page(number, page), until=until, by=actor, now=db_now())
        return Response(shapes.PageOut(snoozed).data)


class HandOver(APIView):
    """Giving it to somebody else."""

    @extend_schema(request=io.HandOverIn, responses={201: shapes.PageOut})
    def post(self, request: Request, number: int, page: int) -> Response:
        """Hand a page over: `person` is paged by name, and has it once they acknowledge; answers that page to them."""
        _, actor = _mine(request, number)
        person = io.read(io.HandOverIn, request)["person"]
        asked = operations.hand_over(page=_page(number, page), to=person, by=actor, now=db_now())
        return Response(shapes.PageOut(asked).data, status=status.HTTP_201_CREATED)


def _mine(request: Request, number: int) -> tuple[Incident, Actor]:
    incident, actor = queries.incident_by_number(number), actor_of_api(request)
    access.require_hand(actor, incident)
    return incident, actor


def _person(request: Request, incident: Incident) -> Person:
    actor = actor_of_api(request)
    require_voice(actor, incident)
    named: Person | None = io.read(io.FollowIn, request).get("person")
    if actor.person is not None and named not in (None, actor.person):
        raise NotYours("People follow for themselves; leave `person` out.")
    person = actor.person or named
    if person is None:
        raise NobodyNamed("A token must say who follows.")
    return person


def _page(number: int, pk: int) -> Page:
    found = Page.objects.select_related("incident", "team", "person").filter(pk=pk, incident=number).first()
    if found is None:
        raise Missing("There is no such page in this incident.")
    return found


urlpatterns = [
    path(f"{HERE}/followers", Followers.as_view(), name="followers"),
    path(f"{HERE}/updates", Updates.as_view(), name="updates"),
    path(f"{HERE}/roles", Roles.as_view(), name="roles"),
    path(f"{HERE}/tasks", Tasks.as_view(), name="tasks"),
    path(f"{HERE}/tasks/<int:pk>", OneTask.as_view(), name="task"),
    path(f"{HERE}/links", Links.as_view(), name="links"),
    path(f"{HERE}/links/<int:pk>", OneLink.as_view(), name="link"),
    path(f"{HERE}/timeline/<int:pk>", OneEntry.as_view(), name="entry"),
    path(f"{HERE}/engage", Engage.as_view(), name="engage"),
    path(f"{HERE}/severity", SetSeverity.as_view(), name="severity"),
    path(f"{HERE}/pages/<int:page>/escalate", Escalate.as_view(), name="escalate"),
    path(f"{HERE}/pages/<int:page>/snooze", Snooze.as_view(), name="snooze"),
    path(f"{HERE}/pages/<int:page>/hand-over", HandOver.as_view(), name="hand-over"),
]
