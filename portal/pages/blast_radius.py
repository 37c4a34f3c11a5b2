"""Everything that breaks when this breaks: by team, the nearest first, with the way it reaches each; and as a graph.

The list is whole: teams by the page, a team's components by the page, all at once as CSV. The graph draws the nearest.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from catalog import queries
from catalog.graph import BlastRadius, Hurt, blast_radius
from catalog.models import Component, Dependency, Membership, Person, Team
from catalog.registries import OnCall
from portal.lib.reading import readable
from portal.pages.catalog import worst_key
from portal.pages.dependency_graph import ICONS, owner_words

TEAMS, ROWS, ALONE, PEOPLE = 20, 8, 200, 5
SPARE = 2
"""A team has so many rows more rather than a link to so few."""
DRAWN = 150
NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """A component that breaks too: `way` leads from the broken one to it, both left out."""

    component: Component
    health: str
    depth: int
    way: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What one team loses, nearest first; `team` is None for what no team owns."""

    key: str
    team: Team | None
    rows: tuple[Row, ...]
    total: int
    depth: int
    people: tuple[Person, ...]
    people_total: int
    duty: OnCall | None

    @property
    def more(self) -> int:
        """How many of it are left out here."""
        return self.total - len(self.rows)

    @property
    def people_more(self) -> int:
        """How many of its people are left out here."""
        return self.people_total - len(self.people)


def facts(component: Component, radius: BlastRadius, request: HttpRequest, *, now: datetime) -> dict[str, object]:
    """The tab: `?team=` all of one team, `?from=` what comes after, `?view=graph` the drawing."""
    query = request.GET
    if query.get("view") == "graph":
        return {"view": "graph", **_drawing(component, radius)}
    by_team, one, start = _by_team(radius), query.get("team", "").replace("\x00", ""), _start(query)
    if one:
        only = _key_of(one)
        some = by_team.get(only, []) if only is not None or one == NOBODY else []
        shown, rows, after, left = {only: some} if some else {}, ALONE, start + ALONE, len(some)
    else:
        shown = dict(islice(by_team.items(), start, start + TEAMS))
        rows, after, left = ROWS, start + TEAMS, len(by_team)
    # with the component's own owner, for whom the page itself tells who is on call
    owners = {pk for pk in (component.owner_id, *shown) if pk is not None}
    duty = queries.on_call_now(owners, now=now, request=request)
    groups = _groups(radius, shown, duty, rows=rows, skip=start if one else 0, spare=0 if one else SPARE)
    return {
        "view": "list",
        "one_team": one,
        "groups": groups,
        "depth": max((hurt.depth for hurt in radius.components), default=0),
        "radius_next": _address(one, after) if after < left else "",
        "radius_previous": _address(one, max(0, start - (ALONE if one else TEAMS))) if start else "",
        "csv": _csv_of(component),
    }


@readable
def download(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """All of it as CSV."""
    component = queries.component_by_ref(f"{kind}:{namespace}/{name}")
    radius = blast_radius(component.pk)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="blast-radius-{component.name}.csv"'
    ids = [component.pk, *(hurt.component_id for hurt in radius.components)]
    there = Component.objects.only("ref", "title", "name", "tier", "owner_ref", "worst").in_bulk(ids)
    sheet = csv.writer(answer)
    sheet.writerow(["depth", "component", "title", "owner", "tier", "health", "path"])
    paths = radius.paths()
    for hurt in radius.components:
        row = there[hurt.component_id]
        path = " > ".join(there[step].ref for step in paths[hurt.component_id])
        sheet.writerow([hurt.depth, row.ref, _harmless(row.label), row.owner_ref, row.tier, worst_key(row.worst), path])
    return answer


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _key_of(ref: str) -> int | None:
    """The key of the team a `?team=` names; None for what no team owns, and for no team of that name."""
    return Team.objects.filter(ref=ref).values_list("pk", flat=True).first()


def _by_team(radius: BlastRadius) -> dict[int | None, list[Hurt]]:
    """Nearest first, among those whoever loses most; what no team owns at the end."""
    found: dict[int | None, list[Hurt]] = {}
    for hurt in radius.components:  # nearest first already
        found.setdefault(hurt.owner_id, []).append(hurt)

    def place(item: tuple[int | None, list[Hurt]]) -> tuple[bool, int, int, int]:
        owner, some = item
        return owner is None, some[0].depth, -len(some), owner or 0

    return dict(sorted(found.items(), key=place))


def _groups(
    radius: BlastRadius,
    by_team: Mapping[int | None, Sequence[Hurt]],
    duty: Mapping[int, OnCall],
    *,
    rows: int,
    skip: int = 0,
    spare: int = 0,
) -> list[Group]:
    most = {pk: rows + spare if len(some) <= rows + spare else rows for pk, some in by_team.items()}
    shown = {pk: some[skip : skip + most[pk]] for pk, some in by_team.items()}
    via = {hurt.component_id: hurt.via for hurt in radius.components}
    ways = {hurt.component_id: _way(hurt, via) for some in shown.values() for hurt in some}
    there = _components({step for pk, way in ways.items() for step in (pk, *way)}).in_bulk()
    ids = [pk for pk in by_team if pk is not None]
    teams = Team.objects.in_bulk(ids)
    people = _people(ids)

    def row(hurt: Hurt) -> Row:
        found = there[hurt.component_id]
        way = tuple(there[step] for step in ways[hurt.component_id])
        return Row(found, worst_key(found.worst), hurt.depth, way)

    def group(pk: int | None, some: Sequence[Hurt]) -> Group:
        team, inside = (teams[pk], people.get(pk, [])) if pk is not None else (None, [])
        return Group(
            key=team.ref if team else NOBODY,
            team=team,
            rows=tuple(row(hurt) for hurt in shown[pk]),
            total=len(some) - skip,
            depth=some[0].depth,
            people=tuple(inside[:PEOPLE]),
            people_total=len(inside),
            duty=duty.get(pk) if pk is not None else None,
        )

    return [group(pk, some) for pk, some in by_team.items()]


def _way(hurt: Hurt, via: Mapping[int, int]) -> tuple[int, ...]:
    """The components between the broken one and this, in order."""
    way = []
    step = hurt.via
    while step in via:
        way.append(step)
        step = via[step]
    return tuple(reversed(way))


def _people(team_ids: Sequence[int]) -> dict[int, list[Person]]:
    found: dict[int, list[Person]] = {}
    rows = Membership.objects.filter(team__in=team_ids, person__isnull=False).select_related("person")
    for row in rows.order_by("role", "person_ref"):
        if row.team_id is not None and row.person is not None:
            found.setdefault(row.team_id, []).append(row.person)
    return found


def _components(ids: Iterable[int]) -> QuerySet[Component]:
    columns = ("ref", "kind", "namespace", "name", "title", "type", "tier", "worst", "owner_ref", "owner")
    return (
        Component.objects.filter(pk__in=list(ids))
        .select_related("owner")
        .only(*columns, "owner__name", "owner__title", "owner__namespace")
    )


def _drawing(component: Component, radius: BlastRadius) -> dict[str, object]:
    """The nearest as nodes, with every dependency among them as an edge from what breaks to what breaks with it."""
    nearest = list(islice(radius.components, DRAWN - 1))
    depths = {component.pk: 0, **{hurt.component_id: hurt.depth for hurt in nearest}}
    there = _components(depths).in_bulk()
    rows = [Row(there[pk], worst_key(there[pk].worst), depth, ()) for pk, depth in depths.items() if pk in there]
    return {
        "drawn": rows,
        "left_out": len(radius.components) - len(nearest),
        "figure": {"nodes": [_node(row) for row in rows], "edges": _edges(depths)},
    }


def _node(row: Row) -> dict[str, object]:
    return {
        "id": row.component.pk,
        "label": row.component.label,
        "sub": _of(row.component),
        "url": row.component.get_absolute_url(),
        "health": row.health if row.health in ICONS else "none",
        "self": row.depth == 0,
    }


def _of(component: Component) -> str:
    """Whose it is, and of what kind where it is no component: an API is often named as what provides it is."""
    owner = owner_words(component)
    if component.kind == Component.Kind.COMPONENT:
        return owner
    return f"{component.get_kind_display()} · {owner}" if owner else component.get_kind_display()


def _edges(depths: Mapping[int, int]) -> list[tuple[int, int]]:
    inside = Dependency.objects.filter(holder__in=depths, target__in=depths).order_by()
    found = set()
    for holder, relation, target in inside.values_list("holder", "relation", "target"):
        if relation != Dependency.Relation.PART_OF and holder is not None and target is not None:
            found.add((holder, target) if relation == Dependency.Relation.PROVIDES else (target, holder))
    return sorted(edge for edge in found if depths[edge[1]])  # what leads back into the broken one is no news


def _start(query: QueryDict) -> int:
    given = query.get("from", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 0


def _address(team: str, start: int) -> str:
    asked = {"tab": "blast-radius", "team": team, "from": start or ""}
    return f"?{urlencode({key: value for key, value in asked.items() if value})}"


def _csv_of(component: Component) -> str:
    return reverse("catalog:blast-radius-csv", args=[component.kind, component.namespace, component.name])
