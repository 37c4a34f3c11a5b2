"""Maintenance windows: planned, changed, withdrawn.

Who may: the owner team's members, platform admins, tokens with `components:write` that reach the team. What has
happened stays: a window that has begun keeps its beginning, and a withdrawn one counts until it was withdrawn.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, require_owned
from catalog.models import ApiToken, Component, MaintenanceWindow, Team
from catalog.operations.audit import record_audit
from catalog.recurrence import Plan, faults
from portal.lib.errors import Expected, FieldError, Invalid, Missing
from portal.lib.hints import nudge

SCOPE = ApiToken.Scope.COMPONENTS


class NoSuchWindow(Missing):
    """There is no such maintenance window."""


class WindowBegun(Expected):
    """It has begun: only its title, and the end of a single one, can still change. Withdraw it and plan another."""


class WindowWithdrawn(Expected):
    """This window was withdrawn; plan another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpec:
    """What is planned; times are aware. `rrule` repeats it by the clock of `time_zone`."""

    title: str
    starts_at: datetime
    ends_at: datetime
    rrule: str = ""
    time_zone: str = "UTC"
    holds_pages: bool = True
    excludes_budget: bool = False


@transaction.atomic
def declare_window(*, spec: WindowSpec, target: Component | Team, actor: Actor, now: datetime) -> MaintenanceWindow:
    """Plan work on a component, or on all that a team owns. Raises Invalid, WrongScope, NotYourTeam."""
    require_owned(actor, [_owner(target)], scope=SCOPE)
    spec = _checked(spec)
    if not spec.rrule and spec.ends_at <= now:
        raise _invalid(FieldError("ends_at", "in_the_past", "It is over already; choose an end still to come."))
    if target.retired_at:
        raise _invalid(FieldError("target", "retired", f"{target.label} is retired."))
    row = MaintenanceWindow.objects.create(
        component=target if isinstance(target, Component) else None,
        team=target if isinstance(target, Team) else None,
        created_by=actor.person,
        created_at=now,
        **asdict(spec),
    )
    diff: dict[str, tuple[object, object]] = {"for": ("", target.ref)}
    _record("window.declare", row, {**diff, **_diff(None, spec)}, actor=actor, now=now)
    return row


@transaction.atomic
def change_window(*, window_id: int, changes: Mapping[str, Any], actor: Actor, now: datetime) -> MaintenanceWindow:
    """Change the named fields of `WindowSpec`; idempotent.

    Raises NoSuchWindow, Invalid, WindowBegun, WindowWithdrawn, WrongScope, NotYourTeam.
    """
    row = _locked(window_id, actor)
    if row.withdrawn_at:
        raise WindowWithdrawn
    before = window_spec(row)
    after = _checked(replace(before, **changes))
    diff = _diff(before, after)
    if not diff:
        return row
    _keep_the_past(row, after, diff.keys(), now)
    for name in diff:
        setattr(row, name, getattr(after, name))
    row.save(update_fields=list(diff))
    _record("window.update", row, diff, actor=actor, now=now)
    return row


@transaction.atomic
def withdraw_window(*, window_id: int, actor: Actor, now: datetime) -> MaintenanceWindow:
    """Call it off, or end it now; what was until now counts; idempotent.

    Raises NoSuchWindow, WrongScope, NotYourTeam.
    """
    row = _locked(window_id, actor)
    if row.withdrawn_at is None:
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        _record("window.withdraw", row, {"withdrawn": (False, True)}, actor=actor, now=now)
    return row


def window_spec(row: MaintenanceWindow) -> WindowSpec:
    """The row as it was planned."""
    return WindowSpec(**{name: getattr(row, name) for name in WindowSpec.__dataclass_fields__})


def _locked(window_id: int, actor: Actor) -> MaintenanceWindow:
    rows = MaintenanceWindow.objects.select_for_update(of=("self",)).select_related("component__owner", "team")
    row = rows.filter(pk=window_id).first()
    if row is None:
        raise NoSuchWindow
    require_owned(actor, [_owner(_target(row))], scope=SCOPE)
    return row


def _target(row: MaintenanceWindow) -> Component | Team:
    found = row.component or row.team
    assert found is not None  # noqa: S101  # by window_for_a_component_or_a_team
    return found


def _owner(target: Component | Team) -> Team | None:
    return target if isinstance(target, Team) else target.owner


def _checked(spec: WindowSpec) -> WindowSpec:
    """Tidied, to whole seconds, for rules know no smaller ones. Raises Invalid."""
    spec = replace(
        spec,
        title=spec.title.strip(),
        rrule=spec.rrule.strip().upper().removeprefix("RRULE:"),
        starts_at=spec.starts_at.replace(microsecond=0),
        ends_at=spec.ends_at.replace(microsecond=0),
    )
    found = []
    if not 0 < len(spec.title) <= 200:
        found.append(FieldError("title", "required", "Say in 1 to 200 characters what is planned."))
    if len(spec.rrule) > 500:
        found.append(FieldError("rrule", "too_long", "Use at most 500 characters."))
    elif len(spec.time_zone) > 64:
        found.append(FieldError("time_zone", "unknown_zone", "Use a name such as Europe/Berlin or UTC."))
    else:
        found += [FieldError(*fault) for fault in faults(plan_of(spec))]
    if found:
        raise _invalid(*found)
    return spec


def plan_of(window: WindowSpec | MaintenanceWindow) -> Plan:
    """For `catalog.recurrence`."""
    return Plan(window.starts_at.astimezone(UTC), window.ends_at.astimezone(UTC), window.rrule, window.time_zone)


def _keep_the_past(row: MaintenanceWindow, after: WindowSpec, changed: Any, now: datetime) -> None:  # noqa: ANN401
    if row.starts_at > now:
        return
    free = {"title"} if row.rrule else {"title", "ends_at"}
    if not set(changed) <= free:
        raise WindowBegun
    if "ends_at" in changed and min(row.ends_at, after.ends_at) < now:
        raise WindowBegun("It can't end, or go on, in the past; plan another.")


def _diff(before: WindowSpec | None, after: WindowSpec) -> dict[str, tuple[object, object]]:
    had = asdict(before) if before else {}
    pairs = {name: (had.get(name, ""), value) for name, value in asdict(after).items()}
    return {name: (_plain(old), _plain(new)) for name, (old, new) in pairs.items() if old != new}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _invalid(*errors: FieldError) -> Invalid:
    return Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def _record(
    action: str, row: MaintenanceWindow, diff: Mapping[str, tuple[object, object]], *, actor: Actor, now: datetime
) -> None:
    owner = _owner(_target(row))
    nudge("slo.reconcile_exclusions")  # budgets may have to follow; without the hint the beat sees to it
    record_audit(
        actor=actor,
        action=action,
        object_ref=f"window:{row.pk}",
        diff=diff,
        now=now,
        owner_ref=owner.ref if owner else "",
    )
