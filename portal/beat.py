"""The beat: which wake-up comes how often, on which lane. `portal tick` walks the same table."""

from dataclasses import dataclass

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class BeatEntry:
    """Wake `task` every `every` seconds on `queue`; it expires unheard after three intervals."""

    task: str
    every: float
    queue: str

    @property
    def expires(self) -> float:
        """Seconds after which nobody needs this wake-up any more."""
        return self.every * 3


BEAT: tuple[BeatEntry, ...] = (
    BeatEntry("slo.evaluate_due", 10, "evaluate"),
    BeatEntry("incidents.process_deliveries", 1, "page"),
    BeatEntry("incidents.take_transitions", 2, "page"),
    BeatEntry("incidents.advance_due", 1, "page"),
    BeatEntry("incidents.deliver_due", 1, "deliver"),
    BeatEntry("portal.watchdog", 10, "default"),
    BeatEntry("slo.backfill_due", 5, "default"),
    BeatEntry("slo.reconcile_exclusions", 30, "default"),
    BeatEntry("slo.fold", HOUR, "default"),
    BeatEntry("slo.discover_groups", MINUTE, "default"),
    BeatEntry("slo.count_series", HOUR, "default"),
    BeatEntry("slo.check_sources", MINUTE, "default"),
    BeatEntry("incidents.handoffs_due", 15, "default"),
    BeatEntry("incidents.digests_due", MINUTE, "default"),
    BeatEntry("incidents.remind_of_campaigns", HOUR, "default"),
    BeatEntry("incidents.draft_reviews", 10, "default"),
    BeatEntry("incidents.remind_action_items", HOUR, "default"),
    BeatEntry("incidents.drills_due", 2, "default"),
    BeatEntry("incidents.prune", DAY, "default"),
    BeatEntry("incidents.check_schedules", DAY, "default"),
    BeatEntry("catalog.score", 5 * MINUTE, "default"),
    BeatEntry("catalog.refresh_locations", 10, "default"),
    BeatEntry("catalog.gather_tally", 10, "default"),
    BeatEntry("catalog.prune", DAY, "default"),
)

ROUTES: dict[str, dict[str, str]] = {entry.task: {"queue": entry.queue} for entry in BEAT}


def celery_schedule() -> dict[str, dict[str, object]]:
    """`BEAT` in Celery's own words, for `beat_schedule`."""
    return {
        entry.task: {
            "task": entry.task,
            "schedule": entry.every,
            "options": {"queue": entry.queue, "expires": entry.expires},
        }
        for entry in BEAT
    }
