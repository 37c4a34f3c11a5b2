"""Fire drills: a test page through the real chain of a component, marked as one everywhere, and what it came to.

A drill is an incident of its own, without alerts: nothing joins it and it joins nothing. Its pages are opened by what
opens those of real ones, and go after all of theirs, in the sweeps and in the outbox.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, OperationalError, transaction

from catalog.access import Actor, require_owned
from catalog.models import ApiToken, Component
from catalog.operations import record_audit
from incidents import drill_reports, timeline
from incidents.escalation import State
from incidents.firing import Firing
from incidents.models import Drill, DrillPlan, Incident, Page, Severity, TimelineEntry
from incidents.operations.closing import finish
from incidents.operations.engaging import DRILL
from incidents.operations.known import Known
from incidents.operations.locking import locked_incident, locked_pages
from incidents.operations.opening import begin_paging
from incidents.pauses import pause_at
from incidents.simulating import chain
from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.hints import nudge

log = structlog.get_logger(__name__)
Outcome = Drill.Outcome

LASTS = timedelta(hours=1)
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=4)
WHY = "P1: a fire drill walks the chain of a P1"
REPORTED = {
    Outcome.ANSWERED: "Drill over: everybody who was called answered",
    Outcome.CATCH_ALL: "Drill over: only the catch-all answered",
    Outcome.UNANSWERED: "Drill over: everybody was asked, and it was not answered",
    Outcome.LATE: "Drill over: not answered in time",
    Outcome.STOPPED: "Drill over: it was stopped",
}


class PagingPaused(Expected):
    """All paging is paused, so a drill would reach nobody; begin it when the pause is over."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The drill; not `new` where one of this component was under way already."""

    drill: Drill
    new: bool


@transaction.atomic
def begin_drill(
    *, component: Component, by: Actor, now: datetime, lasts: timedelta = LASTS, plan: DrillPlan | None = None
) -> Begun:
    """Page the chain of `component` as at P1, as a test; asked again while it runs, it is the same drill.

    It ends when everybody called has answered, when all were asked, or after `lasts`. Raises NotYourTeam, WrongScope,
    PagingPaused, and Invalid for a component that is retired or a `lasts` that is too short or too long.
    """
    require_owned(by, [component.owner], scope=ApiToken.Scope.INCIDENTS)
    _check(component, lasts)
    running = _running(component)
    if running is not None:
        return Begun(running, new=False)
    if pause_at(now) is not None:
        raise PagingPaused
    firing = Firing(key="", source=DRILL, summary=_title(component), component=component, severity=Severity.P1)
    engaged = chain(firing=firing, at=now)
    try:
        with transaction.atomic():  # two clicks at once: the later one waits here, and then finds the other's
            drill = _open(component, by, now, now + lasts, plan)
    except IntegrityError:
        running = _running(component)
        if running is None:
            raise
        return Begun(running, new=False)
    drill.expected = drill_reports.expected(engaged)
    drill.save(update_fields=["expected"])
    begin_paging(drill.incident, Known(now))
    record_audit(
        actor=by, action="drill.begin", object_ref=component.ref, diff={"drill": (None, drill.incident.label)}, now=now
    )
    nudge("incidents.advance_due")
    return Begun(drill, new=True)


def end_due(*, now: datetime) -> int:
    """End the drills that are over; how many. One that fails holds up no other, and is looked at again."""
    running = Drill.objects.filter(ended_at=None).order_by("ends_by", "pk").values_list("pk", flat=True)
    return sum(_each(pk, now) for pk in list(running))


@transaction.atomic
def end(pk: int, *, now: datetime) -> bool:
    """End this drill where it is over: resolve its incident, and keep the report. Says whether it did."""
    incidents = Incident.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    incident = incidents.select_related("component", "owner").filter(drill=pk).first()
    drill = Drill.objects.filter(pk=pk, ended_at=None).first() if incident is not None else None
    if drill is None or incident is None:
        return False  # somebody holds it, or ended it
    outcome = _outcome(incident, locked_pages(incident), late=now >= drill.ends_by)
    if outcome is None:
        return False
    drill.incident = incident
    told = drill_reports.report(drill, now=now)
    if incident.is_open:
        finish(incident, by=timeline.PORTICO, words=REPORTED[outcome], now=now)
    drill.ended_at, drill.outcome, drill.report = now, outcome, told
    drill.save(update_fields=["ended_at", "outcome", "report"])
    return True


@transaction.atomic
def stop_drill(*, drill: Drill, by: Actor, now: datetime) -> Drill:
    """End a drill before its time, with its report; one that is over stays as it is. Raises NotYourTeam, WrongScope."""
    require_owned(by, [drill.component.owner if drill.component else None], scope=ApiToken.Scope.INCIDENTS)
    incident = locked_incident(drill.incident_id)
    if incident.is_open:
        finish(incident, by=by, words=f"Drill stopped by {by.name}", now=now)
        record_audit(
            actor=by,
            action="drill.stop",
            object_ref=drill.component_ref,
            diff={"drill": (incident.label, None)},
            now=now,
        )
    end(drill.pk, now=now)
    drill.refresh_from_db()
    return drill


def _open(component: Component, by: Actor, now: datetime, ends_by: datetime, plan: DrillPlan | None) -> Drill:
    incident = Incident.objects.create(
        title=_title(component)[:300],
        component=component,
        component_ref=component.ref,
        owner=component.owner,
        severity=Severity.P1,
        severity_reason=WHY,
        source=DRILL,
        group=f"{DRILL}:{component.ref}"[:300],
        is_drill=True,
        opened_at=now,
    )
    words = f"Fire drill, begun by {by.name}{' as planned' if plan else ''}: this is a test, nothing is broken."
    timeline.write(incident.pk, TimelineEntry.Kind.OPENED, words, at=now, by=by)
    return Drill.objects.create(
        incident=incident,
        component=component,
        component_ref=component.ref,
        team=component.owner,
        plan=plan,
        begun_at=now,
        begun_by=by.person,
        begun_name=by.name,
        ends_by=ends_by,
    )


def _title(component: Component) -> str:
    return f"Fire drill of {component.label}: nothing is broken"


def _check(component: Component, lasts: timedelta) -> None:
    wrong = []
    if component.retired_at is not None:
        wrong.append(FieldError("component", "invalid", "It is retired, so nobody is to be called for it."))
    if not SHORTEST <= lasts <= LONGEST:
        wrong.append(FieldError("minutes", "invalid", "A drill lasts at least 5 minutes and at most 240."))
    if wrong:
        raise Invalid(errors=tuple(wrong))


def _running(component: Component) -> Drill | None:
    return Drill.objects.select_related("incident").filter(component=component, ended_at=None).first()


def _outcome(incident: Incident, pages: list[Page], *, late: bool) -> Outcome | None:
    """What it came to; None while somebody is still to be asked, or to answer."""
    taken = {page.pk for page in pages if page.acknowledged_by_id is not None}
    if pages and len(taken) == len(pages):
        return Outcome.CATCH_ALL if any(page.exhausted_at is not None for page in pages) else Outcome.ANSWERED
    if not incident.is_open:
        return Outcome.STOPPED
    if all(page.pk in taken or page.state == State.EXHAUSTED for page in pages):
        answered = any(page.pk in taken and page.role == Page.Role.CATCH_ALL for page in pages)
        return Outcome.CATCH_ALL if answered else Outcome.UNANSWERED
    return Outcome.LATE if late else None


def _each(pk: int, now: datetime) -> bool:
    try:
        return end(pk, now=now)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("a drill could not be ended", drill=pk, error=str(error))
        return False
