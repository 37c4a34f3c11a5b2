"""Manners every API view shares: problem details (RFC 9457) and keyset pagination."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_handler

from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.problem_types import type_of

log = structlog.get_logger(__name__)


class KeysetPagination(CursorPagination):
    """Pages by position, not by count: page 5,000 costs what page 1 costs. Views set `ordering` to a unique order."""

    page_size = 50
    max_page_size = 500
    offset_cutoff = 100_000  # so many may stand at one position, as of one moment
    page_size_query_param = "limit"
    ordering: str | Sequence[str] = "pk"  # type: ignore[assignment]

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """The page at `cursor`. Raises Invalid for a cursor that was cut or made up."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (exceptions.NotFound, ValidationError, ValueError) as error:  # its position need not fit the column
            raise _refused("cursor", "Send `next` or `previous` as they were answered.") from error

    def decode_cursor(self, request: Request) -> Any:  # noqa: ANN401  # the framework's own tuple
        """As the framework's. Raises ValueError for a cursor that is none of ours, which would be the first page, and
        for a position that holds NUL, which no column can.
        """
        found = super().decode_cursor(request)
        if found is not None and "\x00" in str(found.position or ""):
            raise ValueError("NUL in a cursor")
        if found is not None and _written(found) != request.query_params.get(self.cursor_query_param):
            raise ValueError("not as we write them")
        return found

    def get_page_size(self, request: Request) -> int | None:
        """`limit`, at most `max_page_size`. Raises Invalid for more, and for what is no count."""
        asked = request.query_params.get("limit", "")
        if asked and (not asked.isdecimal() or len(asked) > 9 or not 0 < int(asked) <= self.max_page_size):
            raise _refused("limit", f"Use a number from 1 to {self.max_page_size}.")
        return super().get_page_size(request)

    def get_paginated_response(self, data: Any) -> Response:  # noqa: ANN401
        """`{"results": […], "next": url | null, "previous": url | null}`."""
        return Response({"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()})


def _written(cursor: Any) -> str:  # noqa: ANN401
    """As the framework's `encode_cursor` does, without the address around it."""
    told = {"o": cursor.offset or None, "r": "1" if cursor.reverse else None, "p": cursor.position}
    return b64encode(urlencode({name: value for name, value in told.items() if value is not None}).encode()).decode()


def _refused(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))


def problem(
    *,
    code: int,
    title: str,
    detail: str = "",
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An `application/problem+json` answer."""
    body: dict[str, object] = {"type": type_of(code), "title": title, "status": code, "detail": detail or title}
    if errors:
        body["errors"] = [{"field": e.field, "code": e.code, "message": e.message} for e in errors]
    return Response(body, status=code, content_type="application/problem+json", headers=headers)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into problem details; None leaves a bug to be a 500 that is logged."""
    if isinstance(error, Expected):
        return problem(code=error.status, title=error.title, detail=str(error), errors=error.errors)
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database did not answer a request", exc_info=error)
        title, detail = "Not available now", "The database does not answer; nothing was changed. Try again."
        return problem(
            code=status.HTTP_503_SERVICE_UNAVAILABLE, title=title, detail=detail, headers={"Retry-After": "5"}
        )
    if isinstance(error, RequestDataTooBig):
        code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
        return problem(code=code, title="Too large", detail="Send at most 5 MB at once.")
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    answer = drf_handler(error, context)
    if answer is None or not isinstance(error, exceptions.APIException):
        return answer
    return _of_drf(error, answer)


def flattened(error: exceptions.ValidationError) -> list[FieldError]:
    """What the framework found wrong, each with the path of its field: `links[0].url`."""
    return _flatten(error.get_full_details())


def _of_drf(error: exceptions.APIException, answer: Response) -> Response:
    headers = {k: answer.headers[k] for k in ("WWW-Authenticate", "Retry-After") if k in answer.headers}
    if isinstance(error, exceptions.ValidationError):
        found = tuple(flattened(error))
        return problem(
            code=status.HTTP_400_BAD_REQUEST, title="Some fields need attention", detail=_summary(found), errors=found
        )
    title = str(getattr(error, "default_detail", "Request refused")).rstrip(".")
    if "{" in title:  # of a method or a media type, which the detail names
        title = HTTPStatus(answer.status_code).phrase.capitalize()
    return problem(code=answer.status_code, title=title, detail=str(error.detail), headers=headers)


def _summary(errors: Sequence[FieldError]) -> str:
    return "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:5])


def _below(path: str, key: str | int) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".strip(".")


def _flatten(details: Any, path: str = "") -> list[FieldError]:  # noqa: ANN401
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        return [FieldError(path, str(details["code"]), str(details["message"]))]
    if isinstance(details, dict):
        return [e for k, v in details.items() for e in _flatten(v, _below(path, k))]
    if all(isinstance(item, dict) and set(item) == {"message", "code"} for item in details):
        return [e for item in details for e in _flatten(item, path)]
    return [e for place, item in enumerate(details) for e in _flatten(item, f"{path}[{place}]")]
