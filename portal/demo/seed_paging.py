"""Who is on call for the demo's teams, who is paged when, and how everybody can be told."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from catalog.access import Actor
from catalog.models import Person, Team
from incidents.escalation import Step, Target, TargetKind
from incidents.models import EscalationPolicy, Integration, Schedule
from incidents.operations.contacts import put_method
from incidents.operations.integrations import create_integration
from incidents.operations.policies import PolicyDraft, put_policy, set_catch_all, set_team_paging
from incidents.operations.schedules import Turns, put_schedule
from portal.demo.documents import Item
from portal.lib import durations

WEEKS = 10
"""How far back somebody was on call; further than `portal.demo.past` goes."""
ALERTMANAGER = "Alertmanager of the clusters"
INTEGRATIONS: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    (ALERTMANAGER, Integration.Kind.ALERTMANAGER, "observability", {"grouping": "component"}),
    ("Nightly backup of etcd", Integration.Kind.HEARTBEAT, "kubernetes", {"every": "24h", "grace": "1h"}),
)


def put_contacts(*, by: Actor, now: datetime) -> None:
    """Everybody is told by e-mail, which the demo's own inbox takes; so the addresses need no code."""
    for person in Person.objects.exclude(email="").filter(retired_at=None):
        put_method(person=person, channel="email", address=person.email, by=by, now=now, confirmed=True)


def put_schedules(items: Iterable[Item], *, by: Actor, now: datetime) -> None:
    """Weekly rotations that began before the demo's past; the first of `people` has had it since the last Monday."""
    for item in items:
        handoff = time.fromisoformat(item["handoff"])
        turns = Turns(
            people=tuple(f"user:default/{name}" for name in item["people"]),
            starts_at=_rounds_before(
                last_monday(now, ZoneInfo(item["time_zone"]), handoff), people=len(item["people"])
            ),
            unit=item["unit"],
            handoff=handoff,
        )
        put_schedule(
            slug=item["slug"],
            name=item["name"],
            team=_team(item["team"]),
            time_zone=item["time_zone"],
            turns=turns,
            by=by,
            now=now,
        )


def last_monday(now: datetime, zone: ZoneInfo, at: time) -> datetime:
    """The newest Monday at `at` o'clock in `zone` that is not after `now`."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    moment = datetime.combine(monday, at, zone)
    return moment if moment <= now else datetime.combine(monday - timedelta(days=7), at, zone)


def _rounds_before(monday: datetime, *, people: int) -> datetime:
    """The same hour by the same clock, so many whole rounds of weeks before that the past is covered."""
    return monday - timedelta(weeks=-(-WEEKS // people) * people)


def put_policies(items: Iterable[Item], *, by: Actor, now: datetime) -> None:
    """Policies; one that falls back to another comes after it."""
    for item in items:
        team = _team(item["team"])
        draft = PolicyDraft(
            slug=item["slug"],
            name=item["name"],
            team=team,
            steps=tuple(_step(step) for step in item["steps"]),
            repeat=item.get("repeat", 0),
            steps_low=tuple(_step(step) for step in item["steps_low"]) if "steps_low" in item else None,
            ack_timeout=durations.parse(item["ack_timeout"]) if "ack_timeout" in item else None,
            fallback=EscalationPolicy.objects.get(slug=item["fallback"]) if "fallback" in item else None,
        )
        version, _ = put_policy(draft=draft, by=by, now=now)
        if not item.get("catch_all"):
            schedule = Schedule.objects.get(slug=item["schedule"]) if "schedule" in item else None
            set_team_paging(team=team, policy=version.policy, schedule=schedule, by=by, now=now)
        if item.get("catch_all"):
            set_catch_all(policy=version.policy, by=by, now=now)


def put_integrations(*, by: Actor, now: datetime) -> None:
    """Where alerts may come from, beside the objectives. Their keys are shown to nobody: rotate one to use it."""
    for name, kind, team, settings in INTEGRATIONS:
        if not Integration.objects.filter(name=name).exists():
            create_integration(name=name, kind=kind, team=_team(team), settings=settings, by=by, now=now)


def _step(item: Item) -> Step:
    targets = tuple(Target(TargetKind(target["kind"]), target["ref"]) for target in item["targets"])
    return Step(
        targets, durations.parse(item["delay"]), repeat=item.get("repeat", 0), round_robin=item.get("by_turns", False)
    )


def _team(name: str) -> Team:
    return Team.objects.get(ref=f"group:default/{name}")
