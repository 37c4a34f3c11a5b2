"""The whole portal as code: `apply` takes it, `catalog-info.yaml` gives it."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import exporting, rules
from catalog.access import actor_of
from catalog.api.base import query, refusals
from catalog.api.components import FILTERS
from catalog.api.entities import yes
from catalog.api.shapes.outgoing import AppliedOut
from catalog.filters import component_filter
from catalog.manifest import Problem
from catalog.operations.applying import FAILED, OUTCOMES, Applied, DocumentResult, SourceFile, apply_files
from catalog.queries import ComponentFilter
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.json_body import refuse_packed

YAML = "application/yaml"
SOURCES = "Letters, digits, '-', '_' and '.', at most 63; what a source once named and no longer names is orphaned"


class YamlText(BaseParser):
    """The body as it came, whatever type curl says it has; what is in it is read document by document."""

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The bytes. Raises UnsupportedMediaType for a form of parts, and for what is packed."""
        refuse_packed(parser_context)
        if (media_type or "").lower().startswith("multipart/"):
            said = "Send the YAML itself, not a form: curl --data-binary @catalog-info.yaml, without -F."
            raise UnsupportedMediaType(str(media_type), said)
        return bytes(stream.read())


class ApplyView(APIView):
    """A stream of documents."""

    parser_classes = (YamlText,)

    @extend_schema(
        operation_id="apply",
        request={YAML: OpenApiTypes.STR},
        parameters=[
            query("dry_run", "true: say what would change, with a diff of each document, and write nothing", bool),
            query("source", SOURCES),
            query("prune", "true: retire what the source no longer names", bool),
        ],
        responses={200: AppliedOut, 207: AppliedOut, **refusals(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Make the catalog what the YAML documents say: any kinds Portico knows, each written or refused by itself.

        207 where some were refused, with line and column of each fault. Sending it again changes nothing.
        """
        data: object = request.data
        if not isinstance(data, bytes) or not data.strip():
            raise _bad("body", "Send YAML documents: curl --data-binary @catalog-info.yaml.")
        dry_run = yes(request, "dry_run")
        applied = apply_files(
            files=[SourceFile(address="body", text=data)],
            actor=actor_of(request),
            now=db_now(),
            source=_source(request),
            prune=yes(request, "prune"),
            dry_run=dry_run,
        )
        return Response(applied_json(applied, dry_run=dry_run), status=207 if applied.count(FAILED) else 200)


OPEN_KINDS = tuple(kind for kind in exporting.KINDS if kind not in ("group", "user"))
"""What a Backstage that sends no token may read where reading is open to everybody: nothing that holds addresses."""


class ExportView(APIView):
    """The catalog as YAML."""

    open_to_readers = True

    @extend_schema(
        operation_id="catalog_info",
        parameters=FILTERS,
        responses={(200, YAML): OpenApiTypes.ANY, **refusals(400)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export everything as catalog-info.yaml, for a Backstage to read as a location; filters leave components.

        `kind` may also name system, domain, group and user. Where reading is open to everybody, a reader that sends no
        token gets neither groups nor people.
        """
        kinds = [kind.lower() for kind in request.query_params.getlist("kind")]
        for kind in kinds:
            if kind not in exporting.KINDS:
                raise _bad("kind", f"{kind!r}: use some of {', '.join(exporting.KINDS)}.")
        if request.auth is None and not request.user.is_authenticated:
            kinds = [kind for kind in kinds or OPEN_KINDS if kind in OPEN_KINDS] or ["none"]
        query_ = request.query_params.copy()
        query_.pop("kind", None)
        wanted = component_filter(query_)
        text = exporting.stream(wanted=None if wanted == ComponentFilter() else wanted, kinds=kinds)
        return StreamingHttpResponse(_encoded(text), content_type=f"{YAML}; charset=utf-8")


def applied_json(applied: Applied, *, dry_run: bool) -> dict[str, Any]:
    """As `AppliedOut`."""
    return {
        "dry_run": dry_run,
        **{outcome: applied.count(outcome) for outcome in OUTCOMES},
        "documents": [_document(one) for one in applied.documents],
        "orphaned": list(applied.orphaned),
        "retired": list(applied.retired),
        "incomplete": bool(applied.incomplete),
    }


def _document(one: DocumentResult) -> dict[str, Any]:
    return {
        "document": one.document,
        "line": one.line,
        "kind": one.kind,
        "ref": one.ref,
        "outcome": one.outcome,
        "diff": {name: list(pair) for name, pair in one.diff.items()},
        "problems": [_problem(problem) for problem in one.problems],
        "warnings": [_problem(problem) for problem in one.warnings],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    names = ("line", "column", "field", "code", "message", "suggestion")
    return {name: getattr(problem, name) for name in names}


def _source(request: Request) -> str:
    source = request.query_params.get("source", "")
    if source and not rules.is_name(source):
        raise _bad("source", f"{source!r}: {rules.NAME_HELP}.")
    return source


def _encoded(parts: Iterator[str]) -> Iterator[bytes]:
    """In pieces of some size, for each piece costs a system call or a compressor's flush."""
    waiting: list[str] = []
    for part in parts:
        waiting.append(part)
        if len(waiting) >= 100:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join(waiting).encode()


def _bad(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
