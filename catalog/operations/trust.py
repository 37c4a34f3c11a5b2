"""What puts right what is rotten: confirming, pointing references elsewhere or nowhere, keeping what a source dropped.

Who may: as for every write to the component or the team that says it; to confirm one must belong to the owner.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.access import Actor, NotYourTeam, Owner, may_write, require, require_scope, rights_of
from catalog.described import RELATIONS, component_spec
from catalog.models import ApiToken, Claim, Component, Membership, Score, Team
from catalog.models.entity import Origin
from catalog.operations.audit import Change, record_audit, record_changes
from catalog.operations.components import ComponentGone, named_by, patch_component
from catalog.operations.locking import hold_refs
from catalog.operations.teams import TeamGone
from catalog.refs import no_such
from catalog.scorecard import NEVER
from catalog.specs import checked_component
from portal.lib.errors import FieldError, Invalid, Missing
from portal.lib.hints import nudge

SCOPE = ApiToken.Scope.COMPONENTS
FIELDS = ("owner", "system", "subcomponent_of", *RELATIONS, "dependency_of", "responders")
"""Where a component names others, in the words of `patch_component`."""


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
        raise TeamGone(no_such(ref))
    require(actor, [team], scope=SCOPE)
    owned = Component.objects.filter(owner=team, retired_at=None).select_related("owner").order_by("ref")
    done = _confirm(list(owned), actor=actor, now=now)
    diff = {"confirmed_at": (_said(team.confirmed_at), _said(now))}
    Team.objects.filter(pk=team.pk).update(confirmed_at=now)
    record_audit(actor=actor, action="team.confirm", object_ref=team.ref, diff=diff, now=now, owner_ref=team.ref)
    return done


@transaction.atomic
def repoint(*, ref: str, field: str, target: str, instead: str = "", actor: Actor, now: datetime) -> None:
    """Where the component `ref` names `target` in `field`, name `instead`, or nothing.

    Raises ComponentGone, NoSuchReference, Invalid for another field, and all that `patch_component` raises.
    """
    require_scope(actor, SCOPE)
    if field not in FIELDS:
        raise Invalid("field", errors=(FieldError("field", "unknown_field", f"Use one of {', '.join(FIELDS)}."),))
    hold_refs(written=[ref.lower()], named=_names_after(ref.lower(), target, instead))
    found = Component.objects.filter(ref=ref.lower()).first()  # the lock on its name keeps it as it is
    if found is None:
        raise ComponentGone(no_such(ref))
    said = getattr(component_spec(found), field)
    if target not in ((said,) if isinstance(said, str) else said):
        raise NoSuchReference
    value = instead if isinstance(said, str) else tuple({*said, instead} - {target, ""})
    patch_component(ref=found.ref, changes={field: value}, actor=actor, now=now, origin=Origin.FORM)


@transaction.atomic
def keep_component(*, ref: str, actor: Actor, now: datetime) -> None:
    """Stop asking about a source that no longer names it: it stays, for somebody said so.

    Raises ComponentGone, NoSuchReference where no source dropped it, WrongScope, NotYourTeam.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    found = Component.objects.filter(ref=ref.lower(), retired_at=None).select_related("owner").first()
    if found is None:
        raise ComponentGone(no_such(ref))
    rights_of(actor).require_ownership(Owner(found.owner_ref, found.owner_id))
    dropped = Claim.objects.filter(ref=found.ref, orphaned_at__isnull=False)
    sources = sorted(dropped.values_list("source", flat=True))
    if not sources:
        raise NoSuchReference(f"Every source of {found.ref} still names it.")
    dropped.delete()
    record_audit(
        actor=actor,
        action="component.keep",
        object_ref=found.ref,
        diff={"sources": (sources, [])},
        now=now,
        owner_ref=found.owner_ref,
    )


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


def _names_after(ref: str, *more: str) -> set[str]:
    """What the component names and will name: held at once, so that what is taken again further down is ours already.

    Locks taken in two goes are in no order, and two who do so can wait for each other.
    """
    found = Component.objects.filter(ref=ref).first()
    names = named_by(checked_component(component_spec(found))) if found else set()
    return (names | {one.lower() for one in more}) - {""}


def _confirm(components: Collection[Component], *, actor: Actor, now: datetime) -> Confirmed:
    ids = [one.pk for one in components]
    Component.objects.filter(pk__in=ids).update(confirmed_at=now)
    Score.objects.filter(component__in=ids).update(at=NEVER)
    changes = [
        Change(
            action="component.confirm",
            object_ref=one.ref,
            diff={"confirmed_at": (_said(one.confirmed_at), _said(now))},
            owner_ref=one.owner_ref,
        )
        for one in components
    ]
    record_changes(changes, actor=actor, now=now)
    nudge("catalog.score")
    return Confirmed(tuple(one.ref for one in components))


def _all_there(wanted: Collection[str], found: Iterable[Component]) -> None:
    missing = sorted(set(wanted) - {one.ref for one in found})
    if missing:
        also = "What is retired is not confirmed."
        errors = tuple(FieldError("refs", "unknown", f"{no_such(ref)} {also}") for ref in missing)
        raise Invalid("; ".join(error.message for error in errors[:5]), errors=errors)


def _all_theirs(actor: Actor, found: Iterable[Component]) -> None:
    rights, others = rights_of(actor), []
    for one in found:
        try:
            rights.require_ownership(Owner(one.owner_ref, one.owner_id))
        except NotYourTeam:
            others.append(one.ref)
    if others:
        raise NotYourTeam(f"Only the owner and platform admins confirm {', '.join(others[:5])}.")


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
