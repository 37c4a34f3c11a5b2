"""Whether somebody gets the digest, their latest letter, and how a week's letters went."""

from collections.abc import Sequence
from datetime import date
from typing import TypedDict

from django.db.models import Case, Count, IntegerField, Q, When

from catalog.models import Person
from incidents.models import DigestChoice, DigestLetter

SHOWN_WEEKS = 8


class Sent(TypedDict):
    """How many letters of a week are in which state; `twice` may have arrived twice."""

    week: date
    sent: int
    twice: int
    waiting: int
    failed: int
    dropped: int


def wants_digest(person: Person) -> bool:
    """Whether they did not say that they want none."""
    return not DigestChoice.objects.filter(person=person, off_since__isnull=False).exists()


def latest_letter(person: Person) -> DigestLetter | None:
    """The newest that was tried, else the one that waits."""
    tried = Q(state__in=(DigestLetter.State.SENT, DigestLetter.State.FAILED))
    waits = Case(When(tried, then=0), default=1, output_field=IntegerField())
    return DigestLetter.objects.filter(person=person).order_by(waits, "-week").first()


def letters_by_week() -> Sequence[Sent]:
    """The last weeks, newest first."""
    state = DigestLetter.State
    counts = {
        "sent": Count("pk", filter=Q(state=state.SENT)),
        "twice": Count("pk", filter=Q(maybe_duplicate=True)),
        "waiting": Count("pk", filter=Q(state__in=(state.PENDING, state.LEASED))),
        "failed": Count("pk", filter=Q(state=state.FAILED)),
        "dropped": Count("pk", filter=Q(state=state.DROPPED)),
    }
    rows = DigestLetter.objects.order_by("-week").values("week").annotate(**counts)
    return [Sent(**one) for one in rows[:SHOWN_WEEKS]]  # type: ignore[typeddict-item]  # as annotated
