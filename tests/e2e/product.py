"""The whole product as `bin/up` runs it, in a folder of its own, for as long as the tests need it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portal.embedded import home_for
from portal.run.folder import DataFolder
from portal.run.ports import free_port

COMES_UP_WITHIN = 300.0  # seconds; measured at 30 on two idle cores, but tests share theirs
OURS = ("DATABASE_URL", "REDIS_URL", "PROMETHEUS_URL", "EMAIL_URL", "PORTAL_BASE_URL", "PORTAL_DEBUG")


@dataclass(frozen=True)
class Product:
    """A portal that answers at `url`; what it said is in `log`, what its processes said in `folder`/logs."""

    url: str
    folder: Path
    log: Path

    def said(self) -> str:
        """The end of everything that was logged, for the message of a failed test."""
        files = [self.log, *sorted((self.folder / "logs").glob("*.log"))]
        return "\n".join(f"--- {file.name}\n{_tail(file)}" for file in files if file.exists())


@contextlib.contextmanager
def running_product(folder: Path, *, pace: str) -> Iterator[Product]:
    """Bring it up with the demo, and end it with SIGTERM; its database goes with it."""
    port = free_port(f"e2e{folder}")
    product = Product(f"http://localhost:{port}", folder / "data", folder / "up.log")
    env = {key: value for key, value in os.environ.items() if key not in OURS}
    env |= {"PORTAL_DATA": str(product.folder), "PORTAL_PORT": str(port), "PORTAL_DEMO_PACE": pace}
    with product.log.open("w") as log:
        up = subprocess.Popen([sys.executable, "-m", "portal.cli", "up"], env=env, stdout=log, stderr=log)
    try:
        _wait_until_up(product, up)
        yield product
    finally:
        _end(up)
        shutil.rmtree(home_for(DataFolder(product.folder)), ignore_errors=True)


def _wait_until_up(product: Product, up: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + COMES_UP_WITHIN
    while time.monotonic() < patience:
        if up.poll() is not None:
            raise AssertionError(f"bin/up ended with {up.returncode}:\n{product.said()}")
        if "Portico is up" in product.log.read_text() and _answers(f"{product.url}/readyz"):
            return
        time.sleep(0.3)
    raise AssertionError(f"it is not up after {COMES_UP_WITHIN:.0f} s:\n{product.said()}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def _end(up: subprocess.Popen[bytes]) -> None:
    up.send_signal(signal.SIGTERM)
    try:
        up.wait(timeout=30)
    except subprocess.TimeoutExpired:
        up.kill()
        up.wait()


def _tail(file: Path, lines: int = 25) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
