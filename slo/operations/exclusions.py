"""Exclusions: declared before or after the fact, changed, withdrawn; and bringing ledgers in line with them.

Who may: the owner team's members, platform admins, tokens with `slos:write` that reach the team. Unlike a maintenance
window a withdrawn exclusion is as if it had never been. An objective whose budget moves gets a line in the change log.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Q

from catalog.access import Actor, require_owned, system
from catalog.models import ApiToken, Component, MaintenanceWindow, Team
from catalog.operations import record_audit
from catalog.recurrence import faults
from portal.lib.clock import db_now
from portal.lib.errors import Expected, FieldError, Invalid, Missing
from portal.lib.hints import nudge
from slo import ledger
from slo.exclusions import KEPT, Reach, concerns, plan_of, reaches
from slo.models import AppliedExclusion, Exclusion, Objective
from slo.restating import Restated, restate

log = structlog.get_logger(__name__)

SCOPE = ApiToken.Scope.SLOS
AT_ONCE = 25
"""Ledgers brought in line while somebody waits; the sweep does the rest."""
TASK = "slo.reconcile_exclusions"
_LOCK = 0x510_EC1

type Target = Objective | Component | Team


class NoSuchExclusion(Missing):
    """There is no such exclusion."""


class ExclusionWithdrawn(Expected):
    """This exclusion was withdrawn; declare another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionSpec:
    """What is not to count, and why; times are aware. `rrule` repeats it by the clock of `time_zone`."""

    title: str
    starts_at: datetime
    ends_at: datetime
    rrule: str = ""
    time_zone: str = "UTC"


def declare_exclusion(*, spec: ExclusionSpec, target: Target, actor: Actor, now: datetime) -> Exclusion:
    """Leave time out of the budgets of one objective, of a component's or of a team's; it may be over already.

    Budgets are restated at once where they are few. Raises Invalid, WrongScope, NotYourTeam.
    """
    require_owned(actor, [owner_of(target)], scope=SCOPE)
    spec = checked(spec, now=now)
    if target.retired_at:
        raise _invalid(FieldError("target", "retired", f"{target.label} is retired."))
    with transaction.atomic():
        row = Exclusion.objects.create(
            objective=target if isinstance(target, Objective) else None,
            component=target if isinstance(target, Component) else None,
            team=target if isinstance(target, Team) else None,
            created_by=actor.person,
            created_at=now,
            **asdict(spec),
        )
        diff: _Diff = {"for": ("", ref_of(target)), **_diff(None, spec)}
        _record("exclusion.declare", row, diff, actor=actor, now=now)
        nudge(TASK)
    reconcile(now=now, at_most=AT_ONCE)
    return row


def change_exclusion(*, exclusion_id: int, changes: Mapping[str, Any], actor: Actor, now: datetime) -> Exclusion:
    """Change the named fields of `ExclusionSpec`, whether it has begun or not; idempotent.

    Raises NoSuchExclusion, ExclusionWithdrawn, Invalid, WrongScope, NotYourTeam.
    """
    with transaction.atomic():
        row = _locked(exclusion_id, actor)
        if row.withdrawn_at:
            raise ExclusionWithdrawn
        before = spec_of(row)
        after = checked(replace(before, **changes), now=now)
        diff = _diff(before, after)
        if not diff:
            return row
        for name in diff:
            setattr(row, name, getattr(after, name))
        row.save(update_fields=list(diff))
        _record("exclusion.update", row, diff, actor=actor, now=now)
        nudge(TASK)
    reconcile(now=now, at_most=AT_ONCE)
    return row


def withdraw_exclusion(*, exclusion_id: int, actor: Actor, now: datetime) -> Exclusion:
    """As if it had never been: what it had taken out counts again; idempotent.

    Raises NoSuchExclusion, WrongScope, NotYourTeam.
    """
    with transaction.atomic():
        row = _locked(exclusion_id, actor)
        if row.withdrawn_at:
            return row
        row.withdrawn_at, row.withdrawn_by = now, actor.person
        row.save(update_fields=["withdrawn_at", "withdrawn_by"])
        _record("exclusion.withdraw", row, {"withdrawn": (False, True)}, actor=actor, now=now)
        nudge(TASK)
    reconcile(now=now, at_most=AT_ONCE)
    return row


def spec_of(row: Exclusion) -> ExclusionSpec:
    """The row as it was declared."""
    return ExclusionSpec(**{name: getattr(row, name) for name in ExclusionSpec.__dataclass_fields__})


def target_of(row: Exclusion) -> Target:
    """What it is for."""
    found = row.objective or row.component or row.team
    assert found is not None  # noqa: S101  # by exclusion_of_one_thing
    return found


def ref_of(target: Target) -> str:
    """`slo:ci-jobs`, `component:default/ci-runners` or `group:default/build-ci`."""
    return f"slo:{target.name}" if isinstance(target, Objective) else target.ref


def checked(spec: ExclusionSpec, *, now: datetime) -> ExclusionSpec:
    """Tidied, to whole minutes, for those are counted. Raises Invalid."""
    spec = replace(
        spec,
        title=spec.title.strip(),
        rrule=spec.rrule.strip().upper().removeprefix("RRULE:"),
        starts_at=spec.starts_at.replace(second=0, microsecond=0),
        ends_at=spec.ends_at.replace(second=0, microsecond=0),
    )
    found = []
    if not 0 < len(spec.title) <= 200:
        found.append(FieldError("title", "required", "Say in 1 to 200 characters why this is not to count."))
    if spec.starts_at < now - KEPT:
        found.append(FieldError("starts_at", "forgotten", f"Counts are kept for {KEPT.days} days."))
    if len(spec.rrule) > 500:
        found.append(FieldError("rrule", "too_long", "Use at most 500 characters."))
    elif len(spec.time_zone) > 64:
        found.append(FieldError("time_zone", "unknown_zone", "Use a name such as Europe/Berlin or UTC."))
    else:
        found += [FieldError(*fault) for fault in faults(plan_of(Exclusion(**asdict(spec))))]
    if found:
        raise _invalid(*found)
    return spec


def owner_of(target: Target) -> Team | None:
    """Whose budgets are restated."""
    if isinstance(target, Objective):
        return target.definition.component.owner
    return target if isinstance(target, Team) else target.owner


def _locked(exclusion_id: int, actor: Actor) -> Exclusion:
    rows = Exclusion.objects.select_for_update(of=("self",)).select_related(
        "objective__definition__component__owner", "component__owner", "team"
    )
    row = rows.filter(pk=exclusion_id).first()
    if row is None:
        raise NoSuchExclusion
    require_owned(actor, [owner_of(target_of(row))], scope=SCOPE)
    return row


type _Diff = dict[str, tuple[object, object]]


def _diff(before: ExclusionSpec | None, after: ExclusionSpec) -> _Diff:
    had = asdict(before) if before else {}
    pairs = {name: (had.get(name, ""), value) for name, value in asdict(after).items()}
    return {name: (_plain(old), _plain(new)) for name, (old, new) in pairs.items() if old != new}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _invalid(*errors: FieldError) -> Invalid:
    return Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def _record(action: str, row: Exclusion, diff: _Diff, *, actor: Actor, now: datetime) -> None:
    owner = owner_of(target_of(row))
    record_audit(
        actor=actor,
        action=action,
        object_ref=f"exclusion:{row.pk}",
        diff=diff,
        now=now,
        owner_ref=owner.ref if owner else "",
    )


# ── bringing ledgers in line ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many ledgers were looked at, how many of those changed, and how many are left for the next sweep."""

    looked_at: int = 0
    changed: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An exclusion or a window as it stands: what decides its minutes, and the ledgers it is for."""

    row: Exclusion | MaintenanceWindow
    fingerprint: str
    ledgers: frozenset[int]

    @property
    def name(self) -> str:
        """For the change log."""
        return f"{'exclusion' if isinstance(self.row, Exclusion) else 'window'}:{self.row.pk}"


def reconcile(*, now: datetime, at_most: int | None = None) -> Reconciled:
    """Bring every ledger in line with the exclusions and maintenance windows that were declared, changed or withdrawn.

    What is compared is how each stands with how it stood when it was last applied, and to which ledgers; a ledger is
    aligned in a transaction of its own and compares minutes, so dying anywhere in between costs only a repetition.
    One runs at a time; who comes second leaves it to the first and to the next sweep.
    """
    with _alone() as mine:
        return _reconcile(now, at_most) if mine else Reconciled()


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        mine = cursor.fetchone() == (True,)
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _reconcile(now: datetime, at_most: int | None) -> Reconciled:
    stale = list(_stale(now))
    reasons = {ledger_id: one.name for one, ledgers in stale for ledger_id in ledgers}
    chosen = sorted(reasons)[:at_most]
    done, changed = set(), 0
    for ledger_id in chosen:
        try:
            changed += _align(ledger_id, because=reasons[ledger_id])
        except ledger.FoldingNow:
            break
        except Exception:  # one ledger that can't be aligned must not keep the others waiting; it is tried again
            log.exception("alignment_failed", ledger=ledger_id)
            continue
        done.add(ledger_id)
    for one, ledgers in stale:
        if ledgers <= done:
            _applied(one, now)
    return Reconciled(len(done), changed, len(reasons) - len(done))


def _stale(now: datetime) -> Iterator[tuple[_Wanted, frozenset[int]]]:
    """What stands otherwise than it was applied, with the ledgers which that concerns, before or now."""
    known = AppliedExclusion.objects.select_related("exclusion", "window")
    applied = {one.exclusion or one.window: one for one in known}
    since = now - KEPT
    lasting = Q(withdrawn_at=None) & (~Q(rrule="") | Q(ends_at__gt=since))
    ours: Iterable[Exclusion | MaintenanceWindow] = Exclusion.objects.filter(lasting)
    standing = MaintenanceWindow.objects.filter(excludes_budget=True)
    theirs: Iterable[Exclusion | MaintenanceWindow] = standing.filter(~Q(rrule="") | Q(ends_at__gt=since))
    rows = {*ours, *theirs}
    everyone = reaches(cursor__isnull=False) if rows else []
    for row in sorted({*rows, *(one for one in applied if one)}, key=lambda one: (type(one).__name__, one.pk)):
        wanted = _wanted(row, everyone if row in rows else ())
        was = applied.get(row)
        before = frozenset(was.ledgers) if was else frozenset()
        if was and was.fingerprint == wanted.fingerprint:
            concerned = before ^ wanted.ledgers
        else:
            concerned = before | wanted.ledgers
        if concerned or was is None or was.fingerprint != wanted.fingerprint:
            yield wanted, concerned


def _wanted(row: Exclusion | MaintenanceWindow, everyone: Collection[Reach]) -> _Wanted:
    decides = (plan_of(row), row.withdrawn_at, getattr(row, "excludes_budget", True))
    fingerprint = hashlib.sha256(repr(decides).encode()).hexdigest()
    return _Wanted(row, fingerprint, frozenset(one.ledger_id for one in everyone if concerns(row, one)))


@transaction.atomic
def _align(ledger_id: int, *, because: str) -> bool:
    held = ledger.hold(ledger_id)
    now = db_now()
    if held is None or not ledger.align(held, now=now):
        return False
    restated = restate(ledger_id, reason=f"Minutes were left out or taken in ({because})", now=now)
    if restated:
        note_restated(restated, because=because, actor=system("exclusions"), now=now)
    return True


def note_restated(restated: Restated, *, because: str, actor: Actor, now: datetime) -> None:
    """A line in the change log for an objective whose figures are others now."""
    before, after = asdict(restated.before), asdict(restated.after)
    diff = {name: (_figure(before[name]), _figure(after[name])) for name in before if before[name] != after[name]}
    owner = restated.objective.definition.component.owner
    record_audit(
        actor=actor,
        action="objective.restate",
        object_ref=f"slo:{restated.objective.name}",
        diff={**diff, "because": ("", because)},
        now=now,
        owner_ref=owner.ref if owner else "",
    )


def _figure(value: object) -> object:
    return value if value is None or isinstance(value, float) else f"{value:f}"


def _applied(one: _Wanted, now: datetime) -> None:
    key = {"exclusion": one.row} if isinstance(one.row, Exclusion) else {"window": one.row}
    gone = isinstance(one.row, Exclusion) and one.row.withdrawn_at is not None
    if gone and not one.ledgers:
        AppliedExclusion.objects.filter(**key).delete()
        return
    AppliedExclusion.objects.update_or_create(
        **key,
        defaults={"fingerprint": one.fingerprint, "ledgers": sorted(one.ledgers), "applied_at": now},
    )
