"""From an alert to the first page: how many alerts a second are accepted, how long the first page takes, a burst.

`bin/bench page [--json] [--alerts N] [--burst N] [--trickle N]`. A real web server, Redis, two workers and a beat on
the database named by DATABASE_URL (use a fresh one); pages go to a webhook on loopback, and are counted there.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import requests
from django.core.management import call_command

from catalog.authentication import digest
from catalog.models import ApiToken, Team
from incidents.models import Delivery, Incident, Notification, Page
from portal.lib.clock import db_now
from portal.run.ports import free_port
from tests import make, make_incidents
from tests.benchmarks.table import Row, show
from tests.chaos import stack
from tests.chaos.stack import Stack, environment, wait_for
from tests.fakes.webhook import WebhookSink

CLIENTS = 4
TOKEN = "portico_bench-of-pages"
EVERY = 2.0
TEAMS = 50


def main() -> None:
    """Fill, start everything, measure, show."""
    asked = _arguments()
    call_command("migrate", verbosity=0)
    with WebhookSink.running() as sink, tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (run, web):
        fill(sink, asked.burst)
        accepted = accept(web, asked.alerts)
        wait_for(nothing_waits, seconds=600)
        run.worker("page", 1), run.worker("deliver", 1), run.beat()
        trickled = trickle(web, sink, asked.trickle)
        burst = Burst.measured(web, sink, asked.burst)
    show("page", rows(accepted, trickled, burst), as_json=asked.json)


def rows(accepted: "Accepted", trickled: Sequence[float], burst: "Burst") -> list[Row]:
    """Against the bars of the design."""
    quantiles = statistics.quantiles(trickled, n=20)
    half, most = statistics.median(trickled) * 1000, quantiles[-1] * 1000
    return [
        Row(
            f"alerts accepted and committed, {CLIENTS} clients",
            accepted.rate,
            "1/s",
            "at least 300",
            accepted.rate >= 300,
        ),
        Row("answers of the slowest twentieth", accepted.p95 * 1000, "ms"),
        Row("accepted and not kept", accepted.lost, "alerts", "none", accepted.lost == 0),
        Row(f"one every {EVERY:.0f} s: first page, p50", half, "ms", "under 200 ms", half < 200),
        Row(f"one every {EVERY:.0f} s: first page, p95", most, "ms", "under 500 ms", most < 500),
        Row(f"burst of {burst.size}: all accepted", burst.accepted, "s"),
        Row(f"burst of {burst.size}: every first page", burst.seconds, "s", "at most 10 s", burst.seconds <= 10),
        Row("pages lost", burst.lost, "pages", "none", burst.lost == 0),
        Row("incidents doubled or missing", burst.wrong, "incidents", "none", burst.wrong == 0),
    ]


@contextmanager
def running(folder: Path) -> Iterator[tuple[Stack, str]]:
    """Redis and one web process; the address of the latter. Workers are started later."""
    with stack.running(folder) as run:
        port = free_port("web")
        # the broker is there and nobody listens: what is accepted is hinted, and stays stored
        web = subprocess.Popen(
            [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
             "--workers", "1", "--blocking-threads", "4", "--log-level", "warning", "portal.wsgi:application"],
            env=environment(folder, REDIS_URL=run.redis_url, PORTAL_LOG_LEVEL="WARNING"),
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(address), seconds=60)
            yield run, address
        finally:
            web.terminate()
            web.wait()


def fill(sink: WebhookSink, components: int) -> None:
    """Teams whose person on call is reached at the sink, each with its share of components; a token."""
    teams: list[Team] = []
    for _ in range(TEAMS):
        person, team = make.person(), make.team()
        make_incidents.method(person, sink.url, channel="webhook")
        rota = make_incidents.schedule(person, team=team)
        teams.append(make_incidents.paged(team, make_incidents.step(rota)))
    for number in range(components):
        make.component(f"burst-{number}", owner=teams[number % TEAMS], tier=2)
    for number in range(200):
        make.component(f"trickle-{number}", owner=teams[number % TEAMS], tier=2)
    ApiToken.objects.create(
        name="bench", prefix=TOKEN[:12], digest=digest(TOKEN), scopes=["read", "alerts:send"], created_at=db_now()
    )


@dataclass(frozen=True)
class Accepted:
    """Alerts a second answered 202, seconds that 19 of 20 answers took at most, and how many were not kept."""

    rate: float
    p95: float
    lost: int


def accept(web: str, alerts: int) -> Accepted:
    """Several clients post as fast as they are answered; nobody takes what they send yet."""
    before = Delivery.objects.count()
    took: list[float] = []

    def client(number: int) -> None:
        with client_of(web) as session:
            for n in range(number, alerts, CLIENTS):
                began = time.perf_counter()
                post(session, {"key": f"info-{n}", "summary": "Just so you know", "severity": "info"})
                took.append(time.perf_counter() - began)

    began = time.perf_counter()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    lost = alerts - (Delivery.objects.count() - before)
    Delivery.objects.filter(state=Delivery.State.STORED).delete()
    return Accepted(alerts / seconds, statistics.quantiles(took, n=20)[-1], lost)


def trickle(web: str, sink: WebhookSink, times: int) -> list[float]:
    """Seconds from the moment an alert is sent to the moment its first page arrives, one alert every two seconds."""
    found = []
    with client_of(web) as session:
        for number in range(times + 1):
            before, began = len(sink.received), time.perf_counter()
            post(session, {"key": f"trickle-{number}", "component": f"trickle-{number}"})
            wait_for_page(sink, before + 1)
            seconds = time.perf_counter() - began
            if number:  # the first one waits for the workers to start
                found.append(seconds)
            time.sleep(max(0.0, EVERY - seconds))
    return found


@dataclass(frozen=True)
class Burst:
    """Distinct alerts sent at once: seconds until all were accepted and every first page had arrived, what is wrong."""

    size: int
    accepted: float
    seconds: float
    lost: int
    wrong: int

    @classmethod
    def measured(cls, web: str, sink: WebhookSink, size: int) -> "Burst":
        """Four clients send; the sink counts."""
        before, incidents = len(sink.received), Incident.objects.count()
        began = time.perf_counter()

        def client(number: int) -> None:
            with client_of(web) as session:
                for n in range(number, size, CLIENTS):
                    post(session, {"key": f"burst-{n}", "component": f"burst-{n}"})

        threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted = time.perf_counter() - began
        paged = set[int]()
        until = time.perf_counter() + 120
        while len(paged) < size and time.perf_counter() < until:
            paged |= incidents_in(sink, before)
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        return cls(size, accepted, seconds, size - len(paged), abs(Incident.objects.count() - incidents - size))


def incidents_in(sink: WebhookSink, since: int) -> set[int]:
    """Numbers of the incidents that messages after the `since`-th were about."""
    found = set[int]()
    for one in sink.received[since:]:
        body = one.body
        told = body.get("pages") or [body]  # a bundle lists its pages
        found |= {page["incident"]["number"] for page in told if page.get("incident")}
    return found


def wait_for_page(sink: WebhookSink, count: int) -> None:
    """Until so many messages have come."""
    until = time.perf_counter() + 60
    while len(sink.received) < count:
        if time.perf_counter() > until:
            raise SystemExit("no page within a minute")
        time.sleep(0.002)


@contextmanager
def client_of(web: str) -> Iterator[HTTPConnection]:
    """One connection that stays open. The library's bare one, for what clients burn is taken from what is measured."""
    host, _, port = web.removeprefix("http://").partition(":")
    connection = HTTPConnection(host, int(port), timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def post(client: HTTPConnection, body: dict[str, str]) -> None:
    """One alert, accepted."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    client.request("POST", "/api/v1/alerts", json.dumps(body), headers)
    answer = client.getresponse()
    said = answer.read()
    if answer.status != 202:
        raise SystemExit(f"{answer.status}: {said[:500]!r}")


def nothing_waits() -> bool:
    """No delivery, page or message is due."""
    stored = Delivery.objects.filter(state=Delivery.State.STORED).exists()
    due = Page.objects.filter(next_step_at__lte=db_now()).exists()
    return not (stored or due or Notification.objects.filter(state="pending", next_attempt_at__lte=db_now()).exists())


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench page")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alerts", type=int, default=4000, help="how many are sent to see how many are accepted")
    parser.add_argument("--trickle", type=int, default=30, help="how many are sent one by one")
    parser.add_argument("--burst", type=int, default=1600, help="how many are sent at once")
    return parser.parse_args()


if __name__ == "__main__":
    main()
