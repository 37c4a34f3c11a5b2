"""Data sources over HTTP."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from portal.lib.clock import db_now
from portal.lib.problems import listed, refusals
from portal.lib.strict import same_name
from slo import queries
from slo.api.shapes import SourceIn, SourceOut, source_json
from slo.operations import SourceDraft, save_source
from slo.operations.sources import draft_of, retire_source, try_source
from slo.queries.sources import source_by_name


class SourceList(APIView):
    """All data sources."""

    @extend_schema(operation_id="sources_list", responses={200: listed(SourceOut), **refusals()})
    def get(self, request: Request) -> Response:
        """List every data source and how it is."""
        return Response({"results": [source_json(source) for source in queries.sources()]})


class SourceView(APIView):
    """One data source, by its name."""

    @extend_schema(operation_id="sources_get", responses={200: SourceOut, **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """Show the data source and how it is."""
        return Response(_json(name))

    @extend_schema(operation_id="sources_put", request=SourceIn, responses={200: SourceOut, **refusals(400, 403)})
    def put(self, request: Request, name: str) -> Response:
        """Make the data source what the body says; for platform admins. Secrets are sealed and never shown again."""
        same_name(request, name=name)
        given = _said(SourceIn(data=request.data))
        save_source(draft=SourceDraft(name=name, **given), actor=actor_of(request), now=db_now())
        return Response(_json(name))

    @extend_schema(
        operation_id="sources_patch", request=SourceIn, responses={200: SourceOut, **refusals(400, 403, 404)}
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change only what the body names; for platform admins."""
        same_name(request, name=name)
        given = _said(SourceIn(data=request.data, partial=True))
        draft = replace(draft_of(source_by_name(name)), **given)
        save_source(draft=draft, actor=actor_of(request), now=db_now())
        return Response(_json(name))

    @extend_schema(operation_id="sources_retire", responses={204: None, **refusals(400, 403, 404)})
    def delete(self, request: Request, name: str) -> Response:
        """Retire the data source; for platform admins. Refused while objectives are counted from it."""
        retire_source(name=source_by_name(name).name, actor=actor_of(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SourceHealthOut(serializers.Serializer[Any]):
    """What came of asking; `error` says in words why it is not reachable."""

    reachable = serializers.BooleanField()
    version = serializers.CharField()
    latency = serializers.FloatField(help_text="Seconds")
    error = serializers.CharField()


class SourceTest(APIView):
    """Trying one data source."""

    @extend_schema(
        operation_id="sources_test", request=None, responses={200: SourceHealthOut, **refusals(403, 404, 429)}
    )
    def post(self, request: Request, name: str) -> Response:
        """Ask the data source now, as it is saved; for platform admins. Nothing is written."""
        found = try_source(row=source_by_name(name), actor=actor_of(request))
        return Response(SourceHealthOut(found).data)


def _said(body: SourceIn) -> dict[str, Any]:
    """The fields that the body names, as a draft takes them; an empty one takes its default."""
    body.is_valid(raise_exception=True)
    given: dict[str, Any] = {key: value for key, value in body.validated_data.items() if value != ""}
    if "external_labels" in given:
        given["external_labels"] = tuple(given["external_labels"])
    return given


def _json(name: str) -> dict[str, Any]:
    pk = source_by_name(name).pk
    return next(source_json(one) for one in queries.sources() if one.pk == pk)
