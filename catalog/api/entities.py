"""What the endpoints of every kind share: read, upsert, merge, retire, list."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from catalog.api.base import answer, query
from catalog.api.shapes.outgoing import Entity, entity_json
from catalog.operations import Written, delete_entity
from catalog.specs import MemberSpec
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer, expected_version, said, same_name

HARD = OpenApiParameter(
    "hard", OpenApiTypes.BOOL, description="true: remove it for good, which only platform admins may; 204"
)
SEARCH = query("q", "Words, each at the beginning of a word of name, title, tags, description or labels")


class ByRef(KeysetPagination):
    """In the order of references, which are unique."""

    ordering = "ref"


class EntityView(APIView):
    """One entity by its name. Kinds say how they are described; the verbs are here."""

    incoming: type[StrictSerializer]
    spec: Callable[..., Any]
    kind = ""

    def read(self, request: Request, entity: Entity) -> Response:
        """The entity with its ETag."""
        return answer(request, _shown(entity, request), version=entity.version)

    def upsert(self, request: Request, write: Callable[..., Written[Any]], **name: str) -> Response:
        """What the body says, in whole."""
        given = said(self.incoming(data=request.data), request, about=self._spec_class())
        same_name(request, **self._path(name))
        spec = self._spec_class()(**name, **frozen(given))
        return self.written(
            request,
            write(spec=spec, actor=actor_of(request), now=db_now(), expected_version=expected_version(request)),
        )

    def merge(self, request: Request, write: Callable[..., Written[Any]], ref: str, **name: str) -> Response:
        """Only what the body names."""
        given = said(self.incoming(data=request.data, partial=True), request, about=self._spec_class())
        same_name(request, **self._path(name))
        return self.written(
            request,
            write(
                ref=ref,
                changes=frozen(given),
                actor=actor_of(request),
                now=db_now(),
                expected_version=expected_version(request),
            ),
        )

    def remove(self, request: Request, retire: Callable[..., Written[Any]], ref: str) -> Response:
        """Retired, or with `hard=true` gone for good."""
        if yes(request, "hard"):
            delete_entity(ref=ref, actor=actor_of(request), now=db_now())
            return Response(status=204)
        return self.written(
            request,
            retire(ref=ref, actor=actor_of(request), now=db_now(), expected_version=expected_version(request)),
        )

    def written(self, request: Request, written: Written[Any]) -> Response:
        """The entity as it is now."""
        body = entity_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    def _spec_class(self) -> Any:  # noqa: ANN401  # a spec of the view's own kind
        return type(self).spec

    def _path(self, name: dict[str, str]) -> dict[str, str]:
        return {"kind": self.kind, **name} if self.kind else name


def paged(view: APIView, request: Request, rows: QuerySet[Any]) -> Response:
    """One page of `rows`."""
    pages = ByRef()
    page = pages.paginate_queryset(rows, request, view=view) or []
    return pages.get_paginated_response([_shown(row, request) for row in page])


def yes(request: Request, name: str) -> bool:
    """Whether a flag of the query string is set. Raises Invalid for what is neither yes nor no."""
    text = request.query_params.get(name, "false").lower()
    if text not in {"true", "false", "1", "0"}:
        message = f"{text!r}: use true or false."
        raise Invalid(f"{name}: {message}", errors=(FieldError(name, "invalid", message),))
    return text in {"true", "1"}


def frozen(given: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples and members as values, for specs are values."""
    whole = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    if given.get("members") is not None:
        whole["members"] = tuple(MemberSpec(**member) for member in given["members"])
    return whole


def _shown(entity: Entity, request: Request) -> dict[str, Any]:
    """For whoever reads: an address is told to nobody whom we don't know."""
    body = entity_json(entity)
    known = request.auth is not None or request.user.is_authenticated
    return body if known or "email" not in body else {**body, "email": ""}
