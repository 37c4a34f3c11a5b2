"""The month before the demo began: 60-second samples of every series, as blocks in Prometheus' own storage.

Run as `python -m portal.demo.history` before Prometheus starts for the first time. The counters end where the
simulator goes on, and `job` and `instance` are those of the live scrape, so that both join.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from portal.demo.exporters import EXPORTERS
from portal.demo.faults import in_the_past
from portal.demo.state import save
from portal.demo.world import COUNTERS, World

DAYS = 30
STEP = 60
SPAN = 54 * 3600  # the longest block promtool makes by itself; it reads a whole file again for every block

Column = list[int]


def write(*, storage: Path, promtool: str, now: float, days: int = DAYS) -> World:
    """Fill `storage` with `days` of history up to `now` (seconds since the epoch); the platform as it is then.

    Raises subprocess.CalledProcessError where promtool refuses, whose `stderr` says why.
    """
    end = int(now) // STEP * STEP
    world, table = live_through(end=end, days=days)
    with tempfile.TemporaryDirectory(dir=storage.parent) as scratch:
        blocks = Path(scratch) / "blocks"
        files = list(_openmetrics(table, end=end, folder=Path(scratch)))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda file: _import(promtool, file, blocks), files))
        storage.mkdir(parents=True, exist_ok=True)
        for block in sorted(blocks.iterdir()):
            shutil.move(block, storage / block.name)
    return world


def live_through(*, end: int, days: int, seed: int = 1) -> tuple[World, dict[str, Column]]:
    """The platform's last `days` until `end`, and every series (with `job` and `instance`) minute by minute.

    Those of an exporter that is gone end before the others.
    """
    rng = random.Random(seed)
    start = end - days * 86400
    world = World(at=start - STEP)
    table: dict[str, Column] = {series: [] for series, _ in _labelled(world)}
    for at in range(start, end + 1, STEP):
        world.advance(to=at, conditions=in_the_past(at, start=end), rng=rng)
        ago = (end - at) / 86400
        for series, value in _labelled(world, ago=ago):
            table[series].append(value)
    return world, table


def _labelled(world: World, *, ago: float | None = None) -> Iterator[tuple[str, int]]:
    """Of what was there `ago` days before the demo began; without it of everything."""
    gauges = world.gauges()
    for name, exporter in EXPORTERS.items():
        if exporter.gone and ago is not None and ago < exporter.gone:
            continue
        labels = _LABELS[name]
        yield _UP[name], 1
        for series in COUNTERS[name]:
            yield _FULL[series], world.counters[series]
        for series, value in gauges.get(name, {}).items():
            yield _join(series, labels), value


def _join(series: str, labels: str) -> str:
    return f"{series[:-1]},{labels}}}" if series.endswith("}") else f"{series}{{{labels}}}"


_LABELS = {name: f'job="{e.job}",instance="{e.instance}"' for name, e in EXPORTERS.items()}
_UP = {name: f"up{{{labels}}}" for name, labels in _LABELS.items()}
_FULL = {series: _join(series, _LABELS[name]) for name in EXPORTERS for series in COUNTERS[name]}


def _openmetrics(table: dict[str, Column], *, end: int, folder: Path) -> Iterator[Path]:
    rows = len(next(iter(table.values())))
    start = end - (rows - 1) * STEP
    edges = [start, *range((start // SPAN + 1) * SPAN, end, SPAN), end + STEP]
    for number, (since, until) in enumerate(pairwise(edges)):
        path = folder / f"{number}.om"
        with path.open("w") as file:
            file.writelines(_lines(table, start=start, since=since, until=until))
            file.write("# EOF\n")
        yield path


def _lines(table: dict[str, Column], *, start: int, since: int, until: int) -> Iterator[str]:
    first, last = (since - start) // STEP, (until - start) // STEP
    times = range(since, until, STEP)
    for series, column in table.items():
        values = column[first:last]  # fewer where its exporter was gone by then
        if values:
            yield "".join([f"{series} {value} {at}\n" for value, at in zip(values, times, strict=False)])


def _import(promtool: str, file: Path, blocks: Path) -> None:
    command = [promtool, "tsdb", "create-blocks-from", "--max-block-duration=54h", "-q", "openmetrics"]
    subprocess.run([*command, str(file), str(blocks)], check=True, capture_output=True, text=True, timeout=120)


def main() -> None:
    """Write the history, then the state from which the simulator goes on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--storage", type=Path, required=True, help="Prometheus' storage.tsdb.path; it must not run yet"
    )
    parser.add_argument("--state", type=Path, required=True, help="the simulator's state file")
    parser.add_argument("--promtool", default="promtool")
    parser.add_argument("--days", type=int, default=DAYS)
    options = parser.parse_args()
    try:
        world = write(storage=options.storage, promtool=options.promtool, now=time.time(), days=options.days)
    except subprocess.CalledProcessError as failure:
        sys.exit(f"promtool could not write the demo's history: {failure.stderr}")
    save(options.state, world=world)


if __name__ == "__main__":
    main()
