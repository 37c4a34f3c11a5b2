"""The catalog as a list: filters that combine, and how many each further choice would leave."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from catalog.models import Component, ComponentHealth, Dependency

NOBODY = "none"
"""Stands for components without an owner (or with one that is not there)."""

SORTS: Mapping[str, tuple[str, ...]] = {
    "health": ("-worst", "urgency", "name", "pk"),
    "name": ("name", "pk"),
    "type": ("type", "name", "pk"),
    "owner": ("owner_ref", "name", "pk"),
    "tier": ("urgency", "name", "pk"),
}
"""Orders of `components`, each unique: worst first, or by name, type, owner, tier."""


@dataclass(frozen=True, slots=True)
class Healths:
    """The health of a component as filters and facets name it; `NONE` where no source says anything."""

    NONE = -1
    KEYS = {"bad": 3, "at-risk": 2, "unknown": 1, "good": 0, "none": NONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFilter:
    """What to list: within a field any of the values, across fields all of them. Owners are references or `none`."""

    q: str = ""
    kind: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    tier: tuple[int, ...] = ()
    lifecycle: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    retired: bool = False

    @property
    def empty(self) -> bool:
        """Whether it leaves everything (but the retired) in."""
        return self == ComponentFilter()


@dataclass(frozen=True, slots=True)
class Facet:
    """One choice: its value in the address, its words, how many it would leave, and whether it is chosen."""

    value: str
    title: str
    count: int
    chosen: bool


def components(wanted: ComponentFilter) -> QuerySet[Component]:
    """What `wanted` leaves, not ordered."""
    return Component.objects.order_by().filter(_matching(wanted))


def counts(views: Mapping[str, ComponentFilter]) -> Mapping[str, int]:
    """How many components each of several views shows, in one question."""
    rows = Component.objects.order_by()
    inside = {f"view{i}": Count("pk", filter=_matching(view)) for i, view in enumerate(views.values())}
    found = rows.aggregate(**inside)
    return {name: found[f"view{i}"] for i, name in enumerate(views)}


def facets(wanted: ComponentFilter) -> Mapping[str, list[Facet]]:
    """By field the choices and what each would leave, given the choices in all other fields."""
    return {
        "health": _healths(wanted),
        "tier": _plain(wanted, "tier"),
        "type": _plain(wanted, "type"),
        "owner": _owners(wanted),
        "lifecycle": _plain(wanted, "lifecycle"),
    }


def used_by(component_ids: Collection[int]) -> Mapping[int, int]:
    """How many components depend directly on each of these, for those of which any does."""
    edges = Dependency.objects.filter(target__in=component_ids, holder__retired_at=None).order_by()
    return dict(edges.values_list("target").annotate(n=Count("holder", distinct=True)))


def _matching(wanted: ComponentFilter) -> Q:
    found = Q(retired_at__isnull=not wanted.retired) & _owned(wanted.owner) & _holding(wanted.q)
    for field in ("kind", "type", "tier", "lifecycle"):
        if values := getattr(wanted, field):
            found &= Q(**{f"{field}__in": values})
    if wanted.system:
        found &= Q(system_ref__in=wanted.system)
    if wanted.health:
        found &= Q(worst__in=[Healths.KEYS[key] for key in wanted.health])
    for tag in wanted.tag:
        found &= Q(tags__contains=[tag])
    return found


def _owned(owners: tuple[str, ...]) -> Q:
    if not owners:
        return Q()
    named = Q(owner_ref__in=[ref for ref in owners if ref != NOBODY])
    return named | Q(owner=None) if NOBODY in owners else named


def _holding(text: str) -> Q:
    """Every word somewhere in name, title, type, description, tags or labels."""
    found = Q()
    for word in text.split():
        inside = ("name", "title", "type", "owner_ref", "description", "tags", "labels", "annotations")
        anywhere = Q()
        for field in inside:
            anywhere |= Q(**{f"{field}__icontains": word})
        found &= anywhere
    return found


def _counted(wanted: ComponentFilter, field: str, column: str) -> dict[object, int]:
    others: dict[str, Any] = {field: ()}
    rows = components(replace(wanted, **others)).values(key=F(column)).annotate(n=Count("pk"))
    return {row["key"]: row["n"] for row in rows}


def _plain(wanted: ComponentFilter, field: str) -> list[Facet]:
    counts = {str(key): n for key, n in _counted(wanted, field, field).items() if key not in (None, "")}
    chosen = [str(value) for value in getattr(wanted, field)]
    tiers = {str(tier.value): f"{tier.value}, {tier.label.lower()}" for tier in Component.Tier}
    words = tiers if field == "tier" else {}
    keys = sorted({*counts, *chosen, *words}, key=lambda key: key if words else (-counts.get(key, 0), key))
    return [Facet(key, words.get(key, key), counts.get(key, 0), key in chosen) for key in keys]


def _owners(wanted: ComponentFilter) -> list[Facet]:
    rows = components(replace(wanted, owner=())).values_list("owner__ref", "owner__title", "owner__name")
    found = [
        Facet(ref or NOBODY, title or name or "No owner", n, (ref or NOBODY) in wanted.owner)
        for ref, title, name, n in rows.annotate(n=Count("pk")).order_by("-n", "owner__ref")
    ]
    nobody = [one for one in found if one.value == NOBODY] or [Facet(NOBODY, "No owner", 0, NOBODY in wanted.owner)]
    return [*(one for one in found if one.value != NOBODY), *nobody]


def _healths(wanted: ComponentFilter) -> list[Facet]:
    counts = _counted(wanted, "health", "worst")
    words = {"none": "No SLO", **{key: ComponentHealth.State(n).label for key, n in Healths.KEYS.items() if n >= 0}}
    return [Facet(key, words[key], counts.get(n, 0), key in wanted.health) for key, n in Healths.KEYS.items()]
