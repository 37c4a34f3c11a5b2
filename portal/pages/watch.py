"""How late we are, for `/metrics` and the watchdog: computed from the database when asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from prometheus_client import Gauge

from incidents.oncall.directory import LoadSchedules, read_schedules
from incidents.pauses import pause_at
from incidents.queries import lateness
from incidents.queries.coverage import uncovered_by_team
from portal import plugins
from slo.models import Sweep

OVERDUE_TIMER = Gauge("portico_overdue_timer_seconds", "How long the oldest due escalation step has been waiting")
UNDELIVERED = Gauge("portico_undelivered_message_seconds", "How long the oldest unsent message has been due")
UNTAKEN = Gauge("portico_untaken_delivery_seconds", "How long the oldest stored delivery has been waiting")
UNHEARD = Gauge("portico_untaken_transition_seconds", "How long the oldest alert of an objective has been waiting")
SWEEP_AGE = Gauge("portico_sweep_age_seconds", "Since the sweep last came by", ["sweep"])
UNCOVERED = Gauge(
    "portico_uncovered_components", "Whose P1 reaches nobody at some hour of the next four weeks", ["team"]
)
PLUGINS = Gauge("portico_plugins", "Plugins that were found, by what became of them", ["state"])
PAUSED = Gauge("portico_paging_paused", "1 while a platform admin has paused all paging")
COVERED, KEPT = "portico:uncovered-by-team", 300
TOO_LATE = 60.0
"""Seconds after which the watchdog barks."""
SWEEP = "sweep "
"""What the name of a sweep begins with, among what is late."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Seconds: age of each sweep's last pass, and what has waited or stayed away for over a minute, by name."""

    sweeps: dict[str, float]
    late: dict[str, float]


def refresh(*, now: datetime) -> dict[str, float]:
    """`look`, with the gauges set; answers what is late."""
    return look(now=now).late


def uncovered(*, now: datetime, load: LoadSchedules = read_schedules) -> Mapping[str, int]:
    """Components that a P1 reaches nobody for, by team; without a name what nobody owns. At most five minutes old.

    `load` is for who has read the schedules already.
    """
    counts: dict[str, int] = cache.get_or_set(COVERED, lambda: uncovered_by_team(now=now, load=load), KEPT) or {}
    return counts


def cover(*, now: datetime) -> None:
    """Set the gauge of coverage."""
    UNCOVERED.clear()
    for team, count in uncovered(now=now).items():
        UNCOVERED.labels(team).set(count)


def look(*, now: datetime) -> Watch:
    """How late we are. Sets the gauges for `/metrics` on the way. Nothing waiting is not late: 0 seconds."""
    found = lateness(now=now)
    ages = {f"slo.{row.name}": (now - row.at).total_seconds() for row in Sweep.objects.all()} | found.sweeps
    OVERDUE_TIMER.set(found.oldest_timer or 0)
    UNDELIVERED.set(found.oldest_notification or 0)
    UNTAKEN.set(found.oldest_delivery or 0)
    UNHEARD.set(found.oldest_transition or 0)
    for name, age in ages.items():
        SWEEP_AGE.labels(name).set(age)
    paused = pause_at(now) is not None
    PAUSED.set(paused)
    states = [one.state for one in plugins.installed()]
    for state in ("loaded", "failed", "off"):
        PLUGINS.labels(state).set(states.count(state))
    waiting = {
        "overdue timer": None if paused else found.oldest_timer,
        "undelivered message": None if paused else found.oldest_notification,
        "untaken delivery": found.oldest_delivery,
        "untaken transition": found.oldest_transition,
        **{f"{SWEEP}{name}": age for name, age in found.sweeps.items()},  # these come by every few seconds
    }
    return Watch(ages, {name: age for name, age in waiting.items() if age is not None and age > TOO_LATE})
