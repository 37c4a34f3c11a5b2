"""What puts right what is rotten: confirming, pointing references elsewhere or nowhere, keeping what a source dropped.

Who may: as for every write to the component or the team that says it; to confirm one must belong to the owner.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.access import Actor, NotYourTeam, may_write, require, require_owned, require_scope
from catalog.described import FIELD_OF
from catalog.models import ApiToken, Claim, Component, Dependency, Membership, Responder, Score, Team
from catalog.operations.audit import record_audit
from catalog.operations.components import ComponentGone, patch_component
from catalog.operations.locking import hold_refs
from catalog.operations.references import component_ids, team_ids
from catalog.operations.teams import TeamGone
from catalog.scorecard import NEVER
from portal.lib.errors import FieldError, Invalid, Missing
from portal.lib.hints import nudge

SCOPE = ApiToken.Scope.COMPONENTS
RELATION_OF = {field: relation for relation, field in FIELD_OF.items()}
FIELDS = ("owner", "system", *RELATION_OF, "responders", *(f"{name}_from" for name in RELATION_OF))
"""Where a component names others; `…_from` are relations it says of others: `depends_on_from` is `dependencyOf`."""


class NoSuchReference(Missing):
    """The component does not name that, or no longer."""


class NoSuchMembership(Missing):
    """That membership is not there, or no longer."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was confirmed, by reference."""

    refs: tuple[str, ...]


@transaction.atomic
def confirm_components(*, refs: Collection[str], actor: Actor, now: datetime) -> Confirmed:
    """Record that what is said of these components is right; all of them or none.

    Raises WrongScope, NotYourTeam (also for what nobody owns), Invalid naming each reference that is not there.
    """
    require_scope(actor, SCOPE)
    wanted = sorted({ref.lower() for ref in refs})
    hold_refs(written=wanted)
    found = list(Component.objects.filter(ref__in=wanted, retired_at=None).select_related("owner").order_by("ref"))
    _all_there(wanted, found)
    _all_theirs(actor, found)
    return _confirm(found, actor=actor, now=now)


@transaction.atomic
def confirm_team(*, ref: str, actor: Actor, now: datetime) -> Confirmed:
    """Record that all a team owns is right, and that it said so. Raises TeamGone, WrongScope, NotYourTeam."""
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    team = Team.objects.select_for_update(no_key=True).filter(ref=ref.lower(), retired_at=None).first()
    if team is None:
        raise TeamGone(f"There is no {ref.lower()}.")
    require(actor, [team], scope=SCOPE)
    owned = Component.objects.filter(owner=team, retired_at=None).select_related("owner").order_by("ref")
    done = _confirm(list(owned), actor=actor, now=now)
    diff = {"confirmed_at": (_said(team.confirmed_at), _said(now))}
    Team.objects.filter(pk=team.pk).update(confirmed_at=now)
    record_audit(actor=actor, action="team.confirm", object_ref=team.ref, diff=diff, now=now)
    return done


@transaction.atomic
def repoint(*, ref: str, field: str, target: str, instead: str = "", actor: Actor, now: datetime) -> None:
    """Where the component `ref` names `target` in `field`, name `instead`, or nothing.

    Raises ComponentGone, NoSuchReference, Invalid for another field, and all that `patch_component` raises.
    """
    require_scope(actor, SCOPE)
    if field not in FIELDS:
        raise Invalid("field", errors=(FieldError("field", "unknown_field", f"Use one of {', '.join(FIELDS)}."),))
    hold_refs(written=[ref.lower()], named=[one for one in (target, instead) if one])
    found = Component.objects.select_for_update(no_key=True, of=("self",)).filter(ref=ref.lower()).first()
    if found is None:
        raise ComponentGone(f"There is no {ref.lower()}.")
    if field in ("owner", "system"):
        if getattr(found, f"{field}_ref") != target:
            raise NoSuchReference
        patch_component(ref=found.ref, changes={field: instead}, actor=actor, now=now)
        return
    require_owned(actor, [found.owner], scope=SCOPE)
    before = _named(found, field)
    if target not in before:
        raise NoSuchReference
    _move(found, field, target, instead)
    _touch(found, now=now)
    diff = {field: (sorted(before), sorted(_named(found, field)))}
    record_audit(actor=actor, action="component.update", object_ref=found.ref, diff=diff, now=now)


@transaction.atomic
def keep_component(*, ref: str, actor: Actor, now: datetime) -> None:
    """Stop asking about a source that no longer names it: it stays, for somebody said so.

    Raises ComponentGone, NoSuchReference where no source dropped it, WrongScope, NotYourTeam.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    found = Component.objects.filter(ref=ref.lower(), retired_at=None).select_related("owner").first()
    if found is None:
        raise ComponentGone(f"There is no {ref.lower()}.")
    require_owned(actor, [found.owner], scope=SCOPE)
    dropped = Claim.objects.filter(ref=found.ref, orphaned_at__isnull=False)
    sources = sorted(dropped.values_list("source", flat=True))
    if not sources:
        raise NoSuchReference(f"Every source of {found.ref} still names it.")
    dropped.delete()
    record_audit(actor=actor, action="component.keep", object_ref=found.ref, diff={"sources": (sources, [])}, now=now)


@transaction.atomic
def drop_membership(*, team_ref: str, person_ref: str, actor: Actor, now: datetime) -> None:
    """Take away a membership of which the team or the person is not there.

    For those who may write the team, the person themselves, platform admins. Raises NoSuchMembership, WrongScope,
    NotYourTeam.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[team_ref.lower()], named=[person_ref.lower()])
    rows = Membership.objects.select_for_update(of=("self",)).select_related("team", "person")
    found = rows.filter(team_ref=team_ref.lower(), person_ref=person_ref.lower()).first()
    if found is None or (found.team and found.person):
        raise NoSuchMembership
    myself = actor.person is not None and actor.person == found.person
    if not myself and not (found.team and may_write(actor, [found.team], scope=SCOPE)) and not actor.everywhere:
        raise NotYourTeam
    found.delete()
    said = {"person": found.person_ref, "team": found.team_ref, "role": found.role}
    about = found.team_ref if found.team else found.person_ref
    record_audit(actor=actor, action="membership.drop", object_ref=about, diff={"membership": (said, None)}, now=now)


def _confirm(components: Collection[Component], *, actor: Actor, now: datetime) -> Confirmed:
    ids = [one.pk for one in components]
    Component.objects.filter(pk__in=ids).update(confirmed_at=now)
    Score.objects.filter(component__in=ids).update(at=NEVER)
    for one in components:
        diff = {"confirmed_at": (_said(one.confirmed_at), _said(now))}
        record_audit(actor=actor, action="component.confirm", object_ref=one.ref, diff=diff, now=now)
    nudge("catalog.score")
    return Confirmed(tuple(one.ref for one in components))


def _all_there(wanted: Collection[str], found: Iterable[Component]) -> None:
    missing = sorted(set(wanted) - {one.ref for one in found})
    if missing:
        errors = tuple(FieldError("refs", "unknown", f"There is no {ref}, or it is retired.") for ref in missing)
        raise Invalid("; ".join(error.message for error in errors[:5]), errors=errors)


def _all_theirs(actor: Actor, found: Iterable[Component]) -> None:
    mine = actor.team_ids()
    others = [one.ref for one in found if not actor.everywhere and one.owner_id not in mine]
    if others:
        raise NotYourTeam(f"Only the owner team and platform admins confirm {', '.join(others[:5])}.")


def _named(component: Component, field: str) -> list[str]:
    if field == "responders":
        return list(component.responders.values_list("team_ref", flat=True))
    relation = RELATION_OF[field.removesuffix("_from")]
    if field.endswith("_from"):
        rows = Dependency.objects.filter(target_ref=component.ref, relation=relation, by_target=True)
        return list(rows.values_list("holder_ref", flat=True))
    rows = Dependency.objects.filter(holder_ref=component.ref, relation=relation, by_holder=True)
    return list(rows.values_list("target_ref", flat=True))


def _move(component: Component, field: str, target: str, instead: str) -> None:
    if field == "responders":
        Responder.objects.filter(component=component, team_ref=target).delete()
        if instead:
            team = team_ids([instead]).get(instead)
            Responder.objects.get_or_create(component=component, team_ref=instead, defaults={"team_id": team})
        return
    backwards, relation = field.endswith("_from"), RELATION_OF[field.removesuffix("_from")]
    _unsay(component.ref, relation, target, backwards=backwards)
    if instead:
        _say(component, relation, instead, backwards=backwards)


def _unsay(ref: str, relation: str, other: str, *, backwards: bool) -> None:
    """Take back what one side says; the edge stays where the other side says it too."""
    holder, target = (other, ref) if backwards else (ref, other)
    edge = Dependency.objects.filter(holder_ref=holder, relation=relation, target_ref=target)
    mine, theirs = ("by_target", "by_holder") if backwards else ("by_holder", "by_target")
    edge.filter(**{theirs: False}).delete()
    edge.update(**{mine: False})


def _say(component: Component, relation: str, other: str, *, backwards: bool) -> None:
    if other == component.ref:
        raise Invalid("instead", errors=(FieldError("instead", "itself", "A component can't name itself here."),))
    holder, target = (other, component.ref) if backwards else (component.ref, other)
    ids = component_ids([holder, target])
    edge, made = Dependency.objects.get_or_create(
        holder_ref=holder,
        relation=relation,
        target_ref=target,
        defaults={
            "holder_id": ids.get(holder),
            "target_id": ids.get(target),
            "by_holder": not backwards,
            "by_target": backwards,
        },
    )
    if not made:
        Dependency.objects.filter(pk=edge.pk).update(**{"by_target" if backwards else "by_holder": True})


def _touch(component: Component, *, now: datetime) -> None:
    component.version += 1
    component.updated_at = now
    component.save(update_fields=["version", "updated_at"])


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
