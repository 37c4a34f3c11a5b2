"""History and live scrapes of the demo meet in one Prometheus, started as bin/up starts them."""

import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from portal.demo import run
from portal.run import prometheus
from portal.run.folder import DataFolder
from portal.run.process import Process, PrometheusFiles, Site

pytestmark = [pytest.mark.live, pytest.mark.slow]


@contextmanager
def running(process: Process, site: Site) -> Iterator[None]:
    started = subprocess.Popen(process.argv, env=site.whole_environment | dict(process.env))
    try:
        until(lambda: process.ready is None or process.ready())
        yield
    finally:
        started.terminate()
        started.wait(timeout=10)


def until(true: Any, seconds: float = 40) -> None:
    patience = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < patience, "it never came true"
        time.sleep(0.2)


def ask(url: str, query: str) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=5
        ) as said:
            found: list[dict[str, Any]] = json.load(said)["data"]["result"]
    except OSError:
        return []
    return found


def number(url: str, query: str) -> float:
    found = ask(url, query)
    return float(found[0]["value"][1]) if found else float("nan")


def truth(site: Site) -> dict[str, Any]:
    asked = urllib.request.Request(
        f"{site.environment['PORTAL_DEMO_SIMULATOR']}/truth",
        headers={"Authorization": f"Bearer {site.environment['PORTAL_DEMO_TOKEN']}"},
    )
    with urllib.request.urlopen(asked, timeout=5) as said:
        found: dict[str, Any] = json.load(said)
    return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = DataFolder.of({"PORTAL_DATA": str(tmp_path)})
    made = Site(folder, "http://localhost:8000", {}, PrometheusFiles(folder.sub("prometheus")))
    made.environment |= run.environment(made)
    return made


def test_a_month_of_history_and_the_live_scrapes_are_one_series(site: Site) -> None:
    files = site.prometheus
    assert files is not None
    before = run.before_prometheus(site)
    began = time.monotonic()
    for process in before:
        subprocess.run(process.argv, check=True, env=os.environ | site.environment)
    assert time.monotonic() - began < 60, "measured at 11 s on two busy cores"
    assert run.before_prometheus(site) == [], "history is written once"
    prometheus.write_config(files, portal="127.0.0.1:1")
    found = prometheus.find(site.folder.sub("tools"))
    assert found is not None
    port = site.port("prometheus")
    url = f"http://127.0.0.1:{port}"
    simulator = next(process for process in run.processes(site) if process.name == "simulator")
    with ExitStack() as stack:
        stack.enter_context(running(prometheus.process(found, files, port=port), site))
        stack.enter_context(running(simulator, site))
        until(lambda: number(url, 'sum(up{job!="portico"})') == len(run.targets("")))
        until(lambda: number(url, "min(count_over_time(up{job!='portico'}[30s]))") >= 2)
        jobs = "gha_completed_jobs_total"
        assert number(url, f"count({jobs}) == count({jobs} offset 29d)") == 3, "the same series, a month apart"
        assert number(url, f"sum(resets({jobs}[1h]))") == 0
        assert number(url, f"sum(increase({jobs}[30d]))") > 500_000
        scraped = number(url, f"sum({jobs})")
        happened = sum(v for s, v in truth(site)["samples"]["runners"].items() if s.startswith(jobs))
        assert happened - 100 < scraped <= happened
