"""The simulated platform between two looks at it: its world, what is broken, and a file that survives a restart."""

import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from portal.demo.exporters import EXPORTERS
from portal.demo.faults import SCENARIOS, Conditions, together
from portal.demo.world import World
from portal.run.folder import write_private

KEPT_EVENTS = 200
LONGEST_STEP = 60.0
_COUNTED = ("_total", "_execution_success", "_execution_error", "_controller_requests")
_TIMED = re.compile(r"(.*_seconds)_(?:bucket|sum|count)")


class UnknownScenario(KeyError):
    """There is no such button."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to the platform, and when (seconds since the epoch)."""

    at: float
    what: str


@dataclass(slots=True)
class Platform:
    """Advances with the clock, and writes its state down before it shows it, so that no counter ever falls."""

    file: Path
    clock: Callable[[], float] = time.time
    world: World = field(init=False)
    broken: dict[str, float] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    rng: random.Random = field(default_factory=random.Random)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        known = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.world = World.from_dict(known["world"]) if known else World(at=self.clock())
        self.broken = dict(known.get("broken", {}))
        self.events = [Event(**event) for event in known.get("events", [])]
        # it slept while nobody ran it: nothing happened in between that anybody could have scraped
        self.world.at = max(self.world.at, self.clock() - LONGEST_STEP)

    @property
    def conditions(self) -> Conditions:
        """What is wrong now."""
        return together(SCENARIOS[name].conditions for name in self.broken)

    def tick(self) -> None:
        """Let the time since the last tick pass."""
        with self._lock:
            self.world.advance(to=self.clock(), conditions=self.conditions, rng=self.rng)
            save(self.file, world=self.world, broken=self.broken, events=self.events)

    def break_(self, scenario: str) -> None:
        """Break something; breaking it again changes nothing. Raises UnknownScenario."""
        if scenario not in SCENARIOS:
            raise UnknownScenario(scenario)
        with self._lock:
            self.tick()
            if scenario not in self.broken:
                self.broken[scenario] = self.world.at
                self._note(scenario)

    def recover(self) -> None:
        """Repair everything."""
        with self._lock:
            self.tick()
            if self.broken:
                self.broken.clear()
                self._note("recover")

    def exposition(self, exporter: str) -> str | None:
        """What `exporter` answers a scrape with, in Prometheus' text format; None where its metrics have vanished."""
        with self._lock:
            if exporter in self.conditions.silent or EXPORTERS[exporter].gone:
                return None
            return "".join(_exposition(list(self.world.samples(exporter))))

    def truth(self) -> dict[str, object]:
        """All that happened so far: series by exporter, what is broken since when, what was done."""
        with self._lock:
            samples = {name: dict(self.world.samples(name)) for name in EXPORTERS}
            events = [asdict(event) for event in self.events]
            return {"at": self.world.at, "samples": samples, "broken": dict(self.broken), "events": events}

    def _note(self, what: str) -> None:
        self.events = [*self.events, Event(self.world.at, what)][-KEPT_EVENTS:]
        save(self.file, world=self.world, broken=self.broken, events=self.events)


def save(
    file: Path, *, world: World, broken: dict[str, float] | None = None, events: list[Event] | None = None
) -> None:
    """Write a state file in one step."""
    state = {"world": world.to_dict(), "broken": broken or {}, "events": [asdict(event) for event in events or []]}
    write_private(file, json.dumps(state))


def _exposition(samples: list[tuple[str, int]]) -> list[str]:
    lines: list[str] = []
    said = ""
    for series, value in samples:
        if (family := _family(series.partition("{")[0])) != said:
            lines.append(f"# TYPE {family}\n")
            said = family
        lines.append(f"{series} {value}\n")
    return lines


def _family(metric: str) -> str:
    """The metric's family and type, as a TYPE line has them."""
    if timed := _TIMED.fullmatch(metric):
        return f"{timed[1]} histogram"
    return f"{metric} {'counter' if metric.endswith(_COUNTED) else 'gauge'}"
