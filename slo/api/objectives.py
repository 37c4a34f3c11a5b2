"""Objectives over HTTP."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.moments import moment_in
from portal.lib.problems import refusals
from portal.lib.strict import etag, expected_version, same_name
from slo import ledger, queries
from slo.api.shapes import (
    DetailOut,
    LedgerOut,
    ObjectiveIn,
    ObjectiveOut,
    TransitionOut,
    bucket_json,
    detail_json,
    objective_json,
    transition_json,
)
from slo.drafts import described
from slo.operations import ObjectiveDraft, Saved, retire_objective, save_objective

WRITE = refusals(400, 403, 404, 409, 412)
LONGEST_STRETCH = timedelta(days=7)
IF_MATCH = OpenApiParameter("If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag you read")


def _query(name: str, about: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=about)


FILTERS = [
    _query("q", "Words in name, title or component"),
    _query("team", "The owner team's reference"),
    _query("component", "A component's reference"),
    _query("type", "events, uptime, …"),
    _query("state", "burning, exhausted, at_risk, no_data, building or healthy"),
    _query("window", "Such as 30d or month"),
]


class ByName(KeysetPagination):
    """In the order of names, which are unique."""

    ordering = "name"


class ObjectiveList(APIView):
    """Many objectives."""

    open_to_readers = True
    pagination_class = ByName

    @extend_schema(operation_id="slos_list", parameters=FILTERS, responses={200: ObjectiveOut(many=True), **refusals()})
    def get(self, request: Request) -> Response:
        """List objectives by name, filtered; `next` leads on."""
        given = {name: request.query_params.get(name, "") for name in ("team", "component", "type", "state", "window")}
        wanted = queries.FleetFilter(text=request.query_params.get("q", ""), sort="name", **given)
        pages = ByName()
        page = pages.paginate_queryset(queries.fleet(wanted), request, view=self) or []
        return pages.get_paginated_response([objective_json(one) for one in page])


class ObjectiveView(APIView):
    """One objective, by its name."""

    @extend_schema(operation_id="slos_get", responses={200: ObjectiveOut, **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """Show the objective, retired or not."""
        objective = queries.by_name(name)
        return Response(objective_json(objective), headers={"ETag": etag(objective.version)})

    @extend_schema(
        operation_id="slos_put",
        request=ObjectiveIn,
        parameters=[IF_MATCH],
        responses={200: ObjectiveOut, 201: ObjectiveOut, **WRITE},
    )
    def put(self, request: Request, name: str) -> Response:
        """Make the objective what the body says, creating or reviving it. Saying it again changes nothing."""
        same_name(request, name=name)
        return _save(request, ObjectiveDraft(name=name, **said(ObjectiveIn(data=request.data))))

    @extend_schema(
        operation_id="slos_patch", request=ObjectiveIn, parameters=[IF_MATCH], responses={200: ObjectiveOut, **WRITE}
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change only what the body names."""
        same_name(request, name=name)
        draft = described(queries.by_name(name))
        return _save(request, replace(draft, **said(ObjectiveIn(data=request.data, partial=True))))

    @extend_schema(operation_id="slos_retire", responses={204: None, **WRITE})
    def delete(self, request: Request, name: str) -> Response:
        """Retire the objective: it is evaluated no more, and what was counted stays. PUT revives it."""
        retire_objective(objective=queries.by_name(name), actor=actor_of(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def said(serializer: ObjectiveIn) -> dict[str, Any]:
    """The fields a body names, as a draft takes them. Raises a validation error."""
    serializer.is_valid(raise_exception=True)
    return {name: value for name, value in serializer.validated_data.items() if value != "" or name in _MAY_BE_EMPTY}


_MAY_BE_EMPTY = frozenset({"title", "description", "source", "budget_policy", "preset", "group_by"})


def _save(request: Request, draft: ObjectiveDraft) -> Response:
    saved: Saved = save_objective(
        draft=draft, actor=actor_of(request), now=db_now(), expected_version=expected_version(request)
    )
    objective = queries.by_name(draft.name)
    code = status.HTTP_201_CREATED if saved.created else status.HTTP_200_OK
    body = objective_json(objective, warnings=saved.warnings) | {"changed": saved.changed}
    return Response(body, status=code, headers={"ETag": etag(objective.version)})


class StatusView(APIView):
    """How an objective stands."""

    open_to_readers = True

    @extend_schema(operation_id="slos_status", responses={200: DetailOut, **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """Show its budget, burn by rule, coverage, and what else there is to know."""
        return Response(detail_json(queries.detail(queries.by_name(name), now=db_now())))


class TransitionsView(APIView):
    """Its changes of state."""

    @extend_schema(operation_id="slos_transitions", responses={200: TransitionOut(many=True), **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """List the newest hundred changes of its state, newest first."""
        rows = queries.transitions(queries.by_name(name), limit=100)
        return Response({"results": [transition_json(one) for one in rows]})


class LedgerView(APIView):
    """What was counted."""

    @extend_schema(
        operation_id="slos_ledger",
        parameters=[_query("from", "ISO 8601 with zone; default an hour before `to`"), _query("to", "Default now")],
        responses={200: LedgerOut, **refusals(400, 404)},
    )
    def get(self, request: Request, name: str) -> Response:
        """List known minutes that end in `(from, to]`, at most seven days; one that is missing is unknown."""
        objective = queries.by_name(name)
        end = moment(request, "to") or db_now()
        start = moment(request, "from") or end - timedelta(hours=1)
        if not start < end <= start + LONGEST_STRETCH:
            raise _refused("from", "`from` lies before `to`, by seven days at most")
        found = ledger.buckets(objective.ledger_id, start=start, end=end) if objective.ledger_id else []
        return Response(
            {"name": name, "start": start, "end": end, "buckets": [bucket_json(bucket) for bucket in found]}
        )


def moment(request: Request, name: str) -> datetime | None:
    """A moment out of the query string; None where it isn't said. Raises Invalid."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    found = moment_in(text)
    if found is None:
        raise _refused(name, "write a time with its zone, such as 2026-11-22T12:00:00Z")
    return found


def _refused(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
