"""What readers keep for themselves."""

from django.db.models import OuterRef, Q, QuerySet, Subquery

from catalog.models import Component, Membership, Person, SavedView, Star, Visit


def stars_of(person: Person) -> QuerySet[Star]:
    """What somebody starred, by title, each with `worst`: the health of the component it is, None for other things."""
    worst = Component.objects.filter(ref=OuterRef("ref")).values("worst")[:1]
    return Star.objects.filter(person=person).annotate(worst=Subquery(worst))


def starred_by(person: Person | None, ref: str) -> bool:
    """Whether somebody starred it."""
    return person is not None and Star.objects.filter(person=person, ref=ref).exists()


def visits_of(person: Person) -> QuerySet[Visit]:
    """What somebody looked at lately, newest first."""
    return Visit.objects.filter(person=person)


def views_for(person: Person, page: str = "catalog") -> QuerySet[SavedView]:
    """The views somebody saved, and those shared with a team of theirs, by name."""
    teams = Membership.objects.filter(person=person, team__isnull=False).values("team")
    rows = SavedView.objects.filter(Q(person=person) | Q(team__in=teams), page=page)
    return rows.select_related("person", "team")
