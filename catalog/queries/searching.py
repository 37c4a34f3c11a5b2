"""One search over everything: every app finds its own things, here they are ranked together."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

import structlog
from django.db import models
from django.db.models import QuerySet

from catalog import likeness, registries
from catalog.models import Component
from catalog.queries import ranking, texts
from catalog.registries import Hit, Searched, Sought

log = structlog.get_logger(__name__)
LOOKED_AT = 80
"""Rows whose text holds the words that are ranked; of words that half the catalog holds no ranking is worth more."""
FEW, CALLED_SO = 3, 0.6
"""With fewer than these, and nothing that is called so, slips are forgiven: a text may mention what is misspelt."""
LOOKED_AT_FORGIVING = 40
QUESTIONS = (
    "a an are at by call do does find for from has have how in is it its me my of on our owner owns page paged pages"
    " please responsible runs show tell that the there this to what when where which who whom whose why with"
)
"""Words of a question, which name nothing: left out where nothing holds all of it."""
ASKING = frozenset(QUESTIONS.split())
ORDER = ("urgency", "called", "pk")
COLUMNS = ("ref", "namespace", "name", "title", "description")
OF_COMPONENTS = ("kind", "type", "urgency", "worst", "owner_ref", "owner__name", "owner__title")


def kinds(*, known: bool = True) -> list[str]:
    """What can be searched for; by somebody not `known` no people, for they are found by their addresses too."""
    told = [one for one in registries.search.values() if known or not one.signed_in]
    return [kind for one in told for kind in one.kinds if known or kind != "person"]


def search(text: str, *, limit: int, now: datetime, only: Collection[str] = ()) -> list[Hit]:
    """The best `limit` things for `text`, best first; `only` of some kinds. Slips are forgiven where little fits.

    Where nothing fits a question, what it asks about is looked for: `who owns artefact cache`.
    """
    words = tuple(texts.words_in(text))
    if not words:
        return []
    found = _search(text, words, limit, now, only)
    about = tuple(word for word in words if word not in ASKING)
    if about and about != words and not any(hit.score > likeness.LIKE for hit in found):
        return _search(" ".join(about), about, limit, now, only) or found
    return found


def _search(text: str, words: tuple[str, ...], limit: int, now: datetime, only: Collection[str]) -> list[Hit]:
    asked = [one for one in registries.search.items() if not only or set(one[1].kinds) & set(only)]
    sought = Sought(text.strip()[: texts.LONGEST], words)
    found = _all(asked, sought, limit, now, only)
    fitting = [hit for hit in found if hit.score > likeness.LIKE]  # a part may forgive slips by itself
    if len(fitting) < FEW and all(hit.score < CALLED_SO for hit in fitting):
        known = {hit.ref for hit in found}
        near = _all(asked, replace(sought, forgiving=True), limit, now, only)
        found += [hit for hit in near if hit.ref not in known]
    return sorted(found, key=lambda hit: (-hit.score, hit.title.casefold(), hit.ref))[:limit]


def marked(hit: Hit, text: str) -> list[tuple[int, int]]:
    """The parts of the hit's title that fit `text`, as `[start, end)`."""
    return likeness.marks(likeness.words_of(text), hit.title, forgiving=hit.score < likeness.INSIDE)


def _all(
    asked: Iterable[tuple[str, Searched]], sought: Sought, limit: int, now: datetime, only: Collection[str]
) -> list[Hit]:
    found: list[Hit] = []
    for key, one in asked:
        try:
            hits = one.find(sought, limit, now)
        except Exception:  # what the others find matters more than a part that is broken, and a plugin's may be
            log.exception("search_failed", part=key)
            continue
        found += [hit for hit in hits if hit.url and (not only or hit.kind in only)]
    return found


def components(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """Components, resources and APIs; of equals those that hurt most come first."""
    rows = Component.objects.filter(retired_at=None).select_related("owner").only(*COLUMNS, *OF_COMPONENTS)
    return [_component(row, score) for row, score in _found(rows, sought, limit)]


def _component(row: Component, score: float) -> Hit:
    owner = row.owner.label if row.owner else row.owner_ref.rpartition("/")[2] or "no owner"
    detail = " · ".join(part for part in (row.type, owner) if part)
    return ranking.hit(row, row.kind, score + 0.005 * (5 - row.urgency), detail, health=row.worst)


def _found(rows: QuerySet[Component], sought: Sought, limit: int) -> list[tuple[Component, float]]:
    """Those that are named so, then those whose text holds the words; or those whose names are nearly so."""
    if sought.forgiving:
        near = texts.forgiven(rows, sought.words, most=LOOKED_AT_FORGIVING)
        return ranking.best(rows.filter(texts.Among(near)) if near else (), sought, limit)
    starts = models.When(words__startswith=" ".join(sought.words), then=0)
    first = rows.select_related(None).filter(texts.named(sought.words)).order_by(models.Case(starts, default=1), *ORDER)
    by_name = list(rows.filter(pk__in=first.values("pk")[:limit]))
    if len(by_name) == limit:
        return ranking.best(by_name, sought, limit)
    known = {row.pk for row in by_name}
    others = set(texts.holding(rows, sought.words, most=LOOKED_AT + len(known))) - known
    return ranking.best([*by_name, *(rows.filter(texts.Among(others)) if others else ())], sought, limit)
