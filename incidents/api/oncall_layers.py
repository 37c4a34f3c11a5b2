"""Layers of a schedule over HTTP: add one, change one from a moment on, end one, put them in another order."""

from datetime import datetime

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api import oncall_shapes as io
from incidents.api.oncall import moment, writable
from incidents.models import LayerVersion, Schedule
from incidents.oncall.schedules import in_force
from incidents.operations import layers as operations
from incidents.queries import oncall as queries
from portal.lib.clock import db_now
from portal.lib.problems import listed


class Layers(APIView):
    """The layers of a schedule."""

    @extend_schema(parameters=[OpenApiParameter("at", OpenApiTypes.DATETIME)], responses=listed(io.RotationOut))
    def get(self, request: Request, slug: str) -> Response:
        """List layers as they are in force now, or `at` a moment, from bottom to top."""
        at = moment(request, "at") or db_now()
        return Response({"results": io.RotationOut(_held(queries.schedule_by_slug(slug), at), many=True).data})

    @extend_schema(request=io.LayerIn, responses={201: io.RotationOut})
    def post(self, request: Request, slug: str) -> Response:
        """Add a layer above all others."""
        schedule, actor = writable(request, slug)
        now = db_now()
        turns = io.turns(io.read(io.LayerIn, request), now)
        made = operations.add_layer(schedule=schedule, turns=turns, by=actor, now=now)
        return Response(io.RotationOut(made).data, status=status.HTTP_201_CREATED)


class OneLayer(APIView):
    """One layer."""

    @extend_schema(request=io.LayerIn, responses={200: io.RotationOut})
    def put(self, request: Request, slug: str, position: int) -> Response:
        """Change a layer from `starts_at` on; what was before stays."""
        schedule, actor = writable(request, slug)
        now = db_now()
        turns = io.turns(io.read(io.LayerIn, request), now)
        made = operations.change_rotation(schedule=schedule, turns=turns, position=position, by=actor, now=now)
        return Response(io.RotationOut(made).data)

    @extend_schema(parameters=[OpenApiParameter("at", OpenApiTypes.DATETIME)], responses={204: None})
    def delete(self, request: Request, slug: str, position: int) -> Response:
        """Empty a layer: from now, or from `at` on, it has nobody."""
        schedule, actor = writable(request, slug)
        now = db_now()
        operations.end_layer(schedule=schedule, position=position, at=moment(request, "at") or now, by=actor, now=now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Order(APIView):
    """Which layer lies above which."""

    @extend_schema(request=io.OrderIn, responses=listed(io.RotationOut))
    def put(self, request: Request, slug: str) -> Response:
        """Order layers by their positions, from bottom to top; each carries on in its turn."""
        schedule, actor = writable(request, slug)
        now, given = db_now(), io.read(io.OrderIn, request)
        at = given.get("starts_at", now)
        operations.order_layers(schedule=schedule, positions=given["positions"], at=at, by=actor, now=now)
        held = _held(queries.schedule_by_slug(slug), max(at, now))
        return Response({"results": io.RotationOut(held, many=True).data})


def _held(schedule: Schedule, at: datetime) -> list[LayerVersion]:
    return in_force(schedule.layers.all(), at)


urlpatterns = [
    path("schedules/<slug:slug>/layers", Layers.as_view(), name="schedule-layers"),
    path("schedules/<slug:slug>/layers/order", Order.as_view(), name="schedule-layer-order"),
    path("schedules/<slug:slug>/layers/<int:position>", OneLayer.as_view(), name="schedule-layer"),
]
