"""A real Prometheus for tests and demonstrations, on a free loopback port with data of its own."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BINARY = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(BINARY is None, reason="no prometheus on PATH; bin/test installs it")


@dataclass(frozen=True)
class RunningPrometheus:
    """A Prometheus that answers at `url`; its files are in `folder`."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_prometheus(
    folder: Path,
    *,
    targets: Mapping[str, Sequence[str]],
    scrape_interval: str = "1s",
    flags: Sequence[str] = (),
) -> Iterator[RunningPrometheus]:
    """Start Prometheus in `folder`, scraping `targets` (job → host:port), and end it when the block ends.

    Its output is in `folder/prometheus.log`.
    """
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "prometheus.yml"
    config.write_text(_config(targets, scrape_interval))
    command = [BINARY or "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", *flags]
    with (folder / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, folder / "prometheus.log")
        yield RunningPrometheus(url, folder, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _config(targets: Mapping[str, Sequence[str]], scrape_interval: str) -> str:
    """The configuration; JSON is YAML."""
    jobs = [{"job_name": job, "static_configs": [{"targets": list(some)}]} for job, some in targets.items()]
    seconds = {"scrape_interval": scrape_interval, "scrape_timeout": scrape_interval}
    return json.dumps({"global": seconds, "scrape_configs": jobs}, indent=2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    patience = time.monotonic() + 30
    while time.monotonic() < patience:
        if process.poll() is not None:
            raise RuntimeError(f"prometheus ended at once: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"prometheus is not ready after 30 s: {log.read_text()[-2000:]}")
