"""Teams: registered, changed, retired, with their members.

Who may: members, platform admins, tokens with `components:write` that no team limits or that are limited to this one.
Anybody signed in may make a new team as its lead.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, NotYourTeam, require, require_admin, require_scope
from catalog.described import difference, team_spec
from catalog.models import ApiToken, Membership, Team
from catalog.models.entity import Origin
from catalog.operations.audit import record_audit
from catalog.operations.circles import refuse_team
from catalog.operations.locking import hold_refs
from catalog.operations.memberships import enrol, withdraw
from catalog.operations.merging import merged
from catalog.operations.references import join_team, team_named
from catalog.operations.written import ABSENT, Outcome, Written, expect_version, remove
from catalog.refs import no_such
from catalog.specs import MemberSpec, TeamSpec, checked_team
from portal.lib.errors import Missing

SCOPE = ApiToken.Scope.COMPONENTS
COLUMNS = ("title", "description", "type", "email", "picture", "chat_url", "labels", "annotations", "extra")


class TeamGone(Missing):
    """There is no team of that name."""


@transaction.atomic
def put_team(
    *,
    spec: TeamSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    expected_version: int | None = None,
) -> Written[Team]:
    """Make the team what `spec` says, creating or reviving it; idempotent. `members` None leaves the members alone.

    Raises Invalid, WrongScope, NotYourTeam, and VersionMismatch where `expected_version` is not the one found.
    """
    require_scope(actor, SCOPE)
    spec = checked_team(spec)
    hold_refs(written=[spec.ref], named=_named(spec))
    return _write(spec, actor=actor, now=now, origin=origin, source=source, expected=expected_version)


@transaction.atomic
def patch_team(
    *,
    ref: str,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[Team]:
    """Change only the named fields; in labels and annotations only the named keys, of which None goes.

    Raises TeamGone, and all that `put_team` raises.
    """
    require_scope(actor, SCOPE)
    namespace, _, name = ref.partition(":")[2].partition("/")
    alone = merged(TeamSpec(namespace=namespace, name=name), changes)
    hold_refs(written=[alone.ref], named=_named(checked_team(alone)))
    found = _locked(alone.ref)
    if found is None:
        raise TeamGone(no_such(alone.ref))
    whole = checked_team(merged(team_spec(found), changes))
    return _write(whole, actor=actor, now=now, origin=origin, expected=expected_version)


@transaction.atomic
def set_member(*, ref: str, person_ref: str, role: str | None, actor: Actor, now: datetime) -> Written[Team]:
    """Put a person into the team as lead or member, or with None take them out; idempotent. Raises as `put_team`."""
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()], named=[person_ref.lower()])
    found = _locked(ref.lower())
    if found is None:
        raise TeamGone(no_such(ref))
    spec = team_spec(found)
    rest = tuple(member for member in spec.members or () if member.person != person_ref.lower())
    members = (*rest, MemberSpec(person=person_ref, role=role)) if role else rest
    if role is None:
        withdraw(team_ref=found.ref, person_ref=person_ref.lower())
    whole = checked_team(replace(spec, members=members))
    return _write(whole, actor=actor, now=now, origin=Origin.FORM, expected=None)


@transaction.atomic
def retire_team(*, ref: str, actor: Actor, now: datetime, expected_version: int | None = None) -> Written[Team]:
    """Dissolve the team. What it owned keeps naming it, and is shown as owned by a team that is no more.

    Raises TeamGone, WrongScope, NotYourTeam, VersionMismatch. Retiring twice changes nothing.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    team = _locked(ref.lower())
    if team is None:
        raise TeamGone(no_such(ref))
    require(actor, [team], scope=SCOPE)
    expect_version(team.version, expected=expected_version)
    if team.retired_at:
        return Written(team, Outcome.UNCHANGED)
    team.retired_at = now
    diff: dict[str, tuple[object, object]] = {"retired": (False, True)}
    _save(team, now=now)
    record_audit(actor=actor, action="team.retire", object_ref=team.ref, diff=diff, now=now, owner_ref=team.ref)
    return Written(team, Outcome.UPDATED, diff)


@transaction.atomic
def delete_team(*, ref: str, actor: Actor, now: datetime) -> None:
    """Remove the team for good; what names it dangles. Raises Forbidden unless a platform admin asks, StillNeeded."""
    require_admin(actor)
    hold_refs(written=[ref.lower()])
    team = _locked(ref.lower())
    if team is None:
        raise TeamGone(no_such(ref))
    enrol(team, ())
    Membership.objects.filter(team=team).update(team=None)  # what people say themselves stays, and dangles
    remove(team)
    diff = {"deleted": (False, True)}
    record_audit(actor=actor, action="team.delete", object_ref=team.ref, diff=diff, now=now, owner_ref=team.ref)


def _write(
    spec: TeamSpec, *, actor: Actor, now: datetime, origin: Origin, expected: int | None, source: str = ""
) -> Written[Team]:
    team = _locked(spec.ref)
    _may(actor, team, spec)
    expect_version(team.version if team else ABSENT, expected=expected)
    before = team_spec(team) if team else TeamSpec(namespace=spec.namespace, name=spec.name, members=())
    spec = replace(spec, members=before.members if spec.members is None else _with_roles(spec.members, before))
    diff = difference(before, spec)
    if team and team.retired_at:
        diff["retired"] = (True, False)
    if team and not diff:
        return Written(team, Outcome.UNCHANGED)
    refuse_team(spec, before)
    outcome = Outcome.UPDATED if team else Outcome.CREATED
    team = team or Team(ref=spec.ref, namespace=spec.namespace, name=spec.name, version=ABSENT, created_at=now)
    _fill(team, spec)
    team.origin, team.source, team.retired_at = origin, source or actor.ref, None
    _save(team, now=now)
    enrol(team, spec.members or ())
    if outcome is Outcome.CREATED:
        join_team(team)
    action = "team.create" if outcome is Outcome.CREATED else "team.update"
    record_audit(actor=actor, action=action, object_ref=team.ref, diff=diff, now=now, owner_ref=team.ref)
    return Written(team, outcome, diff)


def _may(actor: Actor, team: Team | None, spec: TeamSpec) -> None:
    if team:
        require(actor, [team], scope=SCOPE)
    elif not actor.everywhere and not (actor.person and _leads(actor.person.ref, spec)):
        raise NotYourTeam("A new team needs you as its lead, or a platform admin, or a token that no team limits.")


def _leads(ref: str, spec: TeamSpec) -> bool:
    return MemberSpec(person=ref, role=Membership.Role.LEAD) in (spec.members or ())


def _with_roles(members: tuple[MemberSpec, ...], before: TeamSpec) -> tuple[MemberSpec, ...]:
    """Who is named without a role keeps theirs; somebody new is a member."""
    had = {member.person: member.role for member in before.members or ()}
    return tuple(
        sorted(
            MemberSpec(person=one.person, role=one.role or had.get(one.person, Membership.Role.MEMBER))
            for one in members
        )
    )


def _locked(ref: str) -> Team | None:
    return Team.objects.select_for_update(no_key=True).filter(ref=ref).first()


def _fill(team: Team, spec: TeamSpec) -> None:
    for name in COLUMNS:
        setattr(team, name, getattr(spec, name))
    team.tags, team.links = list(spec.tags), [dict(link) for link in spec.links]
    team.parent_ref, team.parent = spec.parent, team_named(spec.parent)
    team.children_refs = list(spec.children)


def _save(team: Team, *, now: datetime) -> None:
    team.version += 1
    team.updated_at = now
    team.save()


def _named(spec: TeamSpec) -> set[str]:
    return {ref for ref in (spec.parent, *spec.children, *(member.person for member in spec.members or ())) if ref}
