"""The catalog as a list: filters that combine, and orders that one index each serves however deep the page is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from catalog.likeness import words_of
from catalog.models import Component, Dependency
from catalog.queries import texts

NOBODY = "none"
"""Stands for components without an owner (or with one that is not there)."""

SORTS: Mapping[str, tuple[str, ...]] = {
    "health": ("calm", "urgency", "called", "pk"),
    "name": ("called", "pk"),
    "type": ("type", "called", "pk"),
    "owner": ("owner_ref", "called", "pk"),
    "tier": ("urgency", "called", "pk"),
}
"""Orders of `components`, each unique, ascending, with an index of its own: worst first, by name, type, owner, tier."""

MOST_FORGIVEN = 100
"""Components that a misspelt search leaves at most."""


@dataclass(frozen=True, slots=True)
class Healths:
    """The health of a component as filters and facets name it; `NONE` where no source says anything."""

    NONE = -1
    KEYS = {"bad": 4, "exhausted": 3, "at-risk": 2, "unknown": 1, "good": 0, "none": NONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFilter:
    """What to list: within a field any of the values (of tags all), across fields all of them.

    Owners are references or `none`.
    """

    q: str = ""
    kind: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    tier: tuple[int, ...] = ()
    lifecycle: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    starred: tuple[str, ...] | None = None
    retired: bool = False

    @property
    def empty(self) -> bool:
        """Whether it leaves everything (but the retired) in."""
        return self == ComponentFilter()


def components(wanted: ComponentFilter) -> QuerySet[Component]:
    """What `wanted` leaves, not ordered."""
    return Component.objects.order_by().filter(matching(wanted, holding_words(wanted)))


def used_by(component_ids: Collection[int]) -> Mapping[int, int]:
    """How many components depend directly on each of these, for those of which any does."""
    edges = Dependency.objects.filter(target__in=component_ids, holder__retired_at=None).order_by()
    return dict(edges.values_list("target").annotate(n=Count("holder", distinct=True)))


def holding_words(wanted: ComponentFilter) -> Q:
    """Every word of `q` begins one in name, title, tags, type, description, labels, annotations or docs.

    Where nothing holds them all, slips in longer words of the names are forgiven. A text without a letter or digit is
    held by nothing.
    """
    if not wanted.q:
        return Q()
    words = texts.words_in(wanted.q)
    if not words:
        return Q(pk__in=[])
    exactly = Q(texts.said(words))
    if Component.objects.filter(exactly, retired_at__isnull=not wanted.retired).exists():
        return exactly
    living = Component.objects.order_by().filter(retired_at__isnull=not wanted.retired)
    near = texts.forgiven(living, words, most=MOST_FORGIVEN)
    return Q(texts.Among(sorted(near)[:MOST_FORGIVEN])) if near else Q(pk__in=[])


def matching(wanted: ComponentFilter, words: Q) -> Q:
    """All of `wanted` as one condition; `words` is what `holding_words` answered for it."""
    found = Q(retired_at__isnull=not wanted.retired) & words & _owned(wanted.owner) & _tagged(wanted.tag)
    for field in ("kind", "type", "lifecycle"):
        if values := getattr(wanted, field):
            found &= Q(**{f"{field}__in": values})
    if wanted.tier:
        found &= Q(urgency__in=wanted.tier)
    if wanted.system:
        found &= Q(system_ref__in=wanted.system)
    if wanted.health:
        found &= Q(calm__in=[-Healths.KEYS[key] for key in wanted.health])
    if wanted.starred is not None:
        found &= Q(ref__in=wanted.starred)
    return found


def _owned(owners: tuple[str, ...]) -> Q:
    if not owners:
        return Q()
    named = Q(owner_ref__in=[ref for ref in owners if ref != NOBODY])
    return named | Q(owner=None) if NOBODY in owners else named


def _tagged(tags: tuple[str, ...]) -> Q:
    """By index those that have the longest word of the tag among their tags; of those the column says which it is.

    One word only: of two the planner would think that they meet by chance.
    """
    found = Q()
    for tag in tags:
        if words := [word for word in words_of(tag) if word.isascii()]:
            found &= Q(texts.Matches(f"'{max(words, key=len)}':B"))
        found &= Q(texts.HasTag(tag))
    return found
