"""Planned fire drills: made, changed and withdrawn by people; begun by the sweep, when their column says so."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import available_timezones

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, Max

from catalog.access import Actor, require_owned, system
from catalog.models import ApiToken, Component, Team
from catalog.operations import record_audit
from incidents.models import DrillPlan, Incident, Severity
from incidents.oncall.recurring import next_time
from incidents.operations.drills import begin_drill
from portal.lib.errors import Expected, FieldError, Invalid, Missing

log = structlog.get_logger(__name__)
SCOPE = ApiToken.Scope.INCIDENTS
PORTICO = system("drills")
TOO_LATE = timedelta(hours=1)
"""A drill planned for the day must not begin at night because nobody swept in between."""


class NoSuchPlan(Missing):
    """There is no such planned drill, or it was withdrawn."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every week, or on the first such weekday of every month (Monday is 0), at that time by the clock of the zone."""

    every: str
    weekday: int
    at: time
    time_zone: str


@transaction.atomic
def put_plan(
    *, of: Component | Team, rhythm: Rhythm, by: Actor, now: datetime
) -> tuple[DrillPlan, bool]:  # fmt: skip
    """Drills of a component, or of a team's components in turn; there is one plan of each. Says whether it is new.

    Raises NotYourTeam, WrongScope, Invalid.
    """
    owner = of if isinstance(of, Team) else of.owner
    require_owned(by, [owner], scope=SCOPE)
    _check(of, rhythm)
    target = {"team": of} if isinstance(of, Team) else {"component": of}
    said = {"every": rhythm.every, "weekday": rhythm.weekday, "at": rhythm.at, "time_zone": rhythm.time_zone}
    said_json = {**said, "at": rhythm.at.isoformat("minutes")}
    due = _next(rhythm, now)
    made, new = DrillPlan.objects.select_for_update(no_key=True).get_or_create(
        **target, removed_at=None, defaults={**said, "next_at": due, "created_at": now, "created_by": by.person}
    )
    before = None if new else {name: getattr(made, name) for name in said}
    if new or before != said:
        for name, value in {**said, "next_at": due}.items():
            setattr(made, name, value)
        made.save(update_fields=[*said, "next_at"])
        told = {**before, "at": before["at"].isoformat("minutes")} if before else None
        record_audit(actor=by, action="drill-plan.set", object_ref=of.ref, diff={"plan": (told, said_json)}, now=now)
    return made, new


@transaction.atomic
def remove_plan(*, pk: int, by: Actor, now: datetime) -> None:
    """No further drills by it; those that were stay. Raises NoSuchPlan, NotYourTeam, WrongScope."""
    rows = DrillPlan.objects.select_for_update(no_key=True, of=("self",)).filter(pk=pk, removed_at=None)
    plan = rows.select_related("component__owner", "team").first()
    if plan is None:
        raise NoSuchPlan
    require_owned(by, [owner_of(plan)], scope=SCOPE)
    plan.removed_at = now
    plan.save(update_fields=["removed_at"])
    ref = plan.component.ref if plan.component else plan.team.ref if plan.team else ""
    record_audit(actor=by, action="drill-plan.remove", object_ref=ref, diff={"plan": (plan.every, None)}, now=now)


def owner_of(plan: DrillPlan) -> Team | None:
    """Whose it is."""
    return plan.team if plan.team_id else plan.component.owner if plan.component else None


def begin_due(*, now: datetime) -> int:
    """Begin what is planned for now; how many drills that made. One that fails holds up no other."""
    due = DrillPlan.objects.filter(removed_at=None, next_at__lte=now).order_by("next_at")
    return sum(_each(pk, now) for pk in list(due.values_list("pk", flat=True)[:100]))


def _each(pk: int, now: datetime) -> bool:
    try:
        return _begin(pk, now)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("a planned drill could not begin", plan=pk, error=str(error))
        DrillPlan.objects.filter(pk=pk).update(next_at=now + TOO_LATE, last_words=f"Failed: {error}"[:300])
        return False


@transaction.atomic
def _begin(pk: int, now: datetime) -> bool:
    rows = DrillPlan.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    plan = rows.select_related("component__owner", "team").filter(pk=pk, removed_at=None, next_at__lte=now).first()
    if plan is None:
        return False
    late = now - plan.next_at
    plan.next_at = _next(Rhythm(plan.every, plan.weekday, plan.at, plan.time_zone), now)
    words = f"Left out: it was {late // timedelta(hours=1)} hours late, for nobody swept." if late > TOO_LATE else ""
    component = plan.component or _whose_turn(plan.team_id or 0)
    if not words:
        words = _begun(plan, component, now)
    plan.last_words = words[:300]
    plan.save(update_fields=["next_at", "last_words"])
    return not words


def _begun(plan: DrillPlan, component: Component | None, now: datetime) -> str:
    """Begin it; or why not."""
    if component is None or component.retired_at is not None:
        return "Left out: there is no component to drill."
    busy = Incident.objects.filter(component=component, severity__lte=Severity.P2, is_drill=False)
    open_one = busy.exclude(state=Incident.State.RESOLVED).first()
    if open_one is not None:
        return f"Left out: {open_one.label} was open, and its people had other things to do."
    try:
        begin_drill(component=component, by=PORTICO, now=now, plan=plan)
    except Expected as error:
        return f"Left out: {error}"
    return ""


def _whose_turn(team_id: int) -> Component | None:
    """Of a team's components the one drilled longest ago, those never drilled first, the most important first."""
    theirs = Component.objects.filter(owner=team_id, retired_at=None).select_related("owner")
    last = theirs.annotate(last_drill=Max("drills__begun_at"))
    return last.order_by(F("last_drill").asc(nulls_first=True), F("tier").asc(nulls_last=True), "name", "pk").first()


def _next(rhythm: Rhythm, after: datetime) -> datetime:
    monthly = rhythm.every == DrillPlan.Every.MONTH
    return next_time(
        monthly=monthly, weekday=rhythm.weekday, at=rhythm.at, zone=rhythm.time_zone, after=after
    )  # fmt: skip


def _check(of: Component | Team, rhythm: Rhythm) -> None:
    wrong = []
    if of.retired_at is not None:
        name = "team" if isinstance(of, Team) else "component"
        wrong.append(FieldError(name, "invalid", "It is retired, so nobody is to be called for it."))
    if rhythm.every not in DrillPlan.Every.values:
        wrong.append(FieldError("every", "invalid", "Use week or month."))
    if rhythm.weekday not in range(7):
        wrong.append(FieldError("weekday", "invalid", "Use 0 to 6; Monday is 0."))
    if rhythm.time_zone not in available_timezones():
        wrong.append(FieldError("time_zone", "invalid", "Use a time zone such as Europe/Berlin."))
    if wrong:
        raise Invalid(errors=tuple(wrong))
