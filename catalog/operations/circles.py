"""Nothing is above itself: teams, domains and components that others are a part of make no circle.

Looked at when what is above something changes; a circle that is there already stays until then.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from catalog.leniency import lenient, refusing
from catalog.models import Dependency
from catalog.specs import ComponentSpec, DomainSpec, TeamSpec
from portal.lib.errors import FieldError, Invalid

DEEPEST = 200
"""Steps that are looked at."""

UP_FROM = """
WITH RECURSIVE said (low, high) AS ({said}), up (ref, path) AS (
    SELECT start, ARRAY[start] FROM unnest(%(starts)s::text[]) AS start
    UNION ALL
    SELECT said.high, up.path || said.high FROM up JOIN said ON said.low = up.ref
     WHERE up.ref <> ALL(%(ends)s::text[]) AND said.high <> ALL(up.path) AND cardinality(up.path) < %(deepest)s
)
SELECT path FROM up WHERE ref = ANY(%(ends)s::text[]) ORDER BY cardinality(path), path LIMIT 1
"""
OF_TEAMS = """
SELECT ref::text, parent_ref::text FROM catalog_team WHERE parent_ref <> '' AND ref <> %(own)s
UNION ALL SELECT unnest(children_refs)::text, ref::text FROM catalog_team WHERE ref <> %(own)s
"""
OF_DOMAINS = "SELECT ref::text, parent_ref::text FROM catalog_domain WHERE parent_ref <> '' AND ref <> %(own)s"
NAMING = "SELECT ref FROM catalog_team WHERE children_refs @> ARRAY[%(own)s]::varchar[] AND ref <> %(own)s"
PARTS = """
WITH RECURSIVE up (holder, target) AS (
    SELECT holder_ref, target_ref FROM catalog_dependency WHERE relation = %(part)s AND holder_ref = ANY(%(starts)s)
    UNION
    SELECT d.holder_ref, d.target_ref FROM catalog_dependency d JOIN up ON d.holder_ref = up.target
     WHERE d.relation = %(part)s
)
SELECT holder, target FROM up
"""


def refuse_team(spec: TeamSpec, before: TeamSpec) -> None:
    """Raise Invalid where the team would be above itself by its parent or its children."""
    if lenient() or (spec.parent == before.parent and set(spec.children) <= set(before.children)):
        return
    with connection.cursor() as cursor:
        cursor.execute(NAMING, {"own": spec.ref})
        named_by = [ref for (ref,) in cursor.fetchall()]
    starts = [spec.parent, *named_by] if spec.parent else named_by
    if path := _up(OF_TEAMS, starts, ends=[spec.ref, *spec.children], own=spec.ref):
        field = "parent" if path[0] == spec.parent and spec.parent != before.parent else "children"
        raise _circle(field, [spec.ref, *path], "team")


def refuse_domain(spec: DomainSpec, before: DomainSpec) -> None:
    """Raise Invalid where the domain would be a part of itself."""
    if lenient() or not spec.parent or spec.parent == before.parent:
        return
    if path := _up(OF_DOMAINS, [spec.parent], ends=[spec.ref], own=spec.ref):
        raise _circle("parent", [spec.ref, *path], "domain")


def circles_of_parts(specs: Sequence[ComponentSpec]) -> Mapping[str, Invalid]:
    """By reference why a component would be a part of itself; `specs` are those that say anew what they are part of."""
    starts = [spec.subcomponent_of for spec in specs if spec.subcomponent_of]
    if not starts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"starts": starts, "part": str(Dependency.Relation.PART_OF)})
        above: dict[str, str] = dict(cursor.fetchall())
    for spec in specs:
        above.pop(spec.ref, None)
    found: dict[str, Invalid] = {}
    for spec in specs:
        path = [spec.ref]
        while (following := above.get(path[-1]) if len(path) > 1 else spec.subcomponent_of) and following not in path:
            path.append(following)
        circle = _circle("subcomponent_of", [*path, spec.ref], "component") if following == spec.ref else None
        if circle is not None and refusing(circle.errors, ref=spec.ref):
            found[spec.ref] = circle
        elif spec.subcomponent_of:
            above[spec.ref] = spec.subcomponent_of
    return found


def _up(said: str, starts: Sequence[str], *, ends: Sequence[str], own: str) -> list[str]:
    """The shortest way up from one of `starts` to one of `ends`, both among it; empty where there is none."""
    given: dict[str, Any] = {"starts": list(starts), "ends": list(ends), "own": own, "deepest": DEEPEST}
    with connection.cursor() as cursor:
        cursor.execute(UP_FROM.format(said=said), given)
        row: tuple[list[str]] | None = cursor.fetchone()
    return row[0] if row else []


def circles_of(specs: Collection[TeamSpec | DomainSpec]) -> Iterator[tuple[str, FieldError]]:
    """By reference why a team or a domain, as it was written, is above itself; one question for each kind."""
    for kind, said, word in ((TeamSpec, OF_TEAMS, "team"), (DomainSpec, OF_DOMAINS, "domain")):
        wanted = [spec for spec in specs if isinstance(spec, kind)]
        if not any(spec.parent or getattr(spec, "children", ()) for spec in wanted):
            continue
        above: dict[str, list[str]] = {}
        with connection.cursor() as cursor:
            cursor.execute(said, {"own": ""})
            for low, high in cursor.fetchall():
                above.setdefault(low, []).append(high)
        for spec in wanted:
            if path := _round(above, spec.ref):
                field = "parent" if path[1] == spec.parent else "children"
                yield spec.ref, _circle(field, path, word).errors[0]


def _round(above: Mapping[str, Sequence[str]], ref: str) -> list[str]:
    """A way up from `ref` to itself, both ends included; empty where there is none."""
    ways, seen = [[ref]], {ref}
    while ways:
        way = ways.pop(0)
        for high in above.get(way[-1], ()):
            if high == ref:
                return [*way, ref]
            if high not in seen:
                seen.add(high)
                ways.append([*way, high])
    return []


def _circle(field: str, path: Sequence[str], word: str) -> Invalid:
    shown = path if path[-1] == path[0] else [*path, path[0]]
    way = " is below ".join(shown if len(shown) < 8 else [*shown[:4], "…", *shown[-2:]])
    message = f"This would go round in a circle: {way}. Choose another {word}, or leave it empty."
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "circle", message),))
