"""Relations from both sides, of any kind, dangling ones too: by reference, so also of what nobody registered.

Each relation is kept once, by whoever says it; what the other side calls it is told here. Things that are retired say
nothing any more to what they name, but are shown where something still names them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, TextField, Value

from catalog.manifest import INVERSE
from catalog.models import Component, Domain, Person, System, Team

# One walk over every place where a relation is kept, seen from this reference; `type` as catalog.manifest names it
SIDES = """
SELECT 'ownedBy' AS type, owner_ref AS target FROM catalog_component WHERE ref = %(ref)s AND owner_ref <> ''
UNION SELECT 'ownedBy', owner_ref FROM catalog_system WHERE ref = %(ref)s AND owner_ref <> ''
UNION SELECT 'ownedBy', owner_ref FROM catalog_domain WHERE ref = %(ref)s AND owner_ref <> ''
UNION SELECT 'ownerOf', ref FROM catalog_component WHERE owner_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'ownerOf', ref FROM catalog_system WHERE owner_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'ownerOf', ref FROM catalog_domain WHERE owner_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'partOf', system_ref FROM catalog_component WHERE ref = %(ref)s AND system_ref <> ''
UNION SELECT 'partOf', domain_ref FROM catalog_system WHERE ref = %(ref)s AND domain_ref <> ''
UNION SELECT 'partOf', parent_ref FROM catalog_domain WHERE ref = %(ref)s AND parent_ref <> ''
UNION SELECT 'hasPart', ref FROM catalog_component WHERE system_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'hasPart', ref FROM catalog_system WHERE domain_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'hasPart', ref FROM catalog_domain WHERE parent_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'childOf', parent_ref FROM catalog_team WHERE ref = %(ref)s AND parent_ref <> ''
UNION SELECT 'childOf', ref FROM catalog_team WHERE children_refs @> ARRAY[%(ref)s]::varchar[] AND retired_at IS NULL
UNION SELECT 'parentOf', ref FROM catalog_team WHERE parent_ref = %(ref)s AND retired_at IS NULL
UNION SELECT 'parentOf', unnest(children_refs) FROM catalog_team WHERE ref = %(ref)s
UNION SELECT 'memberOf', m.team_ref FROM catalog_membership m LEFT JOIN catalog_team t ON t.id = m.team_id
       WHERE m.person_ref = %(ref)s AND t.retired_at IS NULL
UNION SELECT 'hasMember', m.person_ref FROM catalog_membership m WHERE m.team_ref = %(ref)s
UNION SELECT CASE relation WHEN 'subcomponentOf' THEN 'partOf' ELSE relation END, target_ref
        FROM catalog_dependency WHERE holder_ref = %(ref)s
UNION SELECT CASE d.relation WHEN 'subcomponentOf' THEN 'hasPart' WHEN 'providesApi' THEN 'apiProvidedBy'
                             WHEN 'consumesApi' THEN 'apiConsumedBy' ELSE 'dependencyOf' END, d.holder_ref
        FROM catalog_dependency d LEFT JOIN catalog_component c ON c.id = d.holder_id
       WHERE d.target_ref = %(ref)s AND c.retired_at IS NULL
"""
PAGE = f"""
SELECT type, target FROM ({SIDES}) found
 WHERE type = ANY(%(types)s::text[]) AND (type COLLATE "C", target COLLATE "C") > (%(after_type)s, %(after_target)s)
 ORDER BY type COLLATE "C", target COLLATE "C" LIMIT %(most)s
"""  # noqa: S608  # both texts are ours
type Kind = Component | System | Domain | Team | Person
KINDS: Mapping[str, type[Kind]] = {
    **dict.fromkeys(Component.Kind.values, Component),
    "system": System,
    "domain": Domain,
    "group": Team,
    "user": Person,
}
"""Which table a kind of reference lives in."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that is there, as a link."""

    label: str
    url: str
    retired: bool

    def get_absolute_url(self) -> str:
        """Its page."""
        return self.url


@dataclass(frozen=True, slots=True)
class Relation:
    """This thing is `type` (`ownedBy`) of `target_ref`; `target` is None while nobody registered that."""

    type: str
    target_ref: str
    target: Named | None


def relations_of(
    ref: str, *, types: Collection[str] = (), after: tuple[str, str] = ("", ""), most: int | None = None
) -> list[Relation]:
    """What `ref` has to do with others, by type and reference; two questions.

    `types` are those wanted, all without; `after` is where the last page ended.
    """
    said = {
        "ref": ref.lower(),
        "types": list(types) or list(INVERSE),
        "after_type": after[0],
        "after_target": after[1],
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(PAGE, said)
        rows: list[tuple[str, str]] = cursor.fetchall()
    there = names_of(target for _, target in rows)
    return [Relation(type_, target, there.get(target)) for type_, target in rows]


def names_of(refs: Iterable[str]) -> dict[str, Named]:
    """What those of `refs` that are there are called, whatever their kind; one question."""
    wanted: dict[type[Kind], list[str]] = {}
    for ref in set(refs):
        if table := KINDS.get(ref.partition(":")[0]):
            wanted.setdefault(table, []).append(ref)
    first, *rest = [_present(table, some) for table, some in wanted.items()] or [Component.objects.none()]
    rows = first.union(*rest, all=True).order_by() if rest else first
    return {row[0]: _named(*row) for row in rows}


def _present(table: type[Kind], refs: list[str]) -> QuerySet[Any, Any]:
    rows: QuerySet[Any] = table._default_manager.filter(ref__in=refs).order_by()
    nothing = Value("", output_field=TextField())
    kind = "kind" if table is Component else nothing
    called = "display_name" if table is Person else nothing
    return rows.values_list("ref", "namespace", "name", "title", "retired_at", kind, called)


def _named(
    ref: str, namespace: str, name: str, title: str, retired_at: datetime | None, kind: str, called: str
) -> Named:
    known = {"ref": ref, "namespace": namespace, "name": name, "title": title}
    table = KINDS[ref.partition(":")[0]]
    own = {Component: {"kind": kind}, Person: {"display_name": called}}.get(table, {})
    entity = table(**known, **own)
    return Named(entity.label, entity.get_absolute_url(), bool(retired_at))
