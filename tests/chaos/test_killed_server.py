"""A server killed in the middle of a bulk request: nothing of it is there or all, and sent again it ends right."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Dependency, IdempotentAnswer, Ownership
from catalog.operations.idempotency import STUCK
from tests import make
from tests.chaos.locks import held, killed, others, waiting
from tests.chaos.stack import ROOT, environment, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live]

COUNT = 300
ITEMS = [{"name": f"c{n}", "owner": "build-ci", "depends_on": [f"component:c{n + 1}"]} for n in range(COUNT)]
BODY = json.dumps({"items": ITEMS})
BULK = "/api/v1/components/bulk"
KEY = {"Idempotency-Key": "a-thousand-jobs"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The web server as it runs in production, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    where = ("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--workers", "1")
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *where, "portal.wsgi:application"],
            cwd=ROOT, env=environment(tmp_path), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: _listens(port), seconds=40)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        killed(process)


def test_killed_before_the_commit_nothing_is_there(server: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = server
    token = make.token("components:write")[1]
    with held("LOCK TABLE catalog_auditentry IN SHARE MODE"):  # the last that is written: all else is, uncommitted
        sender = _sent(address, token)
        wait_for(lambda: waiting() == 1, seconds=20)
        killed(process)
        sender.join(10)
    wait_for(lambda: others() == 0, seconds=20)
    assert _kept() == (0, 0, 0, 0)
    _sent_again_ends_right(token, created=COUNT, unchanged=0)


def test_killed_between_the_commit_and_the_answer_all_is_there(server: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = server
    token = make.token("components:write")[1]
    with held("LOCK TABLE catalog_auditentry IN SHARE MODE") as audit:
        sender = _sent(address, token)
        wait_for(lambda: waiting() == 1, seconds=20)
        with held("SELECT FROM catalog_idempotentanswer FOR UPDATE"):
            audit.rollback()
            wait_for(lambda: Component.objects.count() == COUNT and waiting() == 1, seconds=20)
            killed(process)
            sender.join(10)
    wait_for(lambda: others() == 0, seconds=20)
    assert _kept() == (COUNT, COUNT, COUNT, COUNT)
    if not IdempotentAnswer.objects.get().status:  # what its connection had sent already may still be done
        _sent_again_ends_right(token, created=0, unchanged=COUNT)


def _sent_again_ends_right(token: str, *, created: int, unchanged: int) -> None:
    """While the dead one may still be at work it is told to wait, then it is the first again, then answered alike."""
    api = make.signed(APIClient(), token)

    def send() -> tuple[int, dict[str, int], bool]:
        said = api.generic("POST", BULK, BODY, content_type="application/json", headers=KEY)
        return said.status_code, said.json(), "Idempotent-Replayed" in said.headers

    assert send()[0] == 409
    claimed = IdempotentAnswer.objects.get()
    IdempotentAnswer.objects.update(created_at=claimed.created_at - STUCK - timedelta(seconds=1))
    status, body, replayed = send()
    assert (status, body["created"], body["unchanged"], body["failed"], replayed) == (200, created, unchanged, 0, False)
    assert send() == (200, body, True)
    assert _kept() == (COUNT, COUNT, COUNT, COUNT)


def _kept() -> tuple[int, int, int, int]:
    return tuple(model.objects.count() for model in (Component, Dependency, Ownership, AuditEntry))  # type: ignore[return-value]


def _sent(address: str, token: str) -> threading.Thread:
    """The request on its way; nobody hears the answer."""

    def send() -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **KEY}
        with suppress(requests.RequestException):
            requests.post(address + BULK, data=BODY, headers=headers, timeout=30)

    sender = threading.Thread(target=send)
    sender.start()
    return sender


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
