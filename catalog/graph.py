"""Blast radius: everything that breaks when this breaks, and whose it is.

A holder breaks with what it depends on and with the APIs it consumes; an API breaks with the component that provides
it. Being a part of something says where a thing belongs, not that the whole stops with it. Retired things don't break.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models.expressions import RawSQL

# One recursive walk over keys alone (UNION drops what was seen, so cycles end and diamonds are walked once), each step
# from two indexes that hold nothing else. Then the edges, and the components by name, each asked for by one array of
# keys, which an index is read along for; and answered as arrays, for a row for each would cost more than finding it.
# Depth and path come from the edges, in memory, and so does what only retired things would pass on: to look at every
# component on the way costs more than all the rest, and of the retired hardly anything depends on what lives.
WALK = """
WITH RECURSIVE reach(id) AS (
    SELECT %(start)s::bigint
    UNION
    SELECT next.hurt FROM reach CROSS JOIN LATERAL (
        SELECT d.holder_id AS hurt FROM catalog_dependency d
         WHERE d.target_id = reach.id AND d.relation IN ('dependsOn', 'consumesApi')
        UNION ALL
        SELECT d.target_id FROM catalog_dependency d
         WHERE d.holder_id = reach.id AND d.relation = 'providesApi' AND d.target_id IS NOT NULL
    ) next {living}
), reached AS MATERIALIZED (
    SELECT ARRAY(SELECT id FROM reach LIMIT %(most)s) AS ids
), edge AS (
    SELECT d.target_id AS broken, d.holder_id AS hurt FROM catalog_dependency d
     WHERE d.target_id = ANY((SELECT ids FROM reached)::bigint[]) AND d.relation IN ('dependsOn', 'consumesApi')
    UNION ALL
    SELECT d.holder_id, d.target_id FROM catalog_dependency d
     WHERE d.holder_id = ANY((SELECT ids FROM reached)::bigint[]) AND d.relation = 'providesApi'
       AND d.target_id IS NOT NULL
), alive AS MATERIALIZED (
    SELECT id, owner_id, called FROM catalog_component
     WHERE id = ANY((SELECT ids FROM reached)::bigint[]) AND (retired_at IS NULL OR id = %(start)s)
)
SELECT edges.broken, edges.hurt, living.ids, living.owners,
       (SELECT count(DISTINCT person_ref) FROM catalog_membership
         WHERE team_id = ANY(ARRAY(SELECT DISTINCT owner_id FROM alive WHERE id <> %(start)s)))
  FROM (SELECT array_agg(broken) AS broken, array_agg(hurt) AS hurt FROM edge) edges,
       (SELECT array_agg(id) AS ids, array_agg(owner_id) AS owners
          FROM (SELECT id, owner_id FROM alive ORDER BY called, id) ordered) living
"""
WHOLE = WALK.format(living="")
# Where the walk is to stop early, what it stops at must be alive
NARROW = WALK.format(living="JOIN catalog_component c ON c.id = next.hurt AND c.retired_at IS NULL")
PEOPLE = "SELECT count(DISTINCT person_ref) FROM catalog_membership WHERE team_id = ANY(%s::bigint[])"


# The other way: what it breaks with. A few steps upwards, as a thing depends on little.
ABOVE = """
WITH RECURSIVE cause(id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT c.id FROM cause CROSS JOIN LATERAL (
        SELECT d.target_id AS breaks FROM catalog_dependency d
         WHERE d.holder_id = cause.id AND d.relation IN ('dependsOn', 'consumesApi') AND d.target_id IS NOT NULL
        UNION ALL
        SELECT d.holder_id FROM catalog_dependency d WHERE d.target_id = cause.id AND d.relation = 'providesApi'
    ) next JOIN catalog_component c ON c.id = next.breaks AND c.retired_at IS NULL
)
SELECT id FROM cause
"""
# The same for each of many by itself, told by what is broken; few are asked for, those of some teams.
WAITING = """
WITH RECURSIVE cause(waits, id) AS (
    SELECT asked, asked FROM unnest(%(among)s::bigint[]) AS asked
    UNION
    SELECT cause.waits, c.id FROM cause CROSS JOIN LATERAL (
        SELECT d.target_id AS breaks FROM catalog_dependency d
         WHERE d.holder_id = cause.id AND d.relation IN ('dependsOn', 'consumesApi') AND d.target_id IS NOT NULL
        UNION ALL
        SELECT d.holder_id FROM catalog_dependency d WHERE d.target_id = cause.id AND d.relation = 'providesApi'
    ) next JOIN catalog_component c ON c.id = next.breaks AND c.retired_at IS NULL
)
SELECT id, array_agg(waits) FROM cause WHERE id = ANY(%(broken)s) AND id <> waits GROUP BY id
"""
UPWARDS = f"SELECT array_agg(id) FROM ({ABOVE}) above"  # noqa: S608  # names of our own


# Which of many break nothing and depend on nothing: most of them, and then nobody need walk.
PLACES = """
SELECT asked.id,
       EXISTS (SELECT FROM catalog_dependency d WHERE d.holder_id = asked.id AND d.target_id IS NOT NULL
                                                  AND d.relation IN ('dependsOn', 'consumesApi'))
       OR EXISTS (SELECT FROM catalog_dependency d WHERE d.target_id = asked.id AND d.relation = 'providesApi'),
       EXISTS (SELECT FROM catalog_dependency d WHERE d.target_id = asked.id
                                                  AND d.relation IN ('dependsOn', 'consumesApi'))
       OR EXISTS (SELECT FROM catalog_dependency d WHERE d.holder_id = asked.id AND d.target_id IS NOT NULL
                                                     AND d.relation = 'providesApi')
  FROM unnest(%(ids)s::bigint[]) AS asked(id)
"""


class Place(NamedTuple):
    """Whether a component breaks with something, and whether something breaks with it."""

    depends: bool
    breaks: bool


class Hurt(NamedTuple):
    """A component that breaks too: `depth` steps away, by way of `via` (the id of the one before it)."""

    component_id: int
    depth: int
    via: int
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """Nearest first, then by title; `team_ids` own them; `people_count` are in those teams, each counted once."""

    component_id: int
    components: tuple[Hurt, ...]
    team_ids: tuple[int, ...]
    people_count: int

    def paths(self) -> dict[int, tuple[int, ...]]:
        """By hurt component the ids from the broken one to it, both included: one shortest way each."""
        found: dict[int, tuple[int, ...]] = {self.component_id: (self.component_id,)}
        for hurt in self.components:  # nearest first, so the one before it is there already
            found[hurt.component_id] = (*found[hurt.via], hurt.component_id)
        return found


def blast_radius(component_id: int) -> BlastRadius:
    """What breaks, directly or not, when this component breaks.

    One query, and one more where what is retired stands between; linear in the edges met; cycle-safe.
    """
    return _told(component_id, _walked(WHOLE, component_id))


def upstream(component_id: int) -> frozenset[int]:
    """Ids of all that break this component when they break: its blast radius seen from the other end. One query."""
    with connection.cursor() as cursor:
        cursor.execute(UPWARDS, [[component_id]])
        (found,) = cursor.fetchone()
    return frozenset(found or ()) - {component_id}


def waiting_for(broken: Collection[int], *, among: Collection[int]) -> dict[int, frozenset[int]]:
    """By each of `broken` that breaks some of `among`: which. A component is not told to wait for itself. One query."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"broken": list(broken), "among": list(among)})
        return {component: frozenset(waits) for component, waits in cursor.fetchall()}


def upstream_ids(component_id: int) -> RawSQL:
    """As `upstream`, the component itself included, for use within another query."""
    return RawSQL(ABOVE, [[component_id]])  # noqa: S611  # a text of our own


def places(component_ids: Collection[int]) -> dict[int, Place]:
    """By component where it stands; one query for all."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, {"ids": list(component_ids)})
        return {pk: Place(depends, breaks) for pk, depends, breaks in cursor.fetchall()}


def narrow_blast_radius(component_id: int, *, most: int) -> BlastRadius | None:
    """As `blast_radius`, but None where `most` or more would break: then this costs little, and the whole may wait."""
    found = _told(component_id, _walked(NARROW, component_id, most=most))
    # the walk stopped at `most`, the start included
    return found if len(found.components) < most - 1 else None


@dataclass(frozen=True, slots=True)
class Walked:
    """By component those it breaks; by living component, in the order of their titles, who owns it; their people."""

    after: Mapping[int, Sequence[int]]
    owners: Mapping[int, int | None]
    people_count: int


def _told(component_id: int, walked: Walked) -> BlastRadius:
    hurt = _nearest_first(component_id, walked.after, walked.owners)
    team_ids = tuple(sorted({h.owner_id for h in hurt if h.owner_id is not None}))
    # what only the retired pass on was met, but does not break
    all_hurt = len(hurt) == len(walked.owners) - (component_id in walked.owners)
    return BlastRadius(component_id, hurt, team_ids, walked.people_count if all_hurt else _people_count(team_ids))


def _people_count(team_ids: Sequence[int]) -> int:
    if not team_ids:
        return 0
    with connection.cursor() as cursor:
        # as text: thousands of parameters written one by one take longer than the count
        cursor.execute(PEOPLE, [f"{{{','.join(map(str, team_ids))}}}"])
        (count,) = cursor.fetchone()
    return int(count)


def _walked(walk: str, start: int, *, most: int | None = None) -> Walked:
    with connection.cursor() as cursor:
        cursor.execute(walk, {"start": start, "most": most})
        broken, hurt, living, owners, people_count = cursor.fetchone()
    after: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in zip(broken or (), hurt or (), strict=True):
        after[one].append(other)
    return Walked(after, dict(zip(living or (), owners or (), strict=True)), people_count)


def _nearest_first(
    start: int, after: Mapping[int, Sequence[int]], owners: Mapping[int, int | None]
) -> tuple[Hurt, ...]:
    place = {component: n for n, component in enumerate(owners)}
    found: list[Hurt] = []
    seen, level, depth = {start}, [start], 0
    while level:
        depth += 1
        via: dict[int, int] = {}
        for broken in level:
            for hurt in after.get(broken, ()):
                if hurt not in seen and hurt in place:
                    seen.add(hurt)
                    via[hurt] = broken
        level = sorted(via, key=place.__getitem__)
        found += [Hurt(hurt, depth, via[hurt], owners[hurt]) for hurt in level]
    return tuple(found)
