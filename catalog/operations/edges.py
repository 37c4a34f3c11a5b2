"""What entities name of each other, written for many at once: one statement each, whatever their number.

A relation is one row however many sides say it; it goes when neither does any more. What it names need not be there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import connection

from catalog.models import Dependency
from catalog.specs import ComponentSpec
from portal.lib.records import text_array

type Edge = tuple[str, str, str]
"""Holder, relation, target, by reference."""

Relation = Dependency.Relation

# Two who take back the two sides of one edge would each see the other's still said; and row by row, as each statement
# comes by them, they could wait for each other. So what is to be touched is locked first, all in one order.
TOUCHED = """
SELECT FROM catalog_dependency WHERE id IN (
    SELECT d.id FROM catalog_dependency d
     WHERE d.holder_ref = ANY(%(old)s) AND d.by_holder AND NOT EXISTS (
           SELECT FROM unnest(%(own_relations)s::text[], %(own_holders)s::text[], %(own_targets)s::text[])
                    AS w(relation, holder, target)
            WHERE w.holder = d.holder_ref AND w.relation = d.relation AND w.target = d.target_ref)
    UNION
    SELECT d.id FROM catalog_dependency d
     WHERE d.target_ref = ANY(%(old)s) AND d.by_target AND NOT EXISTS (
           SELECT FROM unnest(%(of_relations)s::text[], %(of_holders)s::text[], %(of_targets)s::text[])
                    AS w(relation, holder, target)
            WHERE w.holder = d.holder_ref AND w.relation = d.relation AND w.target = d.target_ref)
) ORDER BY id FOR UPDATE
"""
UNSAID = """
WITH gone AS (
    SELECT d.id, d.{other} AS stays FROM catalog_dependency d
     WHERE d.{end} = ANY(%(refs)s) AND d.{side}
       AND NOT EXISTS (
           SELECT FROM unnest(%(holders)s::text[], %(relations)s::text[], %(targets)s::text[])
                    AS w(holder, relation, target)
            WHERE w.holder = d.holder_ref AND w.relation = d.relation AND w.target = d.target_ref)
), kept AS (
    UPDATE catalog_dependency d SET {side} = false FROM gone WHERE gone.id = d.id AND gone.stays
)
DELETE FROM catalog_dependency d USING gone WHERE gone.id = d.id AND NOT gone.stays
"""
SAID = """
INSERT INTO catalog_dependency AS d (holder_ref, holder_id, relation, target_ref, target_id, by_holder, by_target)
SELECT w.holder, {holder}, w.relation, w.target, {target}, %(by_holder)s, %(by_target)s
  FROM unnest(%(holders)s::text[], %(relations)s::text[], %(targets)s::text[], %(sayers)s::bigint[])
       AS w(holder, relation, target, sayer)
  LEFT JOIN catalog_component other ON other.ref = w.{other}
 ORDER BY w.holder, w.relation, w.target
    ON CONFLICT (holder_ref, relation, target_ref)
    DO UPDATE SET by_holder = d.by_holder OR EXCLUDED.by_holder, by_target = d.by_target OR EXCLUDED.by_target
 WHERE (d.by_holder, d.by_target) <> (d.by_holder OR EXCLUDED.by_holder, d.by_target OR EXCLUDED.by_target)
"""
APPEARED = """
UPDATE catalog_dependency d SET {end}_id = c.id FROM catalog_component c
 WHERE c.ref = d.{end}_ref AND d.{end}_ref = ANY(%(refs)s) AND d.{end}_id IS NULL
"""
NO_RESPONDERS = """
DELETE FROM catalog_responder r USING catalog_component c
 WHERE c.id = r.component_id AND c.ref = ANY(%(refs)s)
   AND NOT EXISTS (SELECT FROM unnest(%(holders)s::text[], %(targets)s::text[]) AS w(holder, target)
                    WHERE w.holder = c.ref AND w.target = r.team_ref)
"""
RESPONDERS = """
INSERT INTO catalog_responder (component_id, team_ref, team_id)
SELECT c.id, w.target, t.id
  FROM unnest(%(holders)s::text[], %(targets)s::text[]) AS w(holder, target)
  JOIN catalog_component c ON c.ref = w.holder
  LEFT JOIN catalog_team t ON t.ref = w.target
 ORDER BY c.id, w.target
    ON CONFLICT (component_id, team_ref) DO NOTHING
"""


def restate(specs: Sequence[ComponentSpec], *, ids: Mapping[str, int], new: Collection[str]) -> None:
    """Make relations and responders what `specs` say, whose `ids` are told; of `new` ones nothing is to take back."""
    old = [spec.ref for spec in specs if spec.ref not in new]
    own = [edge for spec in specs for edge in _own(spec)]
    of_it = [(holder, str(Relation.DEPENDS_ON), spec.ref) for spec in specs for holder in spec.dependency_of]
    _lock_unsaid(old, own, of_it)
    _unsay(old, own, end="holder_ref", side="by_holder", other="by_target")
    _unsay(old, of_it, end="target_ref", side="by_target", other="by_holder")
    _say(own, [ids[holder] for holder, _, _ in own], by_holder=True)
    _say(of_it, [ids[target] for _, _, target in of_it], by_holder=False)
    _answer_for(specs, old)


def withdraw(ref: str) -> None:
    """The component of that name says nothing any more; what others say of it stays, and dangles."""
    said_by = Dependency.objects.filter(holder_ref=ref)
    said_by.filter(by_target=False).delete()
    said_by.update(by_holder=False, holder=None)
    said_of = Dependency.objects.filter(target_ref=ref)
    said_of.filter(by_holder=False).delete()
    said_of.update(by_target=False, target=None)


def join_components(refs: Collection[str]) -> None:
    """Point at new components what has been naming them."""
    with connection.cursor() as cursor:
        for end in ("holder", "target"):
            cursor.execute(APPEARED.format(end=end), {"refs": list(refs)})


def _own(spec: ComponentSpec) -> Iterable[Edge]:
    yield from ((spec.ref, str(Relation.DEPENDS_ON), ref) for ref in spec.depends_on)
    yield from ((spec.ref, str(Relation.PROVIDES), ref) for ref in spec.provides_apis)
    yield from ((spec.ref, str(Relation.CONSUMES), ref) for ref in spec.consumes_apis)
    if spec.subcomponent_of:
        yield spec.ref, str(Relation.PART_OF), spec.subcomponent_of


def _lock_unsaid(refs: list[str], own: Sequence[Edge], of_it: Sequence[Edge]) -> None:
    if not refs:
        return
    sides = (("own", own), ("of", of_it))
    arrays = {f"{side}_{name}": said for side, edges in sides for name, said in _arrays(edges).items()}
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, {"old": refs, **arrays})


def _unsay(refs: list[str], wanted: Sequence[Edge], *, end: str, side: str, other: str) -> None:
    if not refs:
        return
    with connection.cursor() as cursor:
        cursor.execute(UNSAID.format(end=end, side=side, other=other), {"refs": refs, **_arrays(wanted)})


def _say(edges: Sequence[Edge], sayers: list[int], *, by_holder: bool) -> None:
    """`sayers` are the ids of those who say it, the holder of each edge or its target."""
    if not edges:
        return
    ends = ("w.sayer", "other.id", "target") if by_holder else ("other.id", "w.sayer", "holder")
    said = SAID.format(**dict(zip(("holder", "target", "other"), ends, strict=True)))
    with connection.cursor() as cursor:
        cursor.execute(said, {**_arrays(edges), "sayers": sayers, "by_holder": by_holder, "by_target": not by_holder})


def _answer_for(specs: Sequence[ComponentSpec], old: list[str]) -> None:
    wanted = [(spec.ref, "", team) for spec in specs for team in spec.responders]
    arrays = _arrays(wanted)
    with connection.cursor() as cursor:
        if old:
            cursor.execute(NO_RESPONDERS, {"refs": old, **arrays})
        if wanted:
            cursor.execute(RESPONDERS, arrays)


def _arrays(edges: Sequence[Edge]) -> Mapping[str, str]:
    columns = zip(*edges, strict=True) if edges else ((), (), ())
    return {name: text_array(said) for name, said in zip(("holders", "relations", "targets"), columns, strict=True)}
