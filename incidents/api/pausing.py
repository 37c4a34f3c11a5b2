"""The pause of all paging: is it on, begin it, end it."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.incidents import actor_of_api
from incidents.models import PagingPause
from incidents.operations import pausing
from incidents.pauses import pause_at
from portal.lib.clock import db_now
from portal.lib.strict import StrictSerializer


class PauseIn(StrictSerializer):
    """Until when, and why."""

    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=300)


class PauseOut(serializers.Serializer[Any]):
    """Whether pages go out; while they don't: since when, until when, why and by whom."""

    paused = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    by = serializers.CharField(allow_null=True)


class Pause(APIView):
    """Nobody is paged while it is on."""

    @extend_schema(responses=PauseOut)
    def get(self, request: Request) -> Response:
        """Show whether paging is paused."""
        return Response(_told(pause_at(db_now())))

    @extend_schema(request=PauseIn, responses=PauseOut)
    def put(self, request: Request) -> Response:
        """Pause all paging until then, at most a day; a running pause is moved. Only platform admins may."""
        asked = PauseIn(data=request.data)
        asked.is_valid(raise_exception=True)
        until: datetime = asked.validated_data["until"]
        made = pausing.pause(until=until, reason=asked.validated_data["reason"], by=actor_of_api(request), now=db_now())
        return Response(_told(made))

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """End the pause; what waited goes out now. Only platform admins may."""
        pausing.resume(by=actor_of_api(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _told(pause: PagingPause | None) -> dict[str, object]:
    if pause is None:
        return {"paused": False, "since": None, "until": None, "reason": "", "by": None}
    return {
        "paused": True,
        "since": pause.starts_at.isoformat(),
        "until": pause.ends_at.isoformat(),
        "reason": pause.reason,
        "by": pause.begun_by.ref if pause.begun_by else None,
    }
