"""What the catalog's endpoints share."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.operations import Outcome
from portal.lib.problems import Problem, refusals
from portal.lib.strict import etag

WRITE_REFUSALS = refusals(400, 403, 404, 412)
READ_REFUSALS = refusals(404)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag you read; 412 when it changed since"
)


def query(name: str, about: str, kind: type = str, *, many: bool = False) -> OpenApiParameter:
    """A parameter of the query string, for the API's description."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=about, many=many, explode=many or None)


def answer(request: Request, body: Mapping[str, Any], *, version: int, outcome: Outcome | None = None) -> Response:
    """The entity with its ETag: 201 when it was made, 304 when the reader has it already, else 200."""
    tag = etag(version)
    known = request.headers.get("If-None-Match", "").removeprefix("W/")
    if outcome is None and known == tag:
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
    made = outcome is Outcome.CREATED
    return Response(body, status=status.HTTP_201_CREATED if made else status.HTTP_200_OK, headers={"ETag": tag})


__all__ = ["IF_MATCH", "READ_REFUSALS", "WRITE_REFUSALS", "Problem", "answer", "query", "refusals"]
