"""What stands directly beside a component: what it needs to work, and what needs it.

An API needs whoever provides it, so a provider stands among the needs of its API, and the API among those who need the
provider. Being part of something is no need. What is retired needs nothing any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, When

from catalog.models import Component, Dependency, Team
from catalog.queries.keyset import Page, page

Said = Dependency.Relation
BREAKING = (Said.DEPENDS_ON, Said.CONSUMES)
ORDER = ("other_ref", "pk")


# Each side's first few with how many there are, in one question, for the first screen
GLANCE = """
SELECT side, other_ref, relation, total, c.id, c.ref, c.kind, c.namespace, c.name, c.title, c.type, c.worst,
       c.owner_ref, t.ref, t.namespace, t.name, t.title
  FROM (
    SELECT edges.*, count(*) OVER (PARTITION BY side) AS total,
           row_number() OVER (PARTITION BY side ORDER BY other_ref COLLATE "C", id) AS place
      FROM (
        SELECT 'needs' AS side, target_id AS other_id, target_ref AS other_ref, relation, id
          FROM catalog_dependency WHERE holder_id = %(me)s AND relation IN ('dependsOn', 'consumesApi')
        UNION ALL
        SELECT 'needs', d.holder_id, d.holder_ref, d.relation, d.id
          FROM catalog_dependency d LEFT JOIN catalog_component c ON c.id = d.holder_id
         WHERE d.target_id = %(me)s AND d.relation = 'providesApi' AND c.retired_at IS NULL
        UNION ALL
        SELECT 'needed_by', d.holder_id, d.holder_ref, d.relation, d.id
          FROM catalog_dependency d LEFT JOIN catalog_component c ON c.id = d.holder_id
         WHERE d.target_id = %(me)s AND d.relation IN ('dependsOn', 'consumesApi') AND c.retired_at IS NULL
        UNION ALL
        SELECT 'needed_by', d.target_id, d.target_ref, d.relation, d.id
          FROM catalog_dependency d LEFT JOIN catalog_component c ON c.id = d.target_id
         WHERE d.holder_id = %(me)s AND d.relation = 'providesApi' AND c.retired_at IS NULL
        UNION ALL
        SELECT 'part_of', target_id, target_ref, relation, id
          FROM catalog_dependency WHERE holder_id = %(me)s AND relation = 'subcomponentOf'
      ) edges
) ranked LEFT JOIN catalog_component c ON c.id = ranked.other_id LEFT JOIN catalog_team t ON t.id = c.owner_id
 WHERE place <= %(most)s ORDER BY side, place
"""


SEEN = ("ref", "kind", "namespace", "name", "title", "type", "worst", "owner_ref")


@dataclass(frozen=True, slots=True)
class Beside:
    """One neighbour: `component` is None while nobody registered it; `relation` in words."""

    ref: str
    component: Component | None
    relation: str


@dataclass(frozen=True, slots=True)
class Side:
    """Neighbours by what they are called, or by reference where there are pages, and the cursors of those beside."""

    rows: tuple[Beside, ...]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are on each side."""

    needs: int
    needed_by: int


@dataclass(frozen=True, slots=True)
class Glance:
    """The first few of each side, and of what it is part of, with how many there are."""

    counts: Counts
    needs: tuple[Beside, ...]
    needed_by: tuple[Beside, ...]
    part_of: tuple[Beside, ...]


def glance(component: Component, *, most: int) -> Glance:
    """What stands beside it, at most `most` a side; one question however many there are."""
    with connection.cursor() as cursor:
        cursor.execute(GLANCE, {"me": component.pk, "most": most})
        rows = cursor.fetchall()
    found: dict[str, list[Beside]] = {"needs": [], "needed_by": [], "part_of": []}
    totals = {"needs": 0, "needed_by": 0}
    for side, ref, relation, total, *other in rows:
        found[side].append(Beside(ref, _seen(*other), str(Said(relation).label)))
        totals[side] = total
    sides = {side: tuple(sorted(some, key=_called)) for side, some in found.items()}
    return Glance(Counts(totals["needs"], totals["needed_by"]), **sides)


def _called(one: Beside) -> str:
    return (one.component.label if one.component else one.ref).casefold()


def _seen(pk: int | None, *told: str | int) -> Component | None:
    """A neighbour with as much of it as a glance shows, as GLANCE tells it."""
    if pk is None:
        return None
    component, (ref, namespace, name, title) = told[:8], told[8:]
    owner = Team(ref=ref, namespace=namespace, name=name, title=title) if ref else None
    return Component(pk=pk, owner=owner, **dict(zip(SEEN, component, strict=True)))


def neighbours(component: Component, *, needs: str = "", needed_by: str = "", size: int = 50) -> tuple[Side, Side]:
    """The page of what it needs at the cursor `needs`, and of what needs it; three questions for both."""
    left = page(_edges(component, _needs(component)), ORDER, cursor=needs, size=size)
    right = page(_edges(component, _needed_by(component)), ORDER, cursor=needed_by, size=size)
    there = _there(_other(component, edge) for edge in (*left.rows, *right.rows))

    def side(edges: Page[Dependency]) -> Side:
        rows = [_beside(component, edge, there.get(_other(component, edge) or 0)) for edge in edges.rows]
        if not edges.next and not edges.previous:  # all there are; pages follow each other by reference
            rows.sort(key=_called)
        return Side(tuple(rows), edges.next, edges.previous)

    return side(left), side(right)


def _there(ids: Iterable[int | None]) -> dict[int, Component]:
    wanted = {pk for pk in ids if pk is not None}
    rows = Component.objects.select_related("owner").defer("docs", "definition", "document")
    return rows.in_bulk(wanted) if wanted else {}


def _needs(component: Component) -> Q:
    provided = Q(target=component, relation=Said.PROVIDES, holder__retired_at=None)
    return Q(holder=component, relation__in=BREAKING) | provided


def _needed_by(component: Component) -> Q:
    dependents = Q(target=component, relation__in=BREAKING, holder__retired_at=None)
    return dependents | Q(holder=component, relation=Said.PROVIDES, target__retired_at=None)


def _edges(component: Component, wanted: Q) -> QuerySet[Dependency]:
    other = Case(When(holder=component, then=F("target_ref")), default=F("holder_ref"))
    return _touching(component).filter(wanted).annotate(other_ref=other)


def _touching(component: Component) -> QuerySet[Dependency]:
    """Said by itself, so that both indexes serve: the planner takes none for conditions that reach into joins."""
    return Dependency.objects.filter(Q(holder=component) | Q(target=component))


def _other(component: Component, edge: Dependency) -> int | None:
    return edge.target_id if edge.holder_id == component.pk else edge.holder_id


def _beside(component: Component, edge: Dependency, other: Component | None) -> Beside:
    ref = edge.target_ref if edge.holder_id == component.pk else edge.holder_ref
    return Beside(ref, other, edge.get_relation_display())
