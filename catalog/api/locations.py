"""Locations over HTTP: what is imported, from where, and what became of it."""

from dataclasses import replace
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import IF_MATCH, READ_REFUSALS, WRITE_REFUSALS, answer, query, refusals
from catalog.api.shapes.locations import (
    HookOut,
    LocationFileOut,
    LocationIn,
    LocationItem,
    LocationOut,
    OrphanOut,
    PreviewOut,
    file_json,
    location_json,
    preview_json,
)
from catalog.models import Location
from catalog.operations.locations import (
    ask_refresh,
    patch_location,
    put_location,
    remove_hook,
    retire_location,
    rotate_hook,
)
from catalog.operations.previewing import preview_location
from catalog.specs_location import EVERY, LocationSpec
from portal.lib import conf
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.strict import expected_version, said, same_name

DEFAULTS: dict[str, Any] = {"team": "", "every": EVERY, "prunes": False, "auth_header": ""}
"""Of a PUT that leaves them out; in the spec None means that they stay."""


class ByRef(KeysetPagination):
    """In the order of references, which are unique."""

    ordering = "ref"


class ByAddress(KeysetPagination):
    """In the order of addresses, which are unique in a location."""

    ordering = "address"


class ByClaimedRef(KeysetPagination):
    """In the order of what was named, each once by a location."""

    ordering = "ref"


class LocationView(APIView):
    """One location, by its name."""

    @extend_schema(operation_id="locations_get", responses={200: LocationOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show the location and how its import is, retired or not."""
        row = queries.location_by_ref(_ref(namespace, name))
        return Response(location_json(row), headers={"ETag": f'"{row.version}"'})

    @extend_schema(
        operation_id="locations_put",
        request=LocationIn,
        parameters=[IF_MATCH],
        responses={200: LocationOut, 201: LocationOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the location what the body says, creating it when it is not there; it is read at once."""
        given = _frozen(said(LocationIn(data=request.data), request, about=LocationSpec))
        same_name(request, kind="location", namespace=namespace, name=name)
        filled = {key: DEFAULTS[key] if given.get(key) is None else given[key] for key in DEFAULTS}
        written = put_location(
            spec=LocationSpec(namespace=namespace, name=name, **{**given, **filled}),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = location_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    @extend_schema(
        operation_id="locations_patch",
        request=LocationIn,
        parameters=[IF_MATCH],
        responses={200: LocationOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        given = _frozen(said(LocationIn(data=request.data, partial=True), request, about=LocationSpec))
        same_name(request, kind="location", namespace=namespace, name=name)
        written = patch_location(
            ref=_ref(namespace, name),
            changes={key: DEFAULTS.get(key) if value is None else value for key, value in given.items()},
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = location_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    @extend_schema(
        operation_id="locations_retire", parameters=[IF_MATCH], responses={200: LocationOut, **WRITE_REFUSALS}
    )
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Read the location no more; what it named stays, listed as orphaned. PUT revives it."""
        written = retire_location(
            ref=_ref(namespace, name),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = location_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)


class LocationList(APIView):
    """Many locations."""

    pagination_class = ByRef

    @extend_schema(
        operation_id="locations_list",
        parameters=[query("q", "In name or title"), query("retired", "true: those that were retired instead", bool)],
        responses={200: LocationOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List locations by reference; `next` leads on."""
        retired = request.query_params.get("retired", "").lower() in {"1", "true", "yes"}
        rows = Location.objects.select_related("team").filter(retired_at__isnull=not retired)
        rows = queries.locations_holding(rows, request.query_params.get("q", ""))
        pages = ByRef()
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([location_json(row) for row in page])


class LocationPreview(APIView):
    """What a location would bring."""

    @extend_schema(
        operation_id="locations_preview",
        request=LocationItem,
        responses={200: PreviewOut, **refusals(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Read some of the location's files now, for some seconds, and apply them dry; nothing is written."""
        given = _frozen(said(LocationItem(data=request.data), request, about=LocationSpec))
        spec = replace(LocationSpec(**given), team=given.get("team") or "")
        return Response(preview_json(preview_location(spec=spec, actor=actor_of(request), now=db_now())))


class LocationRefresh(APIView):
    """Reading a location at once."""

    @extend_schema(
        operation_id="locations_refresh", request=None, responses={202: LocationOut, **refusals(400, 403, 404)}
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Have the location read as soon as a worker comes by; `read_at` and `tried_at` tell when that was."""
        row = ask_refresh(ref=_ref(namespace, name), actor=actor_of(request), now=db_now())
        return Response(location_json(row), status=status.HTTP_202_ACCEPTED)


class LocationFiles(APIView):
    """What became of a location's files."""

    pagination_class = ByAddress

    @extend_schema(operation_id="locations_files", responses={200: LocationFileOut(many=True), **refusals(400, 404)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """List its files by address, each with what became of it and every problem; `next` leads on."""
        location = queries.location_by_ref(_ref(namespace, name))
        pages = ByAddress()
        page = pages.paginate_queryset(queries.files_of(location), request, view=self) or []
        return pages.get_paginated_response([file_json(row) for row in page])


class LocationOrphans(APIView):
    """What a location no longer names."""

    pagination_class = ByClaimedRef

    @extend_schema(operation_id="locations_orphans", responses={200: OrphanOut(many=True), **refusals(400, 404)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """List what it named once and no longer names, by reference; `next` leads on."""
        location = queries.location_by_ref(_ref(namespace, name))
        pages = ByClaimedRef()
        page = pages.paginate_queryset(queries.orphan_claims(location), request, view=self) or []
        found = queries.orphans(page)
        return pages.get_paginated_response(
            [{"ref": one.ref, "there": bool(one.label), "file": one.file, "since": one.since} for one in found]
        )


class LocationHook(APIView):
    """The webhook of a location."""

    @extend_schema(
        operation_id="locations_webhook_rotate", request=None, responses={200: HookOut, **refusals(400, 403, 404)}
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a new webhook secret, shown once; the one before ends at once."""
        secret = rotate_hook(ref=_ref(namespace, name), actor=actor_of(request), now=db_now())
        headers = {"Cache-Control": "no-store"}
        return Response({"url": hook_url(namespace, name), "secret": secret}, headers=headers)

    @extend_schema(operation_id="locations_webhook_remove", responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Take no more webhooks of the location."""
        remove_hook(ref=_ref(namespace, name), actor=actor_of(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def hook_url(namespace: str, name: str) -> str:
    """Where a repository's host posts to."""
    return conf.base_url() + reverse("catalog:location-hook", args=[namespace, name])


def _ref(namespace: str, name: str) -> str:
    return f"location:{namespace}/{name}".lower()


def _frozen(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
