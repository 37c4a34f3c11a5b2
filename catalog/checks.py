"""The catalog's own scorecard checks: what anybody needs to know of a component before they need it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse

from catalog.confirmation import CONFIRMED_FOR, last_confirmed
from catalog.models import Component, Dependency, Responder, Team
from catalog.registries import ScorecardCheck, Verdict

Verdicts = Mapping[int, Verdict]
Components = Sequence[Component]
NEEDS = (Dependency.Relation.DEPENDS_ON, Dependency.Relation.CONSUMES)
TOLD, LOST = "edges_told", "lost_responders"


def has_owner(components: Components, _now: datetime) -> Verdicts:
    """A team that is there."""
    prefetch_related_objects(components, "owner")
    return {one.pk: _owned(one, one.owner) for one in components}


def described(components: Components, _now: datetime) -> Verdicts:
    """A sentence that says what it is."""
    return _each(components, lambda one: one.description.strip(), "", "Nobody says what it is.")


def typed(components: Components, _now: datetime) -> Verdicts:
    """Type and lifecycle."""
    return _each(
        components,
        lambda one: one.type and (one.lifecycle or one.kind == Component.Kind.RESOURCE),  # resources need not say it
        "",
        "Say its type and its lifecycle.",
    )


def tiered(components: Components, _now: datetime) -> Verdicts:
    """How far it hurts when it stops."""
    return _each(components, lambda one: one.tier, "", "Without a tier nobody knows how far it hurts when it stops.")


def has_runbook(components: Components, _now: datetime) -> Verdicts:
    """What to do at night; docs count."""
    return _each(components, lambda one: one.runbook or one.docs.strip(), "", "Whoever is called at night finds none.")


def has_docs(components: Components, _now: datetime) -> Verdicts:
    """Docs of its own, or where to find them."""
    return _each(
        components,
        lambda one: one.docs.strip() or one.annotations.get("backstage.io/techdocs-ref"),
        "",
        "Nothing to read yet.",
    )


def names_dependencies(components: Components, _now: datetime) -> Verdicts:
    """At least one thing it can't work without."""
    edges = _edges(components)
    return _each(
        components,
        lambda one: any(edge.relation in NEEDS for edge in edges[one.pk]),
        "",
        "Nothing is named that it can't work without.",
    )


def confirmed(components: Components, now: datetime) -> Verdicts:
    """Its team said within half a year that all this is right."""
    return {
        one.pk: Verdict(last_confirmed(one) > now - CONFIRMED_FOR, _since(one), one.get_absolute_url())
        for one in components
    }


def nothing_dangles(components: Components, _now: datetime) -> Verdicts:
    """All it names is there and not retired."""
    edges, queue = _edges(components), reverse("catalog:queue")
    lost = _lost_responders(components)
    for one in components:
        lost[one.pk] += [edge.target_ref for edge in edges[one.pk] if edge.target is None or edge.target.retired_at]
        lost[one.pk] += [one.system_ref] if one.system_ref and one.system_id is None else []
    return {one.pk: _dangling(lost[one.pk], queue) for one in components}


def tell_responders(component: Component, lost: Iterable[str]) -> None:
    """What a page has read of it already: those of its responders that are not there, by reference."""
    vars(component)[LOST] = list(lost)


def _lost_responders(components: Components) -> dict[int, list[str]]:
    lost: dict[int, list[str]] = defaultdict(list)
    untold = [one for one in components if LOST not in vars(one)]
    missing = Responder.objects.filter(component__in=untold, team=None) if untold else Responder.objects.none()
    for pk, ref in missing.values_list("component_id", "team_ref"):
        lost[pk].append(ref)
    return lost | {one.pk: list(vars(one)[LOST]) for one in components if LOST in vars(one)}


def _edges(components: Components) -> Mapping[int, list[Dependency]]:
    """What each says that it depends on or provides; asked once for all checks of a batch."""
    if not all(hasattr(one, TOLD) for one in components):
        rows = Dependency.objects.filter(by_holder=True).select_related("target")
        rows = rows.only("holder_id", "relation", "target_ref", "target__retired_at")
        prefetch_related_objects(components, Prefetch("dependencies", rows, to_attr=TOLD))
    return {one.pk: getattr(one, TOLD) for one in components}


def _each(components: Components, test: Callable[[Component], object], yes: str, no: str) -> Verdicts:
    return {
        one.pk: Verdict(True, yes) if test(one) else Verdict(False, no, f"{one.get_absolute_url()}/edit")
        for one in components
    }


def _owned(component: Component, team: Team | None) -> Verdict:
    fix = f"{component.get_absolute_url()}/edit"
    if team is None:
        said = f"{component.owner_ref} is not a team that is there." if component.owner_ref else "Nobody owns it."
        return Verdict(False, said, fix)
    if team.retired_at is not None:
        return Verdict(False, f"{team.label} is dissolved.", fix)
    return Verdict(True, team.label)


def _since(component: Component) -> str:
    at = last_confirmed(component)
    day = f"{at.day} {at:%b %Y}"
    return f"confirmed {day}" if component.confirmed_at else f"never confirmed, registered {day}"


def _dangling(refs: Sequence[str], queue: str) -> Verdict:
    if not refs:
        return Verdict(True, "")
    more = f" and {len(refs) - 2} more" if len(refs) > 2 else ""
    return Verdict(False, f"Not there: {', '.join(sorted(refs)[:2])}{more}", queue)


OWN: Mapping[str, ScorecardCheck] = {
    "owner": ScorecardCheck("Has an owner", "bronze", has_owner),
    "description": ScorecardCheck("Says what it is", "bronze", described),
    "type": ScorecardCheck("Type and lifecycle", "bronze", typed),
    "tier": ScorecardCheck("Has a tier", "bronze", tiered),
    "runbook": ScorecardCheck("Has a runbook", "silver", has_runbook),
    "docs": ScorecardCheck("Has docs", "silver", has_docs),
    "dependencies": ScorecardCheck(
        "Names what it depends on", "silver", names_dependencies, lambda one: one.kind == Component.Kind.COMPONENT
    ),
    "confirmed": ScorecardCheck("Confirmed or registered within half a year", "silver", confirmed),
    "references": ScorecardCheck("All it names is there", "gold", nothing_dangles),
}
"""By key."""
