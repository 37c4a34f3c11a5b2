"""A real Prometheus with a past of our making: exact samples, written as blocks, asked as if they had been scraped."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.prometheus import RunningPrometheus, running_prometheus

type Samples = Sequence[tuple[int, float]]
"""(seconds since the epoch, value), oldest first."""


@contextmanager
def prometheus_with(folder: Path, series: Mapping[str, Samples]) -> Iterator[RunningPrometheus]:
    """Start a Prometheus that remembers `series`, such as `jobs_total{result="ok"}`, and scrapes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "past.om"
    text.write_text("".join(_lines(series)) + "# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    text.unlink()
    with running_prometheus(folder, targets={}, flags=["--query.lookback-delta=1m"]) as prometheus:
        yield prometheus
    shutil.rmtree(folder)


def _lines(series: Mapping[str, Samples]) -> Iterator[str]:
    by_metric: dict[str, list[str]] = {}
    for name in series:
        by_metric.setdefault(name.partition("{")[0], []).append(name)
    for metric, names in by_metric.items():
        yield f"# TYPE {metric} unknown\n"
        for name in names:
            yield from (f"{name} {value:.17g} {at}\n" for at, value in series[name])
