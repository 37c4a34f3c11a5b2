"""The data folder: the one place that `bin/up` writes to."""

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class AlreadyRunning(Exception):
    """Another process holds the data folder; the message says which and where it answers."""


@dataclass(frozen=True, slots=True)
class Running:
    """A supervisor at work: its process, where the portal answers, and what its children were told."""

    pid: int
    address: str
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths below the data folder, an identity that survives moving it, and a lock."""

    path: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "DataFolder":
        """`PORTAL_DATA`, or `.portal` in the checkout; created for its owner alone."""
        given = environment.get("PORTAL_DATA", "").strip()
        folder = cls(Path(given).expanduser().absolute() if given else CHECKOUT / ".portal")
        folder.path.mkdir(parents=True, exist_ok=True)
        return folder

    def sub(self, *names: str) -> Path:
        """A folder below, created if need be and closed to others: logs and queues hold what people wrote."""
        path = self.path.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def tell(self, running: "Running | None") -> None:
        """Let other processes of the same checkout know what runs now; nothing, with None."""
        file = self.sub("run") / "up.json"
        file.unlink(missing_ok=True)
        if running is not None:
            write_private(file, json.dumps(dataclasses.asdict(running)))

    def secret_key(self) -> str:
        """The key of this installation: made once, then kept."""
        return _kept(self.path / "secret-key", secrets.token_urlsafe(48))

    def identity(self) -> str:
        """Twelve hex digits that name this installation: kept when the folder moves, new when it was copied."""
        file = self.path / "instance.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        if known and (known["path"] == str(self.path) or not Path(known["path"], file.name).exists()):
            identity = str(known["id"])
        else:
            identity = hashlib.sha256(f"{self.path}{secrets.token_hex()}".encode()).hexdigest()[:12]
        if known != (fresh := {"id": identity, "path": str(self.path)}):
            file.write_text(json.dumps(fresh))
        return identity

    def lock(self) -> IO[str]:
        """Hold the folder until the returned file is closed or the process ends, however it ends."""
        holder = (self.sub("run") / "lock").open("a+")
        for _ in range(5):  # `running` holds it for a moment, too
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return holder
            time.sleep(0.05)
        holder.close()
        raise AlreadyRunning(self._who_runs())

    def _who_runs(self) -> str:
        running = self.running()
        where = f" at {running.address} (process {running.pid})" if running else ""
        return f"Portico already runs from {self.path}{where}. Stop that one, or set PORTAL_DATA to another folder."

    def running(self) -> "Running | None":
        """What the running supervisor said about itself; None when none runs, or not far enough yet."""
        try:
            with (self.path / "run" / "lock").open() as holder:
                fcntl.flock(holder, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(FileNotFoundError):
                return Running(**json.loads((self.path / "run" / "up.json").read_text()))
        except FileNotFoundError:
            pass
        return None


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step, readable by its owner only."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    scratch.replace(path)


def _kept(path: Path, fresh: str) -> str:
    if not path.exists():
        write_private(path, fresh)
    return path.read_text().strip()
