"""Data sources over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
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


class SourceList(APIView):
    """All data sources."""

    @extend_schema(operation_id="sources_list", responses={200: listed(SourceOut), **refusals()})
    def get(self, request: Request) -> Response:
        """Every data source and how it is."""
        return Response({"results": [source_json(source) for source in queries.sources()]})


class SourceView(APIView):
    """One data source, by its name."""

    @extend_schema(operation_id="sources_put", request=SourceIn, responses={200: SourceOut, **refusals(400, 403)})
    def put(self, request: Request, name: str) -> Response:
        """Make the data source what the body says; for platform admins. Secrets are sealed and never shown again."""
        same_name(request, name=name)
        body = SourceIn(data=request.data)
        body.is_valid(raise_exception=True)
        given: dict[str, Any] = {key: value for key, value in body.validated_data.items() if value != ""}
        given["external_labels"] = tuple(given.get("external_labels", ()))
        source = save_source(draft=SourceDraft(name=name, **given), actor=actor_of(request), now=db_now())
        return Response(next(source_json(one) for one in queries.sources() if one.pk == source.pk))
