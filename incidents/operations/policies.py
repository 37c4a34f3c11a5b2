"""What people do to escalation policies: say what one says from now on, whose pages walk it, and what catches the rest.

A version is never edited: a running page keeps the one it opened with, and "who would have been called then" keeps
its answer.
"""

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from catalog.access import Actor, require, require_admin
from catalog.models import ApiToken, Team
from catalog.operations import record_audit
from catalog.operations.locking import hold_refs
from incidents.models import CatchAll, EscalationPolicy, PolicyVersion, Schedule, TeamPaging
from incidents.operations.policy_drafts import RESERVED, check
from incidents.operations.policy_drafts import PolicyDraft as PolicyDraft
from incidents.policies import steps_json
from incidents.policy_uses import uses_of
from portal.lib.errors import Expected, FieldError, Invalid

SCOPE = ApiToken.Scope.ONCALL


class PolicyNameTaken(Expected):
    """There is an escalation policy by this name already; choose another name."""


class PolicyUsed(Expected):
    """This policy is still used, so it can't be retired."""


@transaction.atomic
def put_policy(*, draft: PolicyDraft, by: Actor, now: datetime) -> tuple[PolicyVersion, bool]:
    """Make the policy say `draft` from now on; the version in force, and whether it is a new one. Idempotent.

    A team's first policy becomes the one its pages walk. Raises Invalid, WrongScope, NotYourTeam.
    """
    require(by, [draft.team], scope=SCOPE)
    check(draft, now=now)
    hold_refs(written=[f"escalationpolicy:{draft.slug}"])
    policy, _ = EscalationPolicy.objects.get_or_create(
        slug=draft.slug, defaults={"name": draft.name, "team": draft.team, "created_at": now}
    )
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy.pk)
    require(by, [policy.team_id], scope=SCOPE)
    diff = _rename(policy, draft)
    newest = policy.versions.order_by("number").last()
    if newest is not None and _said(newest) == _wanted(draft):
        if diff:
            record_audit(actor=by, action="policy.edit", object_ref=f"policy:{policy.slug}", diff=diff, now=now)
        return newest, False
    made = _write(policy, draft, number=newest.number + 1 if newest else 1, by=by, now=now)
    if draft.team is not None:
        paging, _ = TeamPaging.objects.get_or_create(team=draft.team)
        TeamPaging.objects.filter(pk=paging.pk, policy=None).update(policy=policy)
    diff |= {"version": (newest.number if newest else None, made.number)}
    record_audit(actor=by, action="policy.edit", object_ref=f"policy:{policy.slug}", diff=diff, now=now)
    return made, True


@transaction.atomic
def create_policy(*, draft: PolicyDraft, by: Actor, now: datetime) -> PolicyVersion:
    """A policy that is not there yet; without a slug one is made from the name. Raises PolicyNameTaken, and as
    `put_policy`.
    """
    hold_refs(written=[f"escalationpolicy:{draft.slug}"])  # of two that look for a free name, one finds it
    if not draft.slug:
        draft = _with_free_slug(draft)
    elif EscalationPolicy.objects.filter(slug=draft.slug).exists():
        raise PolicyNameTaken
    try:
        with transaction.atomic():
            return put_policy(draft=draft, by=by, now=now)[0]
    except IntegrityError as error:
        raise PolicyNameTaken from error


@transaction.atomic
def retire_policy(*, policy: EscalationPolicy, by: Actor, now: datetime) -> None:
    """Nothing opens with it any more; pages under way keep it. Raises PolicyUsed with where, NotYourTeam."""
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy.pk)
    require(by, [policy.team_id], scope=SCOPE)
    if policy.retired_at is not None:
        return
    uses = uses_of(policy, now=now)
    if uses:
        raise PolicyUsed(f"{policy.name} is still used: {'; '.join(uses.words)}. Change that first.")
    policy.retired_at = now
    policy.save(update_fields=["retired_at"])
    diff = {"retired_at": (None, now.isoformat())}
    record_audit(actor=by, action="policy.retire", object_ref=f"policy:{policy.slug}", diff=diff, now=now)


@transaction.atomic
def set_team_paging(
    *, team: Team, policy: EscalationPolicy | None, schedule: Schedule | None, by: Actor, now: datetime
) -> bool:
    """Which policy the team's pages walk, and which schedule is shown as its own; whether that changed anything.

    Raises WrongScope, NotYourTeam, Invalid.
    """
    require(by, [team], scope=SCOPE)
    paging, _ = TeamPaging.objects.select_for_update(of=("self",)).get_or_create(team=team)
    before, after = (paging.policy, paging.schedule), (policy, schedule)
    if before == after:
        return False
    _require_living("policy", policy)
    if schedule is not None and schedule.retired_at is not None:
        raise Invalid(errors=(FieldError("schedule", "retired", f"{schedule.name} is retired; choose another one."),))
    paging.policy, paging.schedule = after
    paging.save(update_fields=["policy", "schedule"])
    diff = {
        name: (old.slug if old else None, new.slug if new else None)
        for name, old, new in zip(("policy", "schedule"), before, after, strict=True)
        if old != new
    }
    record_audit(actor=by, action="team.paging", object_ref=team.ref, diff=diff, now=now)
    return True


@transaction.atomic
def set_catch_all(*, policy: EscalationPolicy, by: Actor, now: datetime) -> None:
    """Who is paged for what nobody owns and nobody has taken. Raises Forbidden unless a platform admin asks."""
    require_admin(by)
    known = CatchAll.objects.select_for_update().select_related("policy").first()
    if known is not None and known.policy == policy:
        return
    _require_living("policy", policy)
    CatchAll.objects.update_or_create(pk=1, defaults={"policy": policy})
    diff = {"catch_all": (known.policy.slug if known else None, policy.slug)}
    record_audit(actor=by, action="policy.catch-all", object_ref=f"policy:{policy.slug}", diff=diff, now=now)


def _require_living(field: str, policy: EscalationPolicy | None) -> None:
    """Under its lock, so that it is not retired at the same moment."""
    if policy is None:
        return
    held = EscalationPolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    if held.retired_at is not None:
        raise Invalid(errors=(FieldError(field, "retired", f"{held.name} is retired; choose another policy."),))


def _with_free_slug(draft: PolicyDraft) -> PolicyDraft:
    stem = slugify(draft.name)[:70] or "policy"
    taken = RESERVED | set(EscalationPolicy.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
    return replace(draft, slug=next(name for name in names if name not in taken))


def _write(policy: EscalationPolicy, draft: PolicyDraft, *, number: int, by: Actor, now: datetime) -> PolicyVersion:
    return PolicyVersion.objects.create(
        policy=policy,
        number=number,
        since=now,
        steps=steps_json(draft.steps),
        steps_low=_low_json(draft),
        repeat=draft.repeat,
        fallback=draft.fallback,
        ack_timeout=draft.ack_timeout,
        answer_within=draft.answer_within,
        created_by=by.person,
    )


def _rename(policy: EscalationPolicy, draft: PolicyDraft) -> dict[str, tuple[object, object]]:
    """Name, team, and that it is in use again; answers what changed."""
    diff: dict[str, tuple[object, object]] = {}
    if policy.name != draft.name:
        diff["name"] = (policy.name, draft.name)
    if policy.team != draft.team:
        diff["team"] = (policy.team.ref if policy.team else None, draft.team.ref if draft.team else None)
    if policy.retired_at is not None:
        diff["retired_at"] = (policy.retired_at.isoformat(), None)
    if diff:
        policy.name, policy.team, policy.retired_at = draft.name, draft.team, None
        policy.save(update_fields=["name", "team", "retired_at"])
    return diff


def _low_json(draft: PolicyDraft) -> list[dict[str, object]] | None:
    return None if draft.steps_low is None else steps_json(draft.steps_low)


def _said(version: PolicyVersion) -> tuple[object, ...]:
    return (
        version.steps,
        version.steps_low,
        version.repeat,
        version.fallback_id,
        version.ack_timeout,
        version.answer_within,
    )


def _wanted(draft: PolicyDraft) -> tuple[object, ...]:
    fallback = draft.fallback.pk if draft.fallback else None
    return steps_json(draft.steps), _low_json(draft), draft.repeat, fallback, draft.ack_timeout, draft.answer_within
