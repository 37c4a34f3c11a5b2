"""Links by which calendars follow schedules: those of whoever asks, one more, one less."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import named
from catalog.models import Person
from incidents.api.incidents import actor_of_api
from incidents.models import CalendarFeed, Schedule
from incidents.operations import feeds
from portal.lib.clock import db_now
from portal.lib.errors import Forbidden
from portal.lib.problems import listed, refusals
from portal.lib.strict import StrictSerializer


class NoPerson(Forbidden):
    """A calendar is somebody's: sign in as that person. Tokens have none."""


class CalendarIn(StrictSerializer):
    """Which schedule; without one all shifts of whoever asks."""

    schedule = named.ByName[Schedule](
        slug_field="slug", queryset=Schedule.objects.filter(retired_at=None),
        required=False, allow_null=True,
    )  # fmt: skip


class CalendarOut(serializers.ModelSerializer[CalendarFeed]):
    """A link, without its address."""

    schedule = serializers.CharField(source="schedule.slug", default=None, allow_null=True, read_only=True)

    class Meta:
        model = CalendarFeed
        fields = ("id", "schedule", "created_at", "read_at")
        read_only_fields = fields


class MadeCalendarOut(serializers.Serializer[Any]):
    """A new link; its address is told this once."""

    id = serializers.IntegerField(source="feed.pk")
    schedule = serializers.CharField(source="feed.schedule.slug", default=None, allow_null=True)
    url = serializers.CharField()


class Calendars(APIView):
    """The links of whoever asks."""

    @extend_schema(responses={200: listed(CalendarOut), **refusals(403)})
    def get(self, request: Request) -> Response:
        """List the secret addresses of my calendars."""
        found = CalendarFeed.objects.filter(person=_person(request)).select_related("schedule")
        return Response({"results": CalendarOut(found, many=True).data})

    @extend_schema(request=CalendarIn, responses={201: MadeCalendarOut, **refusals(400, 403)})
    def post(self, request: Request) -> Response:
        """Make a new secret address of a calendar; an earlier one for the same ends."""
        person, asked = _person(request), CalendarIn(data=request.data)
        asked.is_valid(raise_exception=True)
        made = feeds.make_feed(person=person, schedule=asked.validated_data.get("schedule"), now=db_now())
        return Response(MadeCalendarOut(made).data, status=status.HTTP_201_CREATED)


class OneCalendar(APIView):
    """One link."""

    @extend_schema(responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """End a calendar's address."""
        feeds.remove_feed(person=_person(request), pk=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person(request: Request) -> Person:
    actor = actor_of_api(request)
    if actor.person is None:
        raise NoPerson
    return actor.person


urlpatterns = [
    path("me/calendars", Calendars.as_view(), name="calendars"),
    path("me/calendars/<int:pk>", OneCalendar.as_view(), name="calendar-link"),
]
