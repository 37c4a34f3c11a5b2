"""The broker of files: several writers and readers at once, every message taken exactly once."""

import multiprocessing
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from portal.lib import filebroker

WRITERS, EACH = 3, 400


def _connect(folder: Path) -> Connection:
    filebroker.register()
    filebroker.Transport.global_state.clear()  # kombu keeps one per process, and each test has its own folder
    for name in ("queue", "control"):
        (folder / name).mkdir(exist_ok=True)
    places = {"data_folder_in": str(folder / "queue"), "data_folder_out": str(folder / "queue")}
    options = {**places, "control_folder": str(folder / "control"), "polling_interval": 0.01}
    return Connection("files://localhost//", transport_options=options)


def _queue(connection: Connection) -> Any:
    return connection.SimpleQueue("page")


def _write(folder: Path, writer: int) -> None:
    with _connect(folder) as connection:
        queue = _queue(connection)
        for number in range(EACH):
            queue.put({"n": writer * EACH + number})


def _read(folder: Path, found: "multiprocessing.SimpleQueue[list[int]]") -> None:
    numbers: list[int] = []
    with _connect(folder) as connection:
        queue = _queue(connection)
        while True:
            try:
                message = queue.get(timeout=2)
            except Empty:
                break
            numbers.append(message.payload["n"])
            message.ack()
    found.put(numbers)


def test_readers_never_meet_a_half_written_message_and_each_is_taken_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    found: multiprocessing.SimpleQueue[list[int]] = spawn.SimpleQueue()
    writers = [spawn.Process(target=_write, args=(tmp_path, writer)) for writer in range(WRITERS)]
    readers = [spawn.Process(target=_read, args=(tmp_path, found)) for _ in range(2)]
    for process in (*readers, *writers):
        process.start()
    taken = [number for _ in readers for number in found.get()]
    for process in (*readers, *writers):
        process.join(30)
        assert process.exitcode == 0
    assert sorted(taken) == list(range(WRITERS * EACH))
    assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("garbage", ["", "{", "no json"])
def test_a_file_that_is_no_message_is_dropped_and_the_next_one_read(tmp_path: Path, garbage: str) -> None:
    with _connect(tmp_path) as connection:
        (tmp_path / "queue" / "0_torn.page.msg").write_text(garbage)
        queue = _queue(connection)
        queue.put({"n": 1})
        message = queue.get(timeout=2)
        assert message.payload == {"n": 1}
        message.ack()


def test_messages_are_read_in_the_order_of_writing(tmp_path: Path) -> None:
    with _connect(tmp_path) as connection:
        queue = _queue(connection)
        for number in range(20):
            queue.put({"n": number})
        assert [queue.get(timeout=2).payload["n"] for _ in range(20)] == list(range(20))
