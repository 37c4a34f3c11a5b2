"""Fire drills over HTTP: begin, list, read with the report, stop; and plan them."""

from datetime import timedelta
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.queries import component_by_ref
from incidents.api import drill_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.intake.own import full_ref
from incidents.operations import drill_plans, drills
from incidents.queries import drills as queries
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals

COMPONENT = OpenApiParameter("component", description="Reference, or short")
TEAM = OpenApiParameter("team", description="Reference, such as group:default/ci")


class Newest(KeysetPagination):
    """Newest first."""

    ordering = ("-begun_at", "-pk")


class Soonest(KeysetPagination):
    """The next one first."""

    ordering = ("next_at", "pk")


class Drills(APIView):
    """All drills, and beginning one."""

    pagination_class = Newest

    @extend_schema(
        parameters=[COMPONENT, TEAM, OpenApiParameter("state", enum=queries.STATES)],
        responses={200: io.DrillOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List drills, newest first, without their reports."""
        asked = request.query_params
        state = asked.get("state", "")
        if state and state not in queries.STATES:
            raise Invalid(errors=(FieldError("state", "invalid", f"Use one of {', '.join(queries.STATES)}."),))
        component = full_ref(asked["component"]) if asked.get("component") else ""
        found = queries.drills(team=asked.get("team", ""), component=component, state=state)
        pager = Newest()
        rows = pager.paginate_queryset(found.defer("report", "expected"), request, view=self) or []
        return pager.get_paginated_response(io.DrillOut(rows, many=True).data)

    @extend_schema(
        request=io.DrillIn, responses={200: io.DrillReportOut, 201: io.DrillReportOut, **refusals(400, 403, 404, 409)}
    )
    def post(self, request: Request) -> Response:
        """Begin a drill: its chain is paged as a test. 200 with the one that runs where one does."""
        given = io.read(io.DrillIn, request)
        lasts = timedelta(minutes=given["minutes"]) if "minutes" in given else drills.LASTS
        begun = drills.begin_drill(
            component=component_by_ref(full_ref(given["component"])),
            by=actor_of_api(request),
            now=db_now(),
            lasts=lasts,
        )
        code = status.HTTP_201_CREATED if begun.new else status.HTTP_200_OK
        return Response(io.drill_json(queries.drill_by_id(begun.drill.pk), now=db_now()), status=code)


class OneDrill(APIView):
    """One drill."""

    @extend_schema(operation_id="drills_get", responses={200: io.DrillReportOut, **refusals(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Show a drill with its report; while it runs, as it stands."""
        return Response(io.drill_json(queries.drill_by_id(pk), now=db_now()))


class StopDrill(APIView):
    """Ending one."""

    @extend_schema(request=None, responses={200: io.DrillReportOut, **refusals(403, 404)})
    def post(self, request: Request, pk: int) -> Response:
        """Stop a drill before its time; one that is over stays as it is."""
        drills.stop_drill(drill=queries.drill_by_id(pk), by=actor_of_api(request), now=db_now())
        return Response(io.drill_json(queries.drill_by_id(pk), now=db_now()))


class DrillPlans(APIView):
    """What is planned, and planning."""

    pagination_class = Soonest

    @extend_schema(parameters=[COMPONENT, TEAM], responses=io.DrillPlanOut(many=True))
    def get(self, request: Request) -> Response:
        """List plans of drills, the next one first; a team's are its own and those of its components."""
        asked = request.query_params
        component = full_ref(asked["component"]) if asked.get("component") else ""
        pager = Soonest()
        rows = pager.paginate_queryset(queries.plans(team=asked.get("team", ""), component=component), request, self)
        return pager.get_paginated_response(io.DrillPlanOut(rows or [], many=True).data)

    @extend_schema(
        request=io.DrillPlanIn, responses={200: io.DrillPlanOut, 201: io.DrillPlanOut, **refusals(400, 403, 404)}
    )
    def put(self, request: Request) -> Response:
        """Plan drills of a component or of a team, which has one plan; said twice, nothing changes."""
        of, rhythm = io.planned(io.read(io.DrillPlanIn, request))
        made, new = drill_plans.put_plan(of=of, rhythm=rhythm, by=actor_of_api(request), now=db_now())
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(io.DrillPlanOut(made).data, status=code)


class OneDrillPlan(APIView):
    """One plan."""

    @extend_schema(operation_id="drill_plans_get", responses={200: io.DrillPlanOut, **refusals(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Show when drills are planned, and when the next one is."""
        found = queries.plan_by_id(pk)
        if found is None:
            raise drill_plans.NoSuchPlan
        return Response(io.DrillPlanOut(found).data)

    @extend_schema(responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a plan: no further drills begin by it."""
        drill_plans.remove_plan(pk=pk, by=actor_of_api(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns: list[Any] = [
    path("drills", Drills.as_view(), name="drills"),
    path("drills/<int:pk>", OneDrill.as_view(), name="drill"),
    path("drills/<int:pk>/stop", StopDrill.as_view(), name="stop-drill"),
    path("drill-plans", DrillPlans.as_view(), name="drill-plans"),
    path("drill-plans/<int:pk>", OneDrillPlan.as_view(), name="drill-plan"),
]
