"""Pages by position: page 5,000 costs what page 1 costs, and rows that come or go neither repeat nor hide others."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet


@dataclass(frozen=True, slots=True)
class Page[M: Model]:
    """Rows in order, and the cursors of the pages beside it; empty where there is none."""

    rows: tuple[M, ...]
    next: str
    previous: str


def page[M: Model](rows: QuerySet[M], order: Sequence[str], *, cursor: str = "", size: int = 50) -> Page[M]:
    """The page of `rows` at `cursor` in `order`: fields without nulls, `-` for descending, together unique.

    A cursor that makes no sense (cut, or made by another order) is the first page.
    """
    backwards, place = _read(cursor, order)
    towards = [_turned(field) for field in order] if backwards else list(order)
    try:
        found = list((rows.filter(_beyond(towards, place)) if place else rows).order_by(*towards)[: size + 1])
    except (ValidationError, ValueError):  # a place that is none in these columns
        return page(rows, order, size=size)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page((), "", "")
    onward = _cursor(found[-1], order, "+") if more or backwards else ""
    back = _cursor(found[0], order, "-") if (more if backwards else place) else ""
    return Page(tuple(found), onward, back)


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _beyond(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Lexicographically after `place`; said of the first field alone too, which lets an index begin there."""
    first = order[0].removeprefix("-")
    bound = Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": place[0]})
    beyond, same = Q(), Q()
    for field, value in zip(order, place, strict=True):
        name = field.removeprefix("-")
        step = Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        beyond |= same & step
        same &= Q(**{name: value})
    return bound & beyond


def _cursor(row: Model, order: Sequence[str], way: str) -> str:
    place = [way, *(getattr(row, field.removeprefix("-")) for field in order)]
    return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode().rstrip("=")


def _read(cursor: str, order: Sequence[str]) -> tuple[bool, list[Any]]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        way, *place = json.loads(base64.urlsafe_b64decode(padded)) if cursor else ["+"]
    except (ValueError, TypeError):
        return False, []
    fits = len(place) == len(order) and all(isinstance(value, str | int) for value in place)
    return (way == "-", place) if fits else (False, [])
