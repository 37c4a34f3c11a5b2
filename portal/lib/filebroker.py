"""Celery's messages as files, for one machine without Redis: kombu's own transport, made safe for several processes.

kombu (5.7) opens a message's file under its final name and writes afterwards, so that a reader between the two takes an
empty file, and the worker ends with a JSONDecodeError (celery/kombu#1551). Here files appear whole, by rename, and are
taken by rename within the same folder. Messages are wake-ups, so one that can't be read is dropped.
"""

import fcntl
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

SCHEME = "files"


class Channel(filesystem.Channel):
    """Reads and writes whole files only."""

    def _put(  # type: ignore[override]  # kombu's own two signatures of it differ
        self, queue: str, payload: dict[str, Any], **_kwargs: object
    ) -> None:
        name = f"{uuid.uuid1().time:020d}_{uuid.uuid4()}.{queue}.msg"  # sorts by time across processes
        _write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for file in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            message = _take(file)
            if message is not None:
                return message
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        file: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # missing from the stubs
        file.parent.mkdir(exist_ok=True)
        with (file.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
            table = self.get_table(exchange)
            if binding not in table:
                _write_whole(file, dumps([binding, *table]))


class Transport(filesystem.Transport):
    """The transport behind `files://` broker addresses."""

    Channel = Channel
    driver_type = driver_name = SCHEME


def register() -> None:
    """Let kombu know the scheme `files`."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


def _write_whole(file: Path, text: str) -> None:
    scratch = file.with_name(f".{uuid.uuid4()}.new")
    scratch.write_text(text)
    scratch.replace(file)


def _take(file: Path) -> dict[str, Any] | None:
    """The message in `file`, which is ours alone from then on; None if another worker had it or it is no message."""
    mine = file.with_name(f".{uuid.uuid4()}.taken")
    try:
        file.rename(mine)
        text = mine.read_text()
        mine.unlink()
        message: dict[str, Any] = loads(text)
    except (FileNotFoundError, ValueError):
        return None
    return message
