"""The query string of catalog lists, the same for pages and API."""

from collections.abc import Collection

from django.http import QueryDict

from catalog.queries import NOBODY, ComponentFilter, Healths
from catalog.refs import BadReference, parse
from portal.lib.errors import FieldError, Invalid

TIERS = ("1", "2", "3", "4")


def component_filter(query: QueryDict) -> ComponentFilter:
    """What `?type=runner&tier=1&tier=2&owner=build-ci&q=…` asks for. Raises Invalid naming the parameter."""
    many = query.getlist
    return ComponentFilter(
        q=query.get("q", "").replace("\x00", " ").strip(),
        kind=tuple(kind.lower() for kind in many("kind")),
        type=tuple(many("type")),
        tier=tuple(int(_one_of("tier", text, TIERS)) for text in many("tier")),
        lifecycle=tuple(many("lifecycle")),
        owner=tuple(text if text == NOBODY else _whole("owner", text, "group") for text in many("owner")),
        system=tuple(_whole("system", text, "system") for text in many("system")),
        tag=tuple(many("tag")),
        health=tuple(_one_of("health", text, Healths.KEYS) for text in many("health")),
        retired=query.get("retired", "").lower() in {"1", "true"},
    )


def _one_of(field: str, text: str, known: Collection[str]) -> str:
    if text not in known:
        raise _bad(field, f"{text!r}: use one of {', '.join(known)}.")
    return text


def _whole(field: str, text: str, kind: str) -> str:
    try:
        return str(parse(text, kind=kind))
    except BadReference as error:
        raise _bad(field, f"{error}.") from error


def _bad(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
