"""How many components each choice would leave. Counts of a large catalog may be ten seconds old.

The whole of the living catalog is not counted, its sums are kept by every write. What is left of it is: fields of few
values together in one walk of one index, as cells of a table with a column for each; a choice among them is then taken
away in memory. Owners, systems and tags are counted in a second walk. Where no cells are kept and the only choice
leaves little, that little is walked for everything, and one narrow index for what the field of the choice would leave.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from catalog.models import Component, ComponentHealth, System, Team
from catalog.queries.listing import NOBODY, ComponentFilter, Healths, components, holding_words, matching
from catalog.queries.tallying import tallied, tallied_cells
from portal.lib.kept import Kept

LARGE = 5_000
"""Components from which on counts are kept; smaller catalogs are counted anew each time."""
MOST = 30
"""Choices of a field, those that leave most; the others are found by their names."""
FEW = ("kind", "type", "lifecycle", "tier", "health")
"""Fields of few values, as filters name them; the columns of a cell."""
COLUMNS = ("kind", "type", "lifecycle", "urgency", "calm")
NARROW = ("type", "tier", "health")
"""Of these those whose columns begin indexes of their own, and of whose values mostly none is most of the catalog."""
KINDS = dict(Component.Kind.choices)
TIERS = {tier.value: f"{tier.value}, {tier.label.lower()}" for tier in Component.Tier}
STATES = {-n: ComponentHealth.State(n).label if n >= 0 else "No SLO" for n in Healths.KEYS.values()}

STATES[-ComponentHealth.State.BAD] = "Broken or burning"  # which of both only its sources say
Cells = Sequence[tuple[tuple[Any, ...], int]]

SECONDS = 10
_kept: "Kept[Counts]" = Kept(seconds=SECONDS, most=500)
_kept_cells: Kept[Cells] = Kept(seconds=SECONDS, most=100)
_kept_views: Kept[Mapping[str, int]] = Kept(seconds=SECONDS, most=500)


@dataclass(frozen=True, slots=True)
class Facet:
    """One choice: its value in the address, its words, how many it would leave, and whether it is chosen."""

    value: str
    title: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many components a filter leaves, and by field the choices with what each would leave beside the others."""

    total: int
    facets: Mapping[str, list[Facet]]


def count_choices(wanted: ComponentFilter) -> Counts:
    """Counts for `wanted`."""
    if kept := _kept.get(wanted):
        return kept
    words = holding_words(wanted)
    cells, counted = _walked(wanted, words)
    beside = {**_beside(cells, wanted), **counted}
    found = Counts(_total(cells, wanted), {**_few(beside, wanted), **_many(beside, wanted)})
    if max(sum(n for _, n in cells), *(one.total() for one in counted.values())) > LARGE:
        _kept.put(wanted, found)
    return found


def facets(wanted: ComponentFilter) -> Mapping[str, list[Facet]]:
    """By field the choices and what each would leave, given the choices in all other fields."""
    return count_choices(wanted).facets


def counts(views: Mapping[str, ComponentFilter]) -> Mapping[str, int]:
    """How many components each of several views shows."""
    key = tuple(views.items())
    if kept := _kept_views.get(key):
        return kept
    everything = _cells(ComponentFilter())
    found = {name: _counted(view, everything) for name, view in views.items()}
    if sum(n for _, n in everything) > LARGE:
        _kept_views.put(key, found)
    return found


def forget_counts() -> None:
    """Count everything anew from now on; for measurements."""
    _kept.clear()
    _kept_cells.clear()
    _kept_views.clear()


def _counted(view: ComponentFilter, everything: Cells) -> int:
    return _total(everything, view) if _broad(view).empty else components(view).count()


def _broad(wanted: ComponentFilter) -> ComponentFilter:
    return replace(wanted, kind=(), type=(), lifecycle=(), tier=(), health=())


def _cells(broad: ComponentFilter) -> Cells:
    if broad.empty:
        return list(tallied_cells().items())
    kept = _kept_cells.get(broad)
    return _keep_cells(broad, _grouped(matching(broad, Q()), [COLUMNS])[COLUMNS]) if kept is None else kept


def _keep_cells(broad: ComponentFilter, counted: Counter[Any]) -> Cells:
    cells = list(counted.items())
    if sum(n for _, n in cells) > LARGE:
        _kept_cells.put(broad, cells)
    return cells


def _walked(wanted: ComponentFilter, words: Q) -> tuple[Cells, dict[str, Counter[Any]]]:
    """Cells, and counts by owner, system and tag, in as few walks as the choices made allow: mostly one or two.

    The cells are of all that the other fields leave; or of what all of them do, and then there are counts for the one
    among `NARROW` that was chosen in.
    """
    conditions: dict[tuple[str, ...], ComponentFilter] = {
        ("owner_id",): replace(wanted, owner=()),
        ("system_ref",): replace(wanted, system=()),
        ("tagged",): wanted,
    }
    names: dict[tuple[str, ...], str] = {("owner_id",): "owner", ("system_ref",): "system", ("tagged",): "tag"}
    broad, chosen = _broad(wanted), tuple(_chosen(wanted))
    kept, known = _tallied(broad, conditions)
    narrow = kept is None and len(chosen) == 1 and chosen[0] in NARROW
    if narrow:
        column = (COLUMNS[FEW.index(chosen[0])],)
        conditions[COLUMNS], conditions[column], names[column] = wanted, broad, chosen[0]
    elif kept is None:
        conditions[COLUMNS] = broad
    found: dict[tuple[str, ...], Counter[Any]] = {}
    for condition in dict.fromkeys(its for sets, its in conditions.items() if sets not in known):
        found |= _grouped(matching(condition, words), [sets for sets, its in conditions.items() if its == condition])
    if kept is None:
        counted = found.pop(COLUMNS)
        kept = list(counted.items()) if narrow else _keep_cells(broad, counted)
    if ("tagged",) in found:
        found["tagged",] = _tags(found["tagged",], wanted, words)
    return kept, {names[columns]: counts for columns, counts in (known | found).items()}


def _tallied(
    broad: ComponentFilter, conditions: Mapping[tuple[str, ...], ComponentFilter]
) -> tuple[Cells | None, dict[tuple[str, ...], Counter[Any]]]:
    """Cells where they are kept, and counts for those of the conditions that leave everything."""
    whole = {columns for columns, condition in conditions.items() if condition.empty}
    if not broad.empty and not whole:
        return _kept_cells.get(broad), {}
    sums = tallied() if whole else None
    cells = _kept_cells.get(broad) if not broad.empty else list((sums.cell if sums else tallied_cells()).items())
    by: dict[tuple[str, ...], Counter[Any]] = {}
    if sums:
        by = {("owner_id",): sums.owner, ("system_ref",): sums.system, ("tagged",): sums.tag}
    return cells, {columns: by[columns] for columns in whole}


def _grouped(condition: Q, sets: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], Counter[Any]]:
    """Counts by each of several sets of columns, in one walk; the key is a tuple where the set has several."""
    names = list(dict.fromkeys(column for columns in sets for column in columns))
    found = {columns: Counter[Any]() for columns in sets}
    try:
        rows = Component.objects.order_by().filter(condition)
        inner, given = rows.values_list(*names).query.sql_with_params()
    except EmptyResultSet:
        return found
    listed = ", ".join(names)
    grouping = ", ".join(f"({', '.join(columns)})" for columns in sets)
    query = f"SELECT grouping({listed}), {listed}, count(*) FROM ({inner}) one GROUP BY GROUPING SETS ({grouping})"  # noqa: S608
    places = {_bits(names, columns): (columns, [1 + names.index(column) for column in columns]) for columns in sets}
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        for row in cursor.fetchall():
            columns, at = places[row[0]]
            found[columns][row[at[0]] if len(at) == 1 else tuple(row[place] for place in at)] = row[-1]
    return found


def _bits(names: Sequence[str], columns: Sequence[str]) -> int:
    """What `grouping(names)` answers for rows grouped by `columns`: a bit for each name that is not among them."""
    return int("".join("0" if name in columns else "1" for name in names), 2)


def _chosen(wanted: ComponentFilter) -> dict[str, frozenset[Any]]:
    """By field the values of its column that are chosen; what nobody chose in is left out."""
    asked = {field: getattr(wanted, field) for field in FEW if getattr(wanted, field)}
    if "health" in asked:
        asked["health"] = [-Healths.KEYS[key] for key in asked["health"]]
    return {field: frozenset(values) for field, values in asked.items()}


def _total(cells: Cells, wanted: ComponentFilter) -> int:
    tests = [(FEW.index(field), values) for field, values in _chosen(wanted).items()]
    return sum(n for cell, n in cells if all(cell[at] in values for at, values in tests))


def _few(counted: Mapping[str, Counter[Any]], wanted: ComponentFilter) -> dict[str, list[Facet]]:
    asked = _chosen(wanted)
    chosen = {field: asked.get(field, frozenset()) for field in FEW}
    keys = {-n: key for key, n in Healths.KEYS.items()}
    return {
        "kind": [Facet(k, title, counted["kind"][k], k in chosen["kind"]) for k, title in KINDS.items()],
        "health": [Facet(keys[n], word, counted["health"][n], n in chosen["health"]) for n, word in STATES.items()],
        "tier": [Facet(str(n), word, counted["tier"][n], n in chosen["tier"]) for n, word in TIERS.items()],
        "type": _most(counted["type"], chosen["type"], str),
        "lifecycle": _most(counted["lifecycle"], chosen["lifecycle"], str),
    }


def _beside(cells: Cells, wanted: ComponentFilter) -> dict[str, Counter[Any]]:
    """By field and value what is left beside the choices in all other fields."""
    tests = [(FEW.index(field), values) for field, values in _chosen(wanted).items()]
    found = [Counter[Any]() for _ in FEW]
    for cell, n in cells:
        missed = [at for at, values in tests if cell[at] not in values]
        for at in range(len(FEW)) if not missed else missed if len(missed) == 1 else ():
            found[at][cell[at]] += n
    return dict(zip(FEW, found, strict=True))


def _most(counted: Mapping[str, int], chosen: Iterable[str], title: Callable[[str], str]) -> list[Facet]:
    """The choices that leave most, and those that are chosen, by what they leave."""
    order = sorted((key for key in counted if key), key=lambda key: (-counted[key], key))[:MOST]
    keys = [*order, *(key for key in chosen if key not in order)]
    return [Facet(key, title(key), counted.get(key, 0), key in chosen) for key in keys]


def _many(counted: Mapping[str, Counter[Any]], wanted: ComponentFilter) -> dict[str, list[Facet]]:
    return {
        "owner": _owners(counted["owner"], wanted.owner),
        "system": _systems(counted["system"], wanted.system),
        "tag": _most(counted["tag"], wanted.tag, str),
    }


def _tags(counted: Counter[Any], wanted: ComponentFilter, words: Q) -> Counter[str]:
    """By tag, from counts by all tags of a row; rows with tags too long for the index are read."""
    found = Counter[str]()
    for text, n in counted.items():
        for tag in json.loads(text) if text else ():
            found[tag] += n
    if counted.get(None):
        rows = Component.objects.filter(matching(wanted, words), tagged=None)
        found.update(tag for tags in rows.values_list("tags", flat=True) for tag in tags)
    return found


def _owners(counted: Counter[Any], chosen: Sequence[str]) -> list[Facet]:
    best = [pk for pk, _ in sorted(counted.items(), key=lambda one: -one[1]) if pk is not None][:MOST]
    teams = Team.objects.filter(Q(pk__in=best) | Q(ref__in=chosen)).values_list("pk", "ref", "title")
    found = {ref: Facet(ref, title or _short(ref), counted[pk], ref in chosen) for pk, ref, title in teams}
    for ref in chosen:
        if ref not in found and ref != NOBODY:
            found[ref] = Facet(ref, _short(ref), 0, chosen=True)
    order = sorted(found.values(), key=lambda one: (-one.count, one.title.casefold()))
    return [*order, Facet(NOBODY, "No owner", counted[None], NOBODY in chosen)]


def _systems(counted: Counter[str], chosen: Sequence[str]) -> list[Facet]:
    plain = _most(counted, chosen, _short)
    rows = System.objects.filter(ref__in=[one.value for one in plain]).exclude(title="")
    titles = dict(rows.values_list("ref", "title"))
    return [replace(one, title=titles.get(one.value, one.title)) for one in plain]


def _short(ref: str) -> str:
    return ref.rpartition("/")[2]
