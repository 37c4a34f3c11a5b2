"""Up to a thousand components in one request."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from catalog.api.base import refusals
from catalog.api.entities import frozen
from catalog.api.shapes.incoming import BulkIn, ComponentItemIn
from catalog.api.shapes.outgoing import BulkOut
from catalog.api.shapes.quick import QuickReader, Unsure
from catalog.operations import Outcome, put_components
from catalog.operations.components import Refused
from catalog.operations.registering import Result
from catalog.specs import ComponentSpec
from portal.lib.api import flattened
from portal.lib.clock import db_now
from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.strict import filled

MOST = 1000
ENVELOPE = {"items", "all_or_nothing"}


class BulkView(APIView):
    """Many components at once."""

    @extend_schema(
        operation_id="components_bulk",
        request=BulkIn,
        responses={200: BulkOut, 207: BulkOut, **refusals(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Register up to 1,000 components, each as PUT would; 207 where some were refused, with the reason of each."""
        items, all_or_nothing = _envelope(request.data)
        read = _specs(items)
        faulty = {place: fault for place, fault in enumerate(read) if isinstance(fault, Expected)}
        if faulty and all_or_nothing:
            raise _refused(faulty, len(items))
        specs = [spec for spec in read if isinstance(spec, ComponentSpec)]
        answers = iter(
            put_components(specs=specs, actor=actor_of(request), now=db_now(), all_or_nothing=all_or_nothing)
        )
        results = [_result(one, one if isinstance(one, Expected) else next(answers)) for one in read]
        counts = Counter(result["outcome"] for result in results)
        body = {
            **{str(outcome): counts[str(outcome)] for outcome in Outcome},
            "failed": counts["failed"],
            "results": [{key: value for key, value in result.items() if key != "outcome"} for result in results],
        }
        return Response(body, status=207 if counts["failed"] else 200)


def _envelope(data: object) -> tuple[list[object], bool]:
    """What is asked, before any item is looked at: a thousand wrong items are a thousand answers, not one."""
    if not isinstance(data, Mapping) or not isinstance(data.get("items"), list):
        raise ValidationError({"items": ['Send {"items": [ … ]}, a list of components.']})
    unknown = {str(name): ["Unknown field; known are all_or_nothing, items."] for name in data if name not in ENVELOPE}
    if unknown:
        raise ValidationError(unknown)
    items, every = data["items"], data.get("all_or_nothing", False)
    if not 1 <= len(items) <= MOST:
        raise ValidationError({"items": [f"Send 1 to {MOST:,} at once; these are {len(items):,}."]})
    if not isinstance(every, bool):
        raise ValidationError({"all_or_nothing": ["Use true or false."]})
    return items, every


def _specs(items: list[object]) -> list[ComponentSpec | Expected]:
    """Each item as a spec, or what is wrong with it. One serializer serves all: making one costs more than using it."""
    shape = ComponentItemIn()
    quick = QuickReader(shape)
    return [_quick(item, quick) or spec_of(item, shape) for item in items]


def _quick(item: object, quick: QuickReader) -> ComponentSpec | None:
    try:
        return ComponentSpec(**quick.read(item))
    except Unsure:
        return None


def spec_of(item: object, shape: ComponentItemIn) -> ComponentSpec | Expected:
    """The item as the framework reads it, or all that is wrong with it."""
    try:
        return ComponentSpec(**frozen(filled(shape.run_validation(item), ComponentSpec)))
    except ValidationError as error:
        errors = tuple(flattened(error))
        return Invalid("; ".join(f"{e.field}: {e.message}" for e in errors[:5]), errors=errors)


def _result(given: ComponentSpec | Expected, answer: Result | Expected) -> dict[str, Any]:
    ref = given.ref if isinstance(given, ComponentSpec) else ""
    if isinstance(answer, Expected):
        errors = [{"field": e.field, "code": e.code, "message": e.message} for e in answer.errors]
        said = {"status": answer.status, "changed": False, "version": None, "detail": str(answer), "errors": errors}
        return {"ref": ref, "outcome": "failed", **said}
    status = 201 if answer.outcome is Outcome.CREATED else 200
    said = {"status": status, "changed": answer.changed, "version": answer.row.version, "detail": "", "errors": []}
    return {"ref": ref, "outcome": str(answer.outcome), **said}


def _refused(faulty: Mapping[int, Expected], count: int) -> Refused:
    errors = tuple(
        FieldError(f"items[{place}].{fault.field}".rstrip("."), fault.code, fault.message)
        for place, refusal in faulty.items()
        for fault in refusal.errors
    )
    return Refused(f"{len(faulty)} of {count} can't be taken, so none was written.", errors=errors[:200])
