"""slo-generator and us on the same Prometheus and the same objectives, in turn.

`bin/bench peer [--json] [--objectives 20] [--ours 10000] [--rounds 3]`. slo-generator is installed from the package
index into an environment of its own (kept in the folder for temporary files, so that a second run is quick). It
computes a report for each objective and each of four windows, one query after the other; we evaluate the same
objectives, and as many more as `--ours` says, over all windows of their alert policy and their whole period. Prometheus
remembers 28 days of its objectives, a sample a minute, as it would in daily use: that is what its windows are asked
over. Ours are in the ledger.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from django.core.management import call_command

from portal.lib.clock import db_now
from portal.lib.durations import parse, words
from slo.evaluation import evaluate_due
from slo.models import CursorGroup, Standing
from slo.windows import WORKBOOK
from tests.benchmarks.evaluate_filled import DAY, MINUTE, RESULTS, fill, scraped, traffic, whole_minute
from tests.benchmarks.table import Row, show
from tests.fakes.exporter import running_exporter
from tests.fakes.prometheus import running_prometheus

BAR = 100.0
"""How many times faster per objective we are to be (design.md §5)."""
DAYS = 28
PERIOD = "30d"
STEPS = sorted({parse(text) for rule in WORKBOOK for text in (rule["long"], rule["short"])} | {parse(PERIOD)})
"""The windows of the objectives: three quarters of them are shorter than a day."""
PACKAGES = ("slo-generator[prometheus]", "setuptools<80")


def main() -> None:
    """Install, scrape, run both in turn, show."""
    asked = _arguments()
    program = _installed()
    call_command("migrate", verbosity=0)
    with running_exporter() as exporter, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        traffic(exporter, asked.ours)
        _remember(folder / "prometheus", asked.objectives)
        with running_prometheus(
            folder / "prometheus",
            targets={"ci": [exporter.address]},
            scrape_interval="15s",
            flags=["--storage.tsdb.retention.time=60d"],
        ) as prometheus:  # fmt: skip
            begun = db_now()
            _say(f"scraping for {asked.rounds + 3} minutes")
            end = scraped(exporter, asked.ours, begun, asked.rounds + 1)
            first = whole_minute(begun) + 2 * MINUTE
            source = fill(asked.ours, prometheus.url, first)
            config = _configured(folder, prometheus.url, asked.objectives)
            _cycle(first + MINUTE + source.delay)  # in which states are found anew
            theirs, ours = [], []
            for n in range(asked.rounds):
                theirs.append(_their_run(program, config, asked.objectives))
                ours.append(_cycle(first + (n + 2) * MINUTE + source.delay))
            CursorGroup.objects.filter(source=source).update(next_due_at=end + DAY)
    show("peer", _rows(theirs, ours, asked), as_json=asked.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench peer")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--objectives", type=int, default=20, help="how many slo-generator computes")
    parser.add_argument("--ours", type=int, default=10_000, help="how many we evaluate in a cycle")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _installed() -> Path:
    folder = Path(tempfile.gettempdir()) / f"portico-peer-{os.getuid()}"
    program = folder / "bin" / "slo-generator"
    if not program.exists():
        _say("installing slo-generator")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(command, check=True, timeout=600, capture_output=True)
    return program


def _remember(folder: Path, objectives: int) -> None:
    """Blocks of the last 28 days, up to two hours ago: ten runs a minute of each pipeline, one in a hundred bad."""
    _say(f"writing {DAYS} days of {objectives} pipelines")
    folder.mkdir(parents=True)
    end = int(time.time()) // 60 * 60 - 7200
    text = folder / "past.om"
    minutes = range(DAYS * 1440)
    lines = {
        rate: [f" {n * rate / 10:g} {end - (DAYS * 1440 - n) * 60}\n" for n in minutes] for rate in (97, 1)
    }  # all pipelines have the same past, so its text is made once
    with text.open("w") as out:
        out.write("# TYPE ci_runs_total unknown\n")
        for place in range(objectives):
            for result in RESULTS:
                name = f'ci_runs_total{{job="ci",instance="past:9100",pipeline="p{place}",result="{result}"}}'
                out.write(name + name.join(lines[97 if result == "success" else 1]))
        out.write("# EOF\n")
    # promtool reads the whole text once for each block: of two hours they would be 336
    blocks = ["--max-block-duration=1458h"]
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", *blocks, str(text), str(folder / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    text.unlink()


def _configured(folder: Path, url: str, objectives: int) -> Path:
    """Its configuration, and a file per objective beside it; JSON is YAML."""
    steps = [
        {
            "name": words(window),
            "burn_rate_threshold": 1,
            "alert": False,
            "message_alert": "",
            "message_ok": "",
            "window": int(window.total_seconds()),
        }
        for window in STEPS
    ]
    slos = folder / "slos"
    slos.mkdir()
    config = {"backends": {"prometheus": {"url": url}}, "error_budget_policies": {"default": {"steps": steps}}}
    (folder / "config.yaml").write_text(json.dumps(config))
    for place in range(objectives):
        selector = f'ci_runs_total{{pipeline="p{place}"'
        spec = {
            "description": "Runs succeed",
            "backend": "prometheus",
            "method": "good_bad_ratio",
            "goal": 0.97,
            "service_level_indicator": {
                "filter_good": f'{selector},result!~"failure|error"}}[window]',
                "filter_valid": f"{selector}}}[window]",
            },
            "error_budget_policy": "default",
            "exporters": [],
        }
        labels = {"service_name": "ci", "feature_name": f"p{place}", "slo_name": "runs"}
        document = {
            "apiVersion": "sre.google.com/v2",
            "kind": "ServiceLevelObjective",
            "metadata": {"name": f"ci-p{place}", "labels": labels},
            "spec": spec,
        }
        (slos / f"p{place}.yaml").write_text(json.dumps(document))
    return folder / "config.yaml"


def _their_run(program: Path, config: Path, objectives: int) -> float:
    """Seconds for all reports, without those the program needs to start."""
    empty = config.parent / "none"
    if not empty.exists():
        empty.mkdir()
        shutil.copy(config.parent / "slos" / "p0.yaml", empty / "p0.yaml")
    command = [str(program), "compute", "-c", str(config), "-f"]
    begun = time.perf_counter()
    subprocess.run([*command, str(empty)], check=True, capture_output=True, timeout=300)
    one = time.perf_counter() - begun
    begun = time.perf_counter()
    done = subprocess.run([*command, str(config.parent / "slos")], check=True, capture_output=True, timeout=900)
    took = time.perf_counter() - begun
    reports = (done.stdout + done.stderr).decode().count("SLI:")
    # of the shortest window it gives none where nothing happened lately: traffic rests while ours is filled
    if reports < objectives * (len(STEPS) - 1):
        raise SystemExit(f"slo-generator gave {reports} reports: {done.stderr.decode()[-2000:]}")
    return (took - one) * objectives / (objectives - 1)


def _cycle(now: datetime) -> float:
    begun = time.perf_counter()
    while done := evaluate_due(now=now):
        if done.error:
            raise SystemExit(f"a pass failed: {done.error}")
    return time.perf_counter() - begun


def _rows(theirs: list[float], ours: list[float], asked: argparse.Namespace) -> list[Row]:
    their, our = statistics.median(theirs) / asked.objectives, statistics.median(ours) / asked.ours
    if len(Standing.objects.exclude(readings=[]).values_list("readings", flat=True)[0]) != len(WORKBOOK):
        raise SystemExit("the objectives were not judged by every rule")
    return [
        Row("slo-generator: per objective", 1000 * their, "ms"),
        Row(f"slo-generator: answers (objective, one of {len(STEPS)} windows)", len(STEPS) / their, "a second"),
        Row(f"ours, {asked.ours:,} at once: per objective", 1000 * our, "ms"),
        Row(f"ours: answers (objective, one of {len(STEPS)} windows)", len(STEPS) / our, "a second"),
        Row("ours, per objective", their / our, "times faster", f"at least {BAR:g}", holds=their / our >= BAR),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
