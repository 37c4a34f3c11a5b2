"""Nobody has taken it: the catch-all is paged, and where there is none, the incident says so in red."""

from collections.abc import Sequence
from datetime import datetime

from incidents import timeline
from incidents.escalation import State, reopened
from incidents.models import Page, TimelineEntry
from incidents.operations.engaging import NOBODY, Route, by_catch_all, catch_all_version, open_page, restart
from incidents.policies import progress_of


def engage(exhausted: Sequence[Page], *, now: datetime) -> None:
    """Page the catch-all for incidents (held) of these pages; an exhausted catch-all has nobody behind it any more."""
    incidents = {page.incident_id: page.incident for page in exhausted if page.role != Page.Role.CATCH_ALL}
    if not incidents:
        return
    version = catch_all_version(now=now)
    if version is None:
        entries = [timeline.entry(pk, TimelineEntry.Kind.EXHAUSTED, NOBODY, at=now) for pk in incidents]
        TimelineEntry.objects.bulk_create(entries)
        return
    words = f"Nobody has taken it; {by_catch_all(version)}"
    for incident in incidents.values():
        page = open_page(incident, Route(Page.Role.CATCH_ALL, words, version=version), now=now)
        if page.state == State.RESOLVED:  # asked in an earlier round of this incident
            page.policy_version = version
            page.save(update_fields=["policy_version"])
            restart(page, reopened(progress_of(page), now=now), now=now)
