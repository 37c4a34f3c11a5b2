"""What the demo brings to `bin/up` (see `portal.run.process.Demo`): metrics with a past, a simulator, and an inbox."""

import json
import secrets
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from portal.demo import PASSWORD, WHO
from portal.demo.exporters import EXPORTERS
from portal.run.folder import write_private
from portal.run.process import Process, Site

_PYTHON: tuple[str, ...] = (sys.executable, "-m")


def environment(site: Site) -> Mapping[str, str]:
    """Mail goes to the demo's inbox; the pages of the demo know where the simulator listens."""
    return {
        "EMAIL_URL": f"smtp://127.0.0.1:{site.port('inbox')}",
        "PORTAL_DEMO_SIMULATOR": _simulator(site),
        "PORTAL_DEMO_TOKEN": _token(site),
    }


def before_prometheus(site: Site) -> list[Process]:
    """Scrape targets, and a process that writes a month of history when there is none yet."""
    if site.prometheus is None:
        return []
    site.prometheus.targets.mkdir(parents=True, exist_ok=True)
    address = _simulator(site).removeprefix("http://")
    write_private(site.prometheus.targets / "demo.json", json.dumps(targets(address)))
    if _state(site).exists():
        return []
    where = ("--storage", str(site.prometheus.storage), "--state", str(_state(site)))
    argv = (*_PYTHON, "portal.demo.history", *where, "--promtool", site.prometheus.promtool)
    return [Process(name="history", argv=argv)]


def processes(site: Site) -> list[Process]:
    """The simulator and the inbox."""
    health = f"{_simulator(site)}/healthz"
    simulator = (*_PYTHON, "portal.demo.simulator", "--port", str(site.port("simulator")), "--state", str(_state(site)))
    mails = site.folder.sub("demo", "mail")
    inbox = (*_PYTHON, "portal.demo.inbox", "--port", str(site.port("inbox")), "--folder", str(mails))
    return [Process(name="simulator", argv=simulator, ready=lambda: _answers(health)), Process("inbox", argv=inbox)]


def words(site: Site) -> list[str]:
    """Who may sign in, and what to try first."""
    people = ", ".join(f"{name} ({role})" for name, role in WHO.items())
    said = [
        f"Sign in as {people}; the password is always {PASSWORD}",
        f"Break something at {site.base_url}/demo and read everybody's mail at {site.base_url}/demo/inbox",
        "After a first start objectives read a month of history: for a minute or two pages say so, and fill themselves",
    ]
    if site.prometheus is None:
        said.append(f"PROMETHEUS_URL is yours: it has to scrape {_simulator(site)}/<exporter>/metrics; see {__name__}.")
    return said


def targets(address: str) -> list[dict[str, object]]:
    """The simulator's exporters as file_sd targets; each with the `job` and `instance` that its history has."""
    return [
        {
            "targets": [address],
            "labels": {"__metrics_path__": f"/{name}/metrics", "job": exporter.job, "instance": exporter.instance},
        }
        for name, exporter in EXPORTERS.items()
        if not exporter.gone
    ]


def _simulator(site: Site) -> str:
    return f"http://127.0.0.1:{site.port('simulator')}"


def _state(site: Site) -> Path:
    return site.folder.sub("demo") / "platform.json"


def _token(site: Site) -> str:
    file = site.folder.sub("demo") / "token"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own simulator
            return True
    except OSError:
        return False
