"""An alert storm: thousands of alerts over 200 components behind three causes. How many incidents, pages, messages?

`bin/bench storm [--json] [--alerts N]`. A real web server, Redis, workers and a beat on the database named by
DATABASE_URL (use a fresh one); an Alertmanager's batches of 50 come in within a minute, the worst first or last.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests
from django.core.management import call_command

from catalog.access import Actor
from catalog.models import Component, Team
from incidents.models import Alert, Delivery, Incident, Notification, Page
from incidents.operations.integrations import create_integration
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.benchmarks.page import nothing_waits, running
from tests.benchmarks.table import Row, show
from tests.chaos.stack import wait_for
from tests.fakes.webhook import WebhookSink

CAUSES = ("vault", "dns", "registry")
COMPONENTS = 200
TEAMS = 40
BATCH = 50
MINUTE = 60.0


def main() -> None:
    """Fill, storm, count."""
    asked = _arguments()
    call_command("migrate", verbosity=0)
    with WebhookSink.running() as sink, tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (run, web):
        key = fill(sink)
        run.worker("page", 1), run.worker("deliver", 1), run.beat()
        seconds = storm(web, key, asked.alerts, late=asked.causes_last)
        wait_for(lambda: nothing_waits(), seconds=120)
        time.sleep(5)
        show("storm", rows(sink, asked.alerts, seconds), as_json=asked.json)


def rows(sink: WebhookSink, alerts: int, seconds: float) -> list[Row]:
    """What became of them."""
    roots = Incident.objects.filter(root=None)
    causes = Incident.objects.filter(component__name__in=CAUSES)
    symptoms = Incident.objects.exclude(root=None)
    paged = Notification.objects.filter(kind=Notification.Kind.PAGE, state=Notification.State.SENT)
    per_cause_and_person = Counter(paged.values_list("person", "incident__root", "incident"))
    once = max(per_cause_and_person.values(), default=0)
    messages = Counter(one.body["person"] for one in sink.received)
    return [
        Row("alerts sent", alerts, "alerts"),
        Row("sent within", seconds, "s"),
        Row("deliveries still waiting", Delivery.objects.filter(state=Delivery.State.STORED).count(), "", "none"),
        Row("alerts open", Alert.objects.filter(cleared_at=None).count(), "alerts"),
        Row("incidents of causes", causes.count(), "incidents", "3", causes.count() == len(CAUSES)),
        Row("incidents that are symptoms", symptoms.count(), "incidents"),
        Row("other incidents that stand alone", roots.exclude(pk__in=causes).count(), "incidents"),
        Row("pages opened (teams engaged)", Page.objects.count(), "pages"),
        Row("page notifications sent", paged.count(), ""),
        Row("messages at the sink, told and paged", len(sink.received), ""),
        Row("most messages to one person", max(messages.values(), default=0), ""),
        Row("most pages of one incident to one person", once, "", "1", once <= 1),
    ]


def fill(sink: WebhookSink) -> str:
    """Three causes, what depends on them directly or at one remove, 40 teams; an integration's key."""
    teams: list[Team] = []
    root = make.person("root", admin=True)
    for _ in range(TEAMS):
        person, team = make.person(), make.team()
        make_incidents.method(person, sink.url, channel="webhook")
        rota = make_incidents.schedule(person, team=team)
        team = make_incidents.paged(team, make_incidents.step(rota))
        team.paging.schedule = rota
        team.paging.save()
        teams.append(team)
    causes = [make.component(name, owner=teams[n], tier=1) for n, name in enumerate(CAUSES)]
    made: list[Component] = []
    for number in range(COMPONENTS - len(CAUSES)):
        one = make.component(f"app-{number}", owner=teams[number % TEAMS], tier=2)
        above = causes[number % 3] if number < 60 else made[number % 60]
        make.dependency(one, above)
        made.append(one)
    made_integration = create_integration(
        name="Alertmanager", kind="alertmanager", team=None, settings={}, by=Actor(person=root), now=db_now()
    )
    return made_integration.key


def storm(web: str, key: str, alerts: int, *, late: bool) -> float:
    """All of them as an Alertmanager sends them, spread over a minute; seconds until the last was accepted."""
    names = [*CAUSES, *(f"app-{n}" for n in range(COMPONENTS - len(CAUSES)))]
    wanted = [(name, n) for n in range(alerts // COMPONENTS + 1) for name in names][:alerts]
    dice = random.Random(4)
    dice.shuffle(wanted)
    if late:  # the causes speak after a third of what they break
        wanted.sort(key=lambda one: one[0] in CAUSES and wanted.index(one) < len(wanted) // 3)
    began, batches = time.perf_counter(), [wanted[n : n + BATCH] for n in range(0, len(wanted), BATCH)]
    with requests.Session() as session:
        for number, batch in enumerate(batches):
            answer = session.post(f"{web}/api/v1/alerts/alertmanager/{key}", json=_webhook(batch), timeout=30)
            if not answer.ok:
                raise SystemExit(f"{answer.status_code}: {answer.text[:500]}")
            pause = began + (number + 1) * MINUTE / len(batches) - time.perf_counter()
            time.sleep(max(0.0, pause))
    return time.perf_counter() - began


def _webhook(batch: list[tuple[str, int]]) -> dict[str, object]:
    fired = [
        {
            "status": "firing",
            "labels": {"alertname": f"Broken{n}", "component": name, "severity": "critical"},
            "annotations": {"summary": f"{name}: check {n} fails"},
            "startsAt": "2026-11-26T03:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org/graph",
            "fingerprint": f"{name}-{n}",
        }
        for name, n in batch
    ]
    return {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "portico",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am.example.org",
        "alerts": fired,
    }  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench storm")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alerts", type=int, default=5000)
    parser.add_argument("--causes-last", action="store_true", help="symptoms come before their causes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
