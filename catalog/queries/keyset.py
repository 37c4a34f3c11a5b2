"""Pages by position: page 5,000 costs what page 1 costs, and rows that come or go neither repeat nor hide others."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan


@dataclass(frozen=True, slots=True)
class Page[M: Model]:
    """Rows in order, and the cursors of the pages beside it; empty where there is none."""

    rows: tuple[M, ...]
    next: str
    previous: str


def page[M: Model](rows: QuerySet[M], order: Sequence[str], *, cursor: str = "", size: int = 50) -> Page[M]:
    """The page of `rows` at `cursor` in `order`: fields without nulls, `-` for descending, together unique.

    An order all one way, with an index of the same fields, begins at its place in that index however deep it is. A
    cursor that makes no sense (cut, or made by another order) is the first page.
    """
    backwards, place = _read(cursor, order)
    place = place if _holds(rows, order, place) else []
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


def cursor_after(row: Model, order: Sequence[str]) -> str:
    """The cursor of the page that begins behind `row`."""
    return _cursor(row, order, "+")


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _beyond(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Lexicographically after `place`: as one comparison of rows, which an index can begin at, where all go one way.

    Else it is said of the first field alone too, which lets an index begin there.
    """
    names = [field.removeprefix("-") for field in order]
    descending = {field.startswith("-") for field in order}
    if len(descending) == 1 and len(names) > 1:
        compare = TupleLessThan if descending == {True} else TupleGreaterThan
        return Q(compare(Tuple(*(F(name) for name in names)), tuple(place)))
    bound = Q(**{f"{names[0]}__{'lte' if order[0].startswith('-') else 'gte'}": place[0]})
    beyond, same = Q(), Q()
    for field, name, value in zip(order, names, place, strict=True):
        beyond |= same & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return bound & beyond


def _cursor(row: Model, order: Sequence[str], way: str) -> str:
    place = [way, *(getattr(row, field.removeprefix("-")) for field in order)]
    return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode().rstrip("=")


def _read(cursor: str, order: Sequence[str]) -> tuple[bool, list[Any]]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        way, *place = json.loads(base64.urlsafe_b64decode(padded)) if cursor else ["+"]
    except (ValueError, TypeError, RecursionError):
        return False, []
    fits = len(place) == len(order) and all(isinstance(value, str | int) for value in place)
    return (way == "-", place) if fits else (False, [])


def _holds(rows: QuerySet[Any], order: Sequence[str], place: Sequence[Any]) -> bool:
    """Whether each value is of its column's kind; a made-up one must not reach the database."""
    for field, value in zip(order, place, strict=False):
        name = field.removeprefix("-")
        column: Any = rows.query.annotations.get(name) or (
            rows.model._meta.pk if name == "pk" else rows.model._meta.get_field(name)
        )
        column = getattr(column, "target_field", column)  # of what is known by the key of another
        kind = getattr(column, "output_field", column).get_internal_type()
        numeric = "Integer" in kind or "AutoField" in kind
        if isinstance(value, bool) or isinstance(value, int) is not numeric or "\x00" in str(value):
            return False
    return bool(place)
