"""What people do to escalation policies: say what one says from now on, whose pages walk it, and what catches the rest.

A version is never edited: a running page keeps the one it opened with, and "who would have been called then" keeps
its answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor, require, require_admin
from catalog.models import ApiToken, Person, Team
from catalog.operations import record_audit
from incidents.escalation import Step, Target, TargetKind
from incidents.models import CatchAll, EscalationPolicy, PolicyVersion, Schedule, TeamPaging
from incidents.policies import steps_json
from portal.lib import durations
from portal.lib.errors import FieldError, Invalid

SCOPE = ApiToken.Scope.ONCALL
SHORTEST, LONGEST = timedelta(seconds=10), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A policy as somebody wrote it; `steps` may name targets that are not there, `repeat` is further times through."""

    slug: str
    name: str
    team: Team | None
    steps: tuple[Step, ...]
    repeat: int = 0
    fallback: EscalationPolicy | None = None
    ack_timeout: timedelta | None = None


@transaction.atomic
def put_policy(*, draft: PolicyDraft, by: Actor, now: datetime) -> tuple[PolicyVersion, bool]:
    """Make the policy say `draft` from now on; the version in force, and whether it is a new one. Idempotent.

    A team's first policy becomes the one its pages walk. Raises Invalid, WrongScope, NotYourTeam.
    """
    require(by, [draft.team], scope=SCOPE)
    _check(_wrong(draft))
    policy, _ = EscalationPolicy.objects.get_or_create(
        slug=draft.slug, defaults={"name": draft.name, "team": draft.team, "created_at": now}
    )
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy.pk)
    require(by, [policy.team_id], scope=SCOPE)
    _rename(policy, draft)
    newest = policy.versions.order_by("number").last()
    if newest is not None and _said(newest) == _wanted(draft):
        return newest, False
    made = _write(policy, draft, number=newest.number + 1 if newest else 1, by=by, now=now)
    if draft.team is not None:
        paging, _ = TeamPaging.objects.get_or_create(team=draft.team)
        TeamPaging.objects.filter(pk=paging.pk, policy=None).update(policy=policy)
    diff = {"version": (newest.number if newest else None, made.number)}
    record_audit(actor=by, action="policy.edit", object_ref=f"policy:{policy.slug}", diff=diff, now=now)
    return made, True


@transaction.atomic
def set_team_paging(
    *, team: Team, policy: EscalationPolicy | None, schedule: Schedule | None, by: Actor, now: datetime
) -> None:
    """Which policy the team's pages walk, and which schedule is shown as its own. Raises WrongScope, NotYourTeam."""
    require(by, [team], scope=SCOPE)
    paging, _ = TeamPaging.objects.select_for_update().get_or_create(team=team)
    before, after = (paging.policy, paging.schedule), (policy, schedule)
    if before == after:
        return
    paging.policy, paging.schedule = after
    paging.save(update_fields=["policy", "schedule"])
    diff = {
        name: (old.slug if old else None, new.slug if new else None)
        for name, old, new in zip(("policy", "schedule"), before, after, strict=True)
    }
    record_audit(actor=by, action="team.paging", object_ref=team.ref, diff=diff, now=now)


@transaction.atomic
def set_catch_all(*, policy: EscalationPolicy, by: Actor, now: datetime) -> None:
    """Who is paged for what nobody owns and nobody has taken. Raises Forbidden unless a platform admin asks."""
    require_admin(by)
    known = CatchAll.objects.select_for_update().select_related("policy").first()
    if known is not None and known.policy == policy:
        return
    CatchAll.objects.update_or_create(pk=1, defaults={"policy": policy})
    diff = {"catch_all": (known.policy.slug if known else None, policy.slug)}
    record_audit(actor=by, action="policy.catch-all", object_ref=f"policy:{policy.slug}", diff=diff, now=now)


def _write(policy: EscalationPolicy, draft: PolicyDraft, *, number: int, by: Actor, now: datetime) -> PolicyVersion:
    return PolicyVersion.objects.create(
        policy=policy,
        number=number,
        since=now,
        steps=steps_json(draft.steps),
        repeat=draft.repeat,
        fallback=draft.fallback,
        ack_timeout=draft.ack_timeout,
        created_by=by.person,
    )


def _rename(policy: EscalationPolicy, draft: PolicyDraft) -> None:
    if (policy.name, policy.team, policy.retired_at) != (draft.name, draft.team, None):
        policy.name, policy.team, policy.retired_at = draft.name, draft.team, None
        policy.save(update_fields=["name", "team", "retired_at"])


def _said(version: PolicyVersion) -> tuple[object, ...]:
    return version.steps, version.repeat, version.fallback_id, version.ack_timeout


def _wanted(draft: PolicyDraft) -> tuple[object, ...]:
    fallback = draft.fallback.pk if draft.fallback else None
    return steps_json(draft.steps), draft.repeat, fallback, draft.ack_timeout


def _wrong(draft: PolicyDraft) -> Iterator[FieldError]:
    if not draft.name.strip():
        yield FieldError("name", "required", "Give the policy a name, such as the team's.")
    if not draft.steps:
        yield FieldError("steps", "required", "Name at least one step; without one nobody would be called.")
    if draft.fallback is not None and draft.fallback.slug == draft.slug:
        yield FieldError("fallback", "itself", "A policy can't fall back to itself; let it repeat instead.")
    known = _known(target for step in draft.steps for target in step.targets)
    for place, step in enumerate(draft.steps):
        yield from _wrong_step(f"steps[{place}]", step, known)


def _wrong_step(where: str, step: Step, known: Mapping[TargetKind, set[str]]) -> Iterator[FieldError]:
    if not SHORTEST <= step.delay <= LONGEST:
        least, most = durations.render(SHORTEST), durations.render(LONGEST)
        yield FieldError(f"{where}.delay", "out-of-range", f"Wait {least} to {most} before the next step.")
    if not step.targets:
        yield FieldError(f"{where}.targets", "required", "Name a schedule, a person or a team to call.")
    for target in step.targets:
        if target.ref not in known[target.kind]:
            yield FieldError(f"{where}.targets", "unknown", f"There is no {target.kind.value} {target.ref}.")


def _known(targets: Iterable[Target]) -> Mapping[TargetKind, set[str]]:
    wanted = {kind: {target.ref for target in group} for kind, group in _by_kind(targets).items()}
    people = Person.objects.filter(ref__in=wanted[TargetKind.PERSON], retired_at=None)
    teams = Team.objects.filter(ref__in=wanted[TargetKind.TEAM], retired_at=None)
    schedules = Schedule.objects.filter(slug__in=wanted[TargetKind.SCHEDULE], retired_at=None)
    return {
        TargetKind.PERSON: set(people.values_list("ref", flat=True)),
        TargetKind.TEAM: set(teams.values_list("ref", flat=True)),
        TargetKind.SCHEDULE: set(schedules.values_list("slug", flat=True)),
    }


def _by_kind(targets: Iterable[Target]) -> Mapping[TargetKind, list[Target]]:
    found: dict[TargetKind, list[Target]] = {kind: [] for kind in TargetKind}
    for target in targets:
        found[target.kind].append(target)
    return found


def _check(wrong: Iterable[FieldError]) -> None:
    found = tuple(wrong)
    if found:
        raise Invalid("; ".join(f"{error.field}: {error.message}" for error in found), errors=found)
