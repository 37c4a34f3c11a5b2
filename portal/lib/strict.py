"""Bodies that refuse what they don't know, and the headers that guard against lost updates."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields
from datetime import date
from difflib import get_close_matches
from functools import cache, partial
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from portal.lib import moments
from portal.lib.errors import FieldError, Invalid


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields by name. What only we say (`echoes`) may be sent back, as after a GET, and is ignored."""

    echoes: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401
        """All faults at once: unknown fields beside those of the known ones."""
        unknown = _unknown(data, known=set(self.fields), echoes=self.echoes) if isinstance(data, Mapping) else {}
        unknown |= self._missing_inside(data)
        try:
            found = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **unknown}) from error
            raise
        wrong = unknown | {name: [ErrorDetail(moments.SAID, moments.CODE)] for name in _too_far(found)}
        if wrong:
            raise ValidationError(wrong)
        return found

    def _missing_inside(self, data: object) -> dict[str, list[ErrorDetail]]:
        """What a body inside a partial one lacks: a PATCH leaves out fields, not halves of a link."""
        if self.parent is None or not getattr(self.root, "partial", False) or not isinstance(data, Mapping):
            return {}
        needed = [name for name, field in self.fields.items() if field.required and name not in data]
        return {name: [ErrorDetail("This field is required.", "required")] for name in needed}


def _too_far(given: Mapping[str, object]) -> list[str]:
    return [name for name, value in given.items() if isinstance(value, date) and moments.far(value)]


def said(serializer: StrictSerializer, request: Request, *, about: type) -> dict[str, Any]:
    """The valid fields of the body; null stands for the default of the spec class `about`. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    if not isinstance(request.data, Mapping):
        raise ValidationError({"non_field_errors": [ErrorDetail("Send a JSON object.", "not_an_object")]})
    return filled(serializer.validated_data, about, partial=serializer.partial)


def filled(given: Mapping[str, Any], about: type, *, partial: bool = False) -> dict[str, Any]:
    """`given` with the default of the spec class `about` where null stands; in a whole body a null label is none."""
    defaults, said = _defaults(about), given if partial else _without_nulls(given)
    return {name: defaults[name]() if value is None else value for name, value in said.items()}


@cache
def _defaults(about: type) -> Mapping[str, Callable[[], Any]]:
    return {
        each.name: each.default_factory if each.default_factory is not MISSING else partial(_same, each.default)
        for each in fields(about)
    }


def _same[T](value: T) -> T:
    return value


def _without_nulls(given: Mapping[str, Any]) -> dict[str, Any]:
    """A whole body has nothing to remove: a label of null is none."""
    return {
        name: {key: inner for key, inner in value.items() if inner is not None} if isinstance(value, Mapping) else value
        for name, value in given.items()
    }


def same_name(request: Request, **path: str) -> None:
    """Raise Invalid where the body says another kind, namespace or name than the address."""
    data = request.data if isinstance(request.data, dict) else {}
    errors = tuple(
        FieldError(key, "mismatch", f"The address says {given!r}, the body {data[key]!r}; leave it out of the body.")
        for key, given in path.items()
        if key in data and str(data[key]).lower() != given.lower()
    )
    if errors:
        raise Invalid(" ".join(e.message for e in errors), errors=errors)


def etag(version: int) -> str:
    """An entity's version as an ETag."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """What `If-Match: "3"` expects, 0 for `If-None-Match: *` (must not exist yet), None where nothing is expected."""
    if request.headers.get("If-None-Match", "").strip() == "*":
        return 0
    given = request.headers.get("If-Match", "").strip()
    if given in {"", "*"}:
        return None
    number = given.removeprefix("W/").strip('"')  # compression makes our own ETags weak
    if not number.isdecimal() or len(number) > 18:
        message = f"{given}: send back the ETag as you got it."
        raise Invalid(message, errors=(FieldError("If-Match", "invalid_etag", message),))
    return int(number)


def _unknown(data: Mapping[str, object], *, known: set[str], echoes: frozenset[str]) -> dict[str, list[ErrorDetail]]:
    return {
        str(name): [ErrorDetail(f"Unknown field{probably(str(name), known)}", "unknown_field")]
        for name in data
        if name not in known | echoes
    }


def probably(name: str, known: Collection[str]) -> str:
    """What was meant by a name that is not among those known, or all of these; ends a sentence."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}."
