"""Generated worlds: one target, its processes, its counters and what Prometheus scraped of them, beside the truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from slo.counting import Counting, Series, State, count

START = 1_700_000_040 // 60 * 60
TARGET = {"job": "ci", "instance": "runner:9100"}


@dataclass
class World:
    """What happened, and what was scraped."""

    series: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    up: list[tuple[float, str]] = field(default_factory=list)
    starts: list[tuple[float, str]] = field(default_factory=list)
    lives: list[dict[str, int]] = field(default_factory=lambda: [{}])
    happened: int = 0
    end: int = START

    @property
    def scraped(self) -> int:
        """The events some scrape has shown: the last value of each counter in each life of the process."""
        return sum(value for life in self.lives for value in life.values())

    @property
    def first_values(self) -> int:
        """The first scraped value of each counter: the most that baselines may cost."""
        return sum(int(samples[0][1]) for samples in self.series.values() if samples)


@dataclass(frozen=True)
class Script:
    """A world to be played: what happens at each scrape."""

    interval: int
    offset: float
    steps: list[str]
    events: list[list[int]]
    start_known: bool


_STEPS = ["scrape"] * 12 + ["fail", "fail", "restart", "quiet restart", "long down"]
_EVENTS = [0, 0, 1, 2, 7, 40, 3000]

scripts = st.builds(
    Script,
    interval=st.sampled_from([15, 20, 30, 60, 90, 120]),
    offset=st.sampled_from([0.0, 0.001, 3.217, 14.9]),
    steps=st.lists(
        st.sampled_from(_STEPS),
        min_size=2,
        max_size=60,
    ),
    events=st.lists(st.lists(st.sampled_from(_EVENTS), min_size=4, max_size=4), min_size=1, max_size=12),
    start_known=st.booleans(),
)


def played(script: Script) -> World:
    """The world of a script. Four counters, each absent until its first event in a life of the process."""
    world, counters = World(), dict[str, int]()
    at, started = START + script.offset, START - 1000.0
    for turn, step in enumerate(script.steps):
        if "restart" in step:
            counters, started = {}, at - script.interval / 2
            world.lives.append({})
        for name, events in enumerate(script.events[turn % len(script.events)]):
            if events and step != "quiet restart":
                counters[str(name)] = counters.get(str(name), 0) + events
                world.happened += events
        at += script.interval * (7 if step == "long down" else 1)
        _scrape(world, counters, at, started if script.start_known else None, failed=step in ("fail", "long down"))
    world.end = int(-(-at // 60)) * 60
    return world


def _scrape(world: World, counters: dict[str, int], at: float, started: float | None, *, failed: bool) -> None:
    at = round(at, 3)
    world.up.append((at, "0" if failed else "1"))
    if failed:
        return
    if started is not None:
        world.starts.append((at, str(started)))
    world.lives[-1].update(counters)
    for name, value in counters.items():
        world.series.setdefault(name, []).append((at, str(value)))


def fetch(world: World, since: float, until: float) -> dict[str, list[Series]]:
    """What Prometheus answers for the range `(since, until]`."""

    def cut(samples: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
        return [(at, value) for at, value in samples if since < at <= until]

    found = {
        "series": [
            Series({"__name__": "runs_total", "result": name, **TARGET}, cut(samples))
            for name, samples in world.series.items()
        ],
        "up": [Series({"__name__": "up", **TARGET}, cut(world.up))],
        "starts": [Series({"__name__": "process_start_time_seconds", **TARGET}, cut(world.starts))],
    }
    return {kind: [one for one in some if one.samples] for kind, some in found.items()}


def counted(world: World, state: State, cursor: int, until: int, *, window: int | None = None) -> Counting:
    """One count over `(cursor, until]`, from a window of `window` seconds (else from a minute before)."""
    got = fetch(world, until - window if window else cursor - 60, until)
    return count(got["series"], state=state, cursor=cursor, until=until, up=got["up"], starts=got["starts"])
