"""Names for who writes a query, over HTTP."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from portal.lib.clock import db_now
from portal.lib.problems import refusals
from slo.operations.objectives import require_author
from slo.queries.suggesting import MOST, suggested


class SuggestionsOut(serializers.Serializer[Any]):
    """Names for the word at the end of `before`."""

    wanted = serializers.CharField(
        allow_blank=True, help_text="What is being written: metric, label, value; empty where no name is due"
    )
    typed = serializers.CharField(allow_blank=True, help_text="What there is of it; a name takes its place")
    results = serializers.ListField(child=serializers.CharField(), help_text=f"Best first, {MOST} at most")
    matching = serializers.IntegerField(help_text="How many names fit in all")
    error = serializers.CharField(allow_blank=True, help_text="What the source says where it can't answer")


class SuggestionsView(APIView):
    """Names that a data source has now."""

    @extend_schema(
        operation_id="sources_suggestions",
        parameters=[
            OpenApiParameter("before", OpenApiTypes.STR, description="The query up to the cursor"),
            OpenApiParameter("histograms", OpenApiTypes.BOOL, description="Histograms by their own names only"),
        ],
        responses={200: SuggestionsOut, **refusals(403, 404)},
    )
    def get(self, request: Request, name: str) -> Response:
        """Suggest metrics, labels or values that fit what is being written; for who may write objectives."""
        require_author(actor_of(request))
        found = suggested(
            source_name=name,
            before=request.query_params.get("before", ""),
            histograms=request.query_params.get("histograms", "") in ("true", "1"),
            now=db_now(),
        )
        body = {"wanted": found.wanted, "typed": found.typed, "results": found.names,
                "matching": found.matching, "error": found.error}  # fmt: skip
        return Response(SuggestionsOut(body).data)
