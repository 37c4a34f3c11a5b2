"""The policy of a running page has changed: the page keeps its version until somebody applies the new one."""

from datetime import datetime

from django.db import transaction

from catalog.access import Actor
from incidents import timeline
from incidents.escalation import ESCALATING, State, active, escalated_now, restarted
from incidents.models import Page, PolicyVersion, TimelineEntry
from incidents.operations.engaging import restart
from incidents.operations.locking import locked_incident, locked_pages
from incidents.operations.response import AlreadyResolved
from incidents.policies import PROGRESS_FIELDS, policy_for, progress_of, store, versions_in_force
from portal.lib.errors import Expected


class NothingNew(Expected):
    """This page walks the newest version of its policy already; nothing was changed."""


@transaction.atomic
def apply_new_policy(*, page: Page, by: Actor, now: datetime) -> Page:
    """Let `page` walk what its policy says now, from step one, due at once; what an earlier plan began is fenced off.

    Nobody who has it is called: they keep it, and the new steps count if it escalates again. What waits for the end of
    a maintenance window goes on waiting. Raises AlreadyResolved, NothingNew.
    """
    incident = locked_incident(page.incident_id)
    held = next(one for one in locked_pages(incident) if one.pk == page.pk)
    if not incident.is_open or held.state == State.RESOLVED:
        raise AlreadyResolved
    version = _newer(held, now)
    held.policy_version = version
    _replan(held, now)
    words = f"{by.name} applied the new version of {version.policy.name}: {_what_then(held)}"
    said = {"version": version.number}
    timeline.write(incident.pk, TimelineEntry.Kind.ESCALATED, words, at=now, by=by, page_id=held.pk, data=said)
    return held


def _newer(page: Page, now: datetime) -> PolicyVersion:
    if page.policy_version is None:
        raise NothingNew("This page follows no policy.")
    version = versions_in_force([page.policy_version.policy_id], now=now).get(page.policy_version.policy_id)
    if version is None or version.pk == page.policy_version_id:
        raise NothingNew
    return version


def _replan(page: Page, now: datetime) -> None:
    page.save(update_fields=["policy_version"])
    progress, state = progress_of(page), State(page.state)
    if state is State.ACKNOWLEDGED:
        store(active(progress, policy_for(page), now=now), page)
        page.save(update_fields=PROGRESS_FIELDS)
    elif state in ESCALATING and page.held_until is not None and page.held_until > now:
        store(restarted(progress, at=page.held_until), page)
        page.save(update_fields=PROGRESS_FIELDS)
    elif state in ESCALATING:
        restart(page, restarted(progress, at=now), now=now)
    else:
        restart(page, escalated_now(progress, now=now), now=now)


def _what_then(page: Page) -> str:
    if page.state == State.ACKNOWLEDGED:
        return "it counts if this escalates again"
    return "from step one when the maintenance window ends" if page.held_until else "from step one, now"
