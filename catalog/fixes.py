"""One-click fixes of the queue: each is one operation of the catalog, asked for in the name of the reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.access import Actor
from catalog.models import Domain, Membership, System, Team
from catalog.models.entity import Origin
from catalog.operations import (
    confirm_components,
    drop_membership,
    keep_component,
    patch_component,
    patch_domain,
    patch_system,
    patch_team,
    repoint,
    retire_entity,
    set_member,
)
from catalog.operations.locking import hold_refs
from catalog.queries import Case
from portal.lib.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done about a case: for *assign* with a team, for *meant* with what was meant."""

    case: Case
    actor: Actor
    now: datetime
    value: str = ""


def assign(wish: Wish) -> None:
    """Give it to a team."""
    if not wish.value:
        raise Invalid("Choose a team first.", errors=(FieldError("team", "required", "Choose a team."),))
    _patch(wish, owner=wish.value)


def point_to_what_was_meant(wish: Wish) -> None:
    """Name what is there instead."""
    if wish.case.field == "members":
        _replace_member(wish)
    else:
        _repoint(wish, wish.value)


def remove(wish: Wish) -> None:
    """Name nothing any more."""
    _repoint(wish, "")


def confirm(wish: Wish) -> None:
    """Say that it is right."""
    confirm_components(refs=[wish.case.ref], actor=wish.actor, now=wish.now)


def retire(wish: Wish) -> None:
    """Take it out of the catalog."""
    retire_entity(ref=wish.case.ref, actor=wish.actor, now=wish.now)


def revive(wish: Wish) -> None:
    """Bring a retired component back."""
    _patch(wish)


def keep(wish: Wish) -> None:
    """Keep what its source dropped."""
    keep_component(ref=wish.case.ref, actor=wish.actor, now=wish.now)


def leave(wish: Wish) -> None:
    """Take the membership away."""
    team, person = _membership(wish.case)
    drop_membership(team_ref=team, person_ref=person, actor=wish.actor, now=wish.now)


def join(wish: Wish) -> None:
    """Be a member of the team, so that it has one."""
    _be(wish, Membership.Role.MEMBER)


def lead(wish: Wish) -> None:
    """Lead the team, so that somebody does."""
    _be(wish, Membership.Role.LEAD)


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix and its words: on the button, and in the sentence afterwards. `bulk` says whether it goes for several."""

    do: Callable[[Wish], None]
    action: str
    done: str
    bulk: bool = True


FIXES: Mapping[str, Fix] = {
    "assign": Fix(assign, "Assign", "given to a team"),
    "meant": Fix(point_to_what_was_meant, "Use it", "pointed to what was meant", bulk=False),
    "remove": Fix(remove, "Remove reference", "freed of a reference to nothing"),
    "confirm": Fix(confirm, "Confirm", "confirmed"),
    "revive": Fix(revive, "Bring back", "brought back"),
    "keep": Fix(keep, "Keep", "kept"),
    "leave": Fix(leave, "Take out", "freed of a membership of nobody"),
    "join": Fix(join, "Join it", "joined", bulk=False),
    "lead": Fix(lead, "Lead it", "led by you", bulk=False),
    "retire": Fix(retire, "Retire", "retired"),
}
"""By key, in the order of their buttons."""


def _patch(wish: Wish, **changes: str) -> None:
    patch = {System: patch_system, Domain: patch_domain, Team: patch_team}.get(type(wish.case.entity), patch_component)
    patch(ref=wish.case.ref, changes=changes, actor=wish.actor, now=wish.now, origin=Origin.FORM)


def _repoint(wish: Wish, instead: str) -> None:
    case = wish.case
    if case.component is None:
        _patch(wish, **{case.field: instead})
        return
    repoint(ref=case.ref, field=case.field, target=case.named, instead=instead, actor=wish.actor, now=wish.now)


def _be(wish: Wish, role: Membership.Role) -> None:
    if wish.actor.person is None:
        raise Invalid("A token is nobody: sign in.")
    set_member(ref=wish.case.ref, person_ref=wish.actor.person.ref, role=role, actor=wish.actor, now=wish.now)


@transaction.atomic
def _replace_member(wish: Wish) -> None:
    team, gone = _membership(wish.case)
    hold_refs(written=[team], named=[gone, wish.value.lower()])  # at once: in two goes they would be in no order
    held = Membership.objects.filter(team_ref=team, person_ref=gone).values_list("role", flat=True).first()
    set_member(ref=team, person_ref=wish.value, role=held or Membership.Role.MEMBER, actor=wish.actor, now=wish.now)
    drop_membership(team_ref=team, person_ref=gone, actor=wish.actor, now=wish.now)


def _membership(case: Case) -> tuple[str, str]:
    return (case.ref, case.named) if case.field == "members" else (case.named, case.ref)
