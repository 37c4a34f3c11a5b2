"""A real Alertmanager for tests, on a free loopback port with data of its own, pointed at a portal."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.run.ports import free_port

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
needs_alertmanager = pytest.mark.skipif(BINARY is None, reason="no Alertmanager on PATH; bin/test installs it")


@dataclass
class Alertmanager:
    """One that notifies `webhook` with `key`, grouping by `group_by`; started anew it keeps what it knows."""

    folder: Path
    webhook: str
    key: str
    group_by: Sequence[str] = ("alertname",)
    repeat: str = "4h"
    max_alerts: int = 0
    url: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Returns when it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "alertmanager.yml").write_text(json.dumps(self._config()))  # JSON is YAML
        port = free_port("alertmanager")
        self.url = f"http://127.0.0.1:{port}"
        command = [
            BINARY or "alertmanager", f"--config.file={self.folder / 'alertmanager.yml'}", "--cluster.listen-address=",
            f"--storage.path={self.folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        with (self.folder / "alertmanager.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait_until_ready()

    def stop(self) -> None:
        """It writes down what it knows, and ends."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def send(self, *names: str, resolved: bool = False, starts_at: str = "", **labels: str) -> None:
        """Alerts as Prometheus sends them: by name, with these labels."""
        since = {"startsAt": starts_at} if starts_at else {}
        ends = datetime.now(UTC) + (timedelta(seconds=-1) if resolved else timedelta(minutes=10))
        alerts = [
            {
                "labels": {"alertname": name, **labels},
                "annotations": {"summary": f"{name} happened", "runbook_url": f"https://runbooks.example.org/{name}"},
                "endsAt": ends.isoformat(),
                **since,
                "generatorURL": "http://prometheus.example.org/graph",
            }
            for name in names
        ]
        request = urllib.request.Request(
            f"{self.url}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def _config(self) -> dict[str, Any]:
        hook = {
            "url": self.webhook,
            "send_resolved": True,
            "max_alerts": self.max_alerts,
            "http_config": {"authorization": {"credentials": self.key}},
        }
        times = {"group_wait": "100ms", "group_interval": "1s", "repeat_interval": self.repeat}
        return {
            "route": {"receiver": "portico", "group_by": list(self.group_by), **times},
            "receivers": [{"name": "portico", "webhook_configs": [hook]}],
        }

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"not ready after 30 s: {(self.folder / 'alertmanager.log').read_text()[-2000:]}")


@contextmanager
def running_alertmanager(folder: Path, *, webhook: str, key: str, **options: Any) -> Iterator[Alertmanager]:
    """One that runs while the block does."""
    made = Alertmanager(folder, webhook, key, **options)
    made.start()
    try:
        yield made
    finally:
        made.stop()
