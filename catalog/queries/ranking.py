"""How what was found is ranked and shown: by its names, whatever kind it is."""

from collections.abc import Iterable

from catalog import likeness
from catalog.models import Component, Domain, Person, System, Team
from catalog.registries import Hit, Sought
from catalog.things import address_of

ICONS = {"resource": "database", "api": "api", "group": "users", "user": "user", "system": "sitemap", "domain": "world"}


def best[E: Component | Team | System | Domain | Person](
    rows: Iterable[E], sought: Sought, limit: int
) -> list[tuple[E, float]]:
    """The `limit` that fit best, each with its score, best first; what is too unlike falls out."""
    scored = [(row, likeness.score(sought.words, (row.name, row.label), inside=not sought.forgiving)) for row in rows]
    fit = [one for one in scored if not sought.forgiving or one[1] >= likeness.LIKE * likeness.ALIKE]
    return sorted(fit, key=lambda one: -one[1])[:limit]


def hit(row: Component | Team | System | Domain | Person, kind: str, score: float, detail: str, **more: int) -> Hit:
    """As one search shows it."""
    icon = ICONS.get(row.ref.partition(":")[0], "box")
    return Hit(kind, row.ref, row.label, address_of(row), icon, detail[:120], score, **more)
