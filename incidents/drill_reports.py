"""What a fire drill came to: who would have been and who was reached, when, by which step and channel, and the holes.

Read from the rows of its pages while it runs, and kept with the drill when it ends, for messages are not kept for good.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from incidents.coverage import UNREADABLE, coverage
from incidents.escalation import TargetKind
from incidents.models import Drill, Notification, Page, PageStep
from incidents.oncall import rotation
from incidents.oncall.schedules import rotation_of, with_layers
from incidents.oncall.stretches import Stretch, joined, length
from incidents.policies import policy_of
from incidents.simulating import Engaged

type Json = dict[str, Any]
FURTHER = timedelta(weeks=4)
LOOKS_AROUND = timedelta(weeks=1)


def expected(engaged: Iterable[Engaged]) -> list[Json]:
    """What a simulation said would happen if nobody answered, to be kept."""
    return [
        {
            "role": one.role,
            "team": one.team or one.role,
            "routing": one.routing,
            "calls": [
                {"at": call.at.isoformat(), "person": call.person, "ref": call.person_ref, "channel": call.channel}
                for call in one.calls
            ],
            "exhausted_at": one.exhausted_at.isoformat() if one.exhausted_at else None,
        }
        for one in engaged
    ]


def report(drill: Drill, *, now: datetime) -> Json:
    """`teams`: each page with its steps and calls; `holes`: where a step reached nobody, and from when to when that
    lasted; `ahead`: when the owner's chain reaches nobody in the next four weeks.
    """
    pages = pages_of(drill)
    steps = [step for page in pages for step in page.steps.all()]
    return {
        "teams": [_team(page, drill) for page in pages],
        "holes": [hole for step in steps if not step.people for hole in _holes(step)],
        "ahead": _ahead(pages, now),
    }


def pages_of(drill: Drill) -> list[Page]:
    """With their steps and messages."""
    sent = Notification.objects.filter(kind=Notification.Kind.PAGE).select_related("person", "step")
    steps = PageStep.objects.select_related("policy_version__policy")
    return list(
        drill.incident.pages.select_related("team", "person", "acknowledged_by", "policy_version__policy")
        .prefetch_related(Prefetch("steps", steps), Prefetch("notifications", sent.order_by("due_at", "pk")))
        .order_by("pk")
    )


def _team(page: Page, drill: Drill) -> Json:
    who = page.acknowledged_by
    return {
        "role": page.get_role_display(),
        "team": page.team.label if page.team else page.person.label if page.person else page.get_role_display(),
        "policy": page.policy_version.policy.name if page.policy_version else "",
        "routing": page.routing,
        "state": page.state,
        "answered_by": who.label if who else "",
        "answered_ref": who.ref if who else "",
        "answered_at": _text(page.acknowledged_at),
        "answered_after": _seconds(page.acknowledged_at, drill.begun_at),
        "exhausted_at": _text(page.exhausted_at),
        "steps": [
            {"at": _text(step.at), "words": step.words, "reached": bool(step.people)} for step in page.steps.all()
        ],
        "calls": [_call(note, drill) for note in page.notifications.all()],
    }


def _call(note: Notification, drill: Drill) -> Json:
    return {
        "person": note.person.label,
        "ref": note.person.ref,
        "channel": note.channel,
        "step": note.step.step + 1 if note.step else None,
        "round": note.step.cycle + 1 if note.step else None,
        "due_at": _text(note.due_at),
        "sent_at": _text(note.sent_at),
        "sent_after": _seconds(note.sent_at, drill.begun_at),
        "state": note.state,
        "error": note.error,
    }


def _holes(step: PageStep) -> list[Json]:
    """For a step that reached nobody, each schedule of it that had nobody then, and from when to when."""
    version = step.policy_version
    if version is None:
        return []
    try:
        targets = policy_of(version).steps[step.step].targets
    except (*UNREADABLE, IndexError):
        return []
    slugs = [target.ref for target in targets if target.kind is TargetKind.SCHEDULE]
    found = []
    for row in with_layers(slugs, overrides_from=step.at - LOOKS_AROUND) if slugs else []:
        try:
            around = rotation.stretches(rotation_of(row), step.at - LOOKS_AROUND, step.at + LOOKS_AROUND)
        except UNREADABLE:
            continue
        gap = next((one for one in _nobody(around) if one[0] <= step.at < one[1]), None)
        if gap is not None:
            place = {"schedule": row.name, "slug": row.slug, "step": step.step + 1, "at": _text(step.at)}
            found.append({**place, **_said(*gap, row.time_zone)})
    return found


def _nobody(around: Sequence[rotation.Stretch]) -> list[Stretch]:
    gaps = [one for one in around if isinstance(one, rotation.Gap)]
    return joined((one.start, one.end) for one in gaps if one.start is not None and one.end is not None)


def _ahead(pages: Sequence[Page], now: datetime) -> Json:
    """Of the page that decides: its team's policy in force, with the catch-all."""
    owner = next((page for page in pages if page.role == Page.Role.OWNER), None)
    version = next((step.policy_version for step in owner.steps.all()), owner.policy_version) if owner else None
    policy = version.policy_id if version else None
    holes = coverage([policy] if policy else [], now=now, ahead=FURTHER).of(policy)
    return {
        "hours": round(length(holes) / timedelta(hours=1), 2),
        "first": [{"start": _text(start), "end": _text(end)} for start, end in holes[:5]],
    }


def _said(start: datetime, end: datetime, zone: str) -> Mapping[str, str]:
    """The hole by the clock of its schedule, with the zone's name at either end, for the clock may change within."""
    here = ZoneInfo(zone)
    words = f"{start.astimezone(here):%a %d %b %H:%M %Z} – {end.astimezone(here):%a %d %b %H:%M %Z}"
    return {"start": start.isoformat(), "end": end.isoformat(), "zone": zone, "words": words}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _seconds(at: datetime | None, since: datetime) -> float | None:
    return round((at - since).total_seconds(), 1) if at else None
