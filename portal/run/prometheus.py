"""Where Prometheus comes from when PROMETHEUS_URL is not given, and how we run it."""

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from portal.run.process import Process, PrometheusFiles

_CONFIG = """\
# Written by bin/up at every start; targets of your own go into {targets}/*.json
global:
  scrape_interval: 5s
  scrape_timeout: 4s
scrape_configs:
  - job_name: portico
    static_configs: [{{targets: ["{portal}"]}}]
  - job_name: found
    file_sd_configs: [{{files: ["{targets}/*.json"], refresh_interval: 5s}}]
"""


class NoPrometheus(Exception):
    """There is no Prometheus and it can't be fetched; the message says in one sentence what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """The two programs of a Prometheus installation."""

    prometheus: str
    promtool: str


def find(tools: Path) -> Binaries | None:
    """Prometheus on PATH, or the one fetched earlier into `tools`."""
    for prometheus in (shutil.which("prometheus"), str(tools / "prometheus" / "usr" / "bin" / "prometheus")):
        if prometheus and Path(prometheus).exists():
            return Binaries(prometheus, shutil.which("promtool") or str(Path(prometheus).with_name("promtool")))
    return None


def fetch(tools: Path) -> Binaries:
    """The distribution's package, unpacked into `tools` without touching the system. Raises NoPrometheus."""
    advice = "Install Prometheus (it has to be on PATH), or set PROMETHEUS_URL to one that runs."
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        brew = " For example: brew install prometheus." if platform.system() == "Darwin" else ""
        raise NoPrometheus(advice + brew)
    scratch = tools / "prometheus.new"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "lists" / "partial").mkdir(parents=True)
    try:
        _download(scratch)
        package = next(scratch.glob("prometheus_*.deb"))
        _command(["dpkg-deb", "-x", str(package), str(scratch / "unpacked")], scratch)
        shutil.rmtree(tools / "prometheus", ignore_errors=True)
        (scratch / "unpacked").rename(tools / "prometheus")
    except (subprocess.SubprocessError, OSError, StopIteration) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise NoPrometheus(f"{advice} Fetching the distribution's package failed: {said.strip()[-300:]}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Binaries(*(str(tools / "prometheus" / "usr" / "bin" / name) for name in ("prometheus", "promtool")))


def _download(scratch: Path) -> None:
    """With the system's package lists, or, where they are missing or old, with lists of our own."""
    try:
        _command(["apt-get", "-q", "download", "prometheus"], scratch)
    except subprocess.CalledProcessError:
        own = ["-o", f"Dir::State::lists={scratch / 'lists'}", "-o", f"Dir::Cache={scratch}"]
        own += ["-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=true"]
        _command(["apt-get", "-q", *own, "update"], scratch)
        _command(["apt-get", "-q", *own, "download", "prometheus"], scratch)


def _command(argv: list[str], folder: Path) -> None:
    subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)


def write_config(files: PrometheusFiles, *, portal: str) -> None:
    """Scrape ourselves at `portal` (host:port), and whatever is put into `files.targets`."""
    for folder in (files.storage, files.targets):
        folder.mkdir(parents=True, exist_ok=True)
    text = _CONFIG.format(targets=files.targets, portal=portal)
    (files.folder / "prometheus.yml").write_text(text)


def process(binaries: Binaries, files: PrometheusFiles, *, port: int) -> Process:
    """Prometheus on loopback, keeping 100 days: the longest rolling period is 90."""
    argv = (
        binaries.prometheus,
        f"--config.file={files.folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={files.storage}",
        "--storage.tsdb.retention.time=100d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    )
    return Process(name="metrics", argv=argv)


if __name__ == "__main__":  # a process of its own, so that Ctrl-C can end the download
    try:
        fetch(Path(sys.argv[1]))
    except NoPrometheus as error:
        sys.exit(str(error))
