"""Reviews and action items as one search finds them: a review by its incident, an item by its title."""

import re
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Q, QuerySet

from catalog import likeness
from catalog.registries import Hit, Sought
from incidents.item_lines import due_words
from incidents.models import ActionItem, Review
from incidents.queries.reviews import today

NUMBER = re.compile(
    r"(?:review[\s:]*)?(?:of\s+)?inc(?:ident)?[\s#-]*(\d{1,18})|review[\s:#-]*(\d{1,18})", re.IGNORECASE
)
ABOUT = frozenset({"review", "reviews", "of", "action", "item", "items"})
"""What somebody types who says which kind of thing they look for; no word of a title for that."""
NEWEST = 2_000
"""As many of each are read; who looks for an older one has its number, or filters the list."""
LESS, ENDED = 0.02, 0.1
"""An incident comes before its own review, and what is still to be done before what was."""


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """Reviews of incidents, and action items, whose titles hold the words."""
    asked = replace(sought, words=tuple(word for word in sought.words if word not in ABOUT))
    return [*_numbered(sought), *_reviews(asked, limit), *_items(asked, limit, now)]


def _numbered(sought: Sought) -> list[Hit]:
    said = NUMBER.fullmatch(sought.text)
    if said is None or sought.forgiving:
        return []
    found = Review.objects.select_related("incident").filter(pk=int(said[1] or said[2]))
    return [_review(row, likeness.EXACT - LESS) for row in found]


def _reviews(asked: Sought, limit: int) -> list[Hit]:
    keys = _keys(Review.objects.order_by("-pk"), "incident__title", asked, limit)
    rows = Review.objects.select_related("incident").filter(pk__in=keys) if keys else ()
    return [_review(row, _score(row.incident.title, asked) - LESS) for row in rows]


def _items(asked: Sought, limit: int, now: datetime) -> list[Hit]:
    keys = _keys(ActionItem.objects.order_by("-pk"), "title", asked, limit)
    rows = ActionItem.objects.select_related("owner").filter(pk__in=keys) if keys else ()
    return [_item(row, _score(row.title, asked), now) for row in rows]


def _keys(newest: QuerySet[Any], field: str, asked: Sought, limit: int) -> list[int]:
    """Of those that hold all words; or of those that may have been meant, the likeliest."""
    if not asked.words:
        return []
    if not asked.forgiving:
        holds = reduce(and_, (Q(**{f"{field}__icontains": word}) for word in asked.words))
        return list(newest.filter(holds, pk__in=newest.values("pk")[:NEWEST]).values_list("pk", flat=True)[:limit])
    titles = newest.values_list("pk", field)[: NEWEST // 10]
    scored = ((likeness.score(asked.words, (title,)), pk) for pk, title in titles)
    near = sorted(((score, pk) for score, pk in scored if score >= likeness.LIKE * likeness.ALIKE), reverse=True)
    return [pk for _, pk in near[:limit]]


def _score(title: str, asked: Sought) -> float:
    return likeness.score(asked.words, (title,), inside=not asked.forgiving)


def _review(row: Review, score: float) -> Hit:
    title = f"Review of {row.incident.label} {row.incident.title}"
    detail = row.get_state_display().lower()
    return Hit("review", f"review:{row.pk}", title, row.get_absolute_url(), "clipboard-check", detail, score)


def _item(row: ActionItem, score: float, now: datetime) -> Hit:
    who = row.owner.label if row.owner else row.owner_ref.rpartition("/")[2]
    when = f"due {due_words(row.due_on, today(now))}" if row.is_open else row.get_state_display().lower()
    score -= 0.0 if row.is_open else ENDED
    return Hit(
        "action-item",
        f"action-item:{row.pk}",
        row.title,
        row.get_absolute_url(),
        "list-check",
        f"{who} · {when}",
        score,
    )
