"""Objectives as one search finds them."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import and_

from django.db.models import Q

from catalog import likeness
from catalog.registries import Hit, Sought
from slo.models import Objective

READ = 5_000
"""Objectives whose names are compared when slips are forgiven: there is no index of their pieces."""
FIELDS = ("name", "title", "definition__component__name", "definition__component__title")


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """Objectives named so, or of components named so."""
    rows = (
        Objective.objects.filter(retired_at=None).select_related("definition__component").order_by("name").only(*FIELDS)
    )
    if not sought.forgiving:
        rows = rows.filter(reduce(and_, (_holding(word) for word in sought.words)))
        return _best((_hit(row, sought) for row in rows[: 4 * limit]), limit)
    names = rows.values_list("pk", "name", "title")[:READ]
    scored = ((likeness.score(sought.words, (name, title)), pk) for pk, name, title in names)
    near = sorted(((score, pk) for score, pk in scored if score >= likeness.LIKE * likeness.ALIKE), reverse=True)
    return _best((_hit(row, sought) for row in rows.filter(pk__in=[pk for _, pk in near[:limit]])), limit)


def _holding(word: str) -> Q:
    found = Q()
    for field in FIELDS:
        found |= Q(**{f"{field}__icontains": word})
    return found


def _hit(row: Objective, sought: Sought) -> Hit:
    detail = f"objective of {row.definition.component.label}"
    score = likeness.score(sought.words, (row.name, row.label), inside=not sought.forgiving)
    return Hit("objective", f"objective:{row.name}", row.label, row.get_absolute_url(), "target-arrow", detail, score)


def _best(hits: Iterable[Hit], limit: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: -hit.score)[:limit]
