"""Incidents as one search finds them: by what people call them (INC-12), or by words of the title."""

import re
from datetime import datetime
from functools import reduce
from operator import and_

from django.db.models import Q

from catalog import likeness
from catalog.registries import Hit, Sought
from incidents.models import Incident

NUMBER = re.compile(r"(?:inc(?:ident)?)?[\s#-]*(\d{1,18})", re.IGNORECASE)
NEWEST = 2_000
"""Incidents whose titles are read; who looks for an older one has its number, or filters the history."""


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """The incident of that number, and those of the newest whose titles hold the words; open ones before closed."""
    number = NUMBER.fullmatch(sought.text)
    by_number = list(Incident.objects.filter(pk=int(number[1]))) if number and not sought.forgiving else []
    titled = [row for row in _titled(sought, limit) if row not in by_number]
    return [*(_hit(row, likeness.EXACT) for row in by_number), *(_hit(row, _score(row, sought)) for row in titled)]


def _titled(sought: Sought, limit: int) -> list[Incident]:
    newest = Incident.objects.filter(is_drill=False).order_by("-opened_at", "-number")
    if not sought.forgiving:
        known = newest.values("pk")[:NEWEST]
        holds = reduce(and_, (Q(title__icontains=word) for word in sought.words))
        return list(newest.filter(holds, pk__in=known)[:limit])
    titles = newest.values_list("pk", "title")[: NEWEST // 10]
    scored = ((likeness.score(sought.words, (title,)), pk) for pk, title in titles)
    near = sorted(((score, pk) for score, pk in scored if score >= likeness.LIKE * likeness.ALIKE), reverse=True)
    return list(newest.filter(pk__in=[pk for _, pk in near[:limit]]))


def _score(row: Incident, sought: Sought) -> float:
    """An open incident is what most people look for, unless a slip is all they have; one long resolved is not.

    Titles begin with the name of a component: whoever misspelt that meant the component no less.
    """
    score = likeness.score(sought.words, (row.title,), inside=not sought.forgiving)
    if row.is_open:
        return score if sought.forgiving else score + 0.03
    return score - 0.1


def _hit(row: Incident, score: float) -> Hit:
    detail = f"P{row.severity}, {row.get_state_display().lower()}"
    return Hit(
        "incident",
        f"incident:{row.number}",
        f"{row.label} {row.title}",
        row.get_absolute_url(),
        "bell-ringing",
        detail,
        score,
    )
