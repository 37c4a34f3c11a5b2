"""The whole product as `bin/up` runs it, in a folder of its own, for as long as the tests need it."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from portal.embedded import home_for
from portal.run.folder import DataFolder
from portal.run.ports import free_port

COMES_UP_WITHIN = 300.0  # seconds; measured at 30 on two idle cores, but tests share theirs
ENDS_WITHIN = 30.0
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
def running_product(
    folder: Path, *, pace: str = "", demo: bool = True, env: Mapping[str, str] | None = None
) -> Iterator[Product]:
    """Bring it up, with the demo or empty, and end it with SIGTERM; its database goes with it."""
    product, pid = _start(folder, pace=pace, demo=demo, env=env or {})
    try:
        yield product
    finally:
        _end(product, pid)


@contextlib.contextmanager
def shared_product(folder: Path, *, pace: str) -> Iterator[Product]:
    """One product with the demo for all processes of a test run; who is last ends it.

    `folder` is the same for all of them. Whoever comes while it is being brought up waits until it is.
    """
    with _told(folder) as told:
        if not told:
            product, pid = _start(folder, pace=pace, demo=True, env={})
            told |= {"users": 0, "pid": pid, "url": product.url}
        told["users"] += 1
        product = _product(folder, told["url"])
    try:
        yield product
    finally:
        with _told(folder) as told:
            told["users"] -= 1
            if not told["users"]:
                _end(product, told["pid"])
                told.clear()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[dict[str, Any]]:
    """Who runs the shared product and how many use it, empty while there is none; for one at a time."""
    with (folder / "product.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        told: dict[str, Any] = json.loads(file.read() or "{}")
        yield told
        file.truncate(0)
        file.write(json.dumps(told))


def _product(folder: Path, url: str) -> Product:
    return Product(url, folder / "data", folder / "up.log")


def _start(folder: Path, *, pace: str, demo: bool, env: Mapping[str, str]) -> tuple[Product, int]:
    port = free_port(f"e2e{folder}")
    product = _product(folder, f"http://localhost:{port}")
    its = {key: value for key, value in os.environ.items() if key not in OURS}
    its |= {"PORTAL_DATA": str(product.folder), "PORTAL_PORT": str(port), "PORTAL_DEMO_PACE": pace, **env}
    command = [sys.executable, "-m", "portal.cli", "up", *(() if demo else ("--without-demo",))]
    with product.log.open("w") as log:
        up = subprocess.Popen(command, env=its, stdout=log, stderr=log)
    try:
        _wait_until_up(product, up)
    except BaseException:
        _end(product, up.pid)
        raise
    return product, up.pid


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


def _end(product: Product, pid: int) -> None:
    """It may be the child of another process, and is then nobody's to wait for but its parent's."""
    with contextlib.suppress(psutil.NoSuchProcess):
        up = psutil.Process(pid)
        up.send_signal(signal.SIGTERM)
        patience = time.monotonic() + ENDS_WITHIN
        while up.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > patience:
                up.kill()
                break
            time.sleep(0.1)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    shutil.rmtree(home_for(DataFolder(product.folder)), ignore_errors=True)


def _tail(file: Path, lines: int = 25) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
