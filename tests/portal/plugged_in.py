"""What a portal with plugins installed shows; run by test_plugins in a process of its own, for apps load once.

It works on the database of the test that starts it, inside a transaction that is rolled back, and prints JSON.
"""

import json
import sys
from typing import Any

import django
from django.conf import settings

settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
settings.PORTAL_ALLOW_PRIVATE_ADDRESSES = ("127.0.0.1",)  # where the lamp is
settings.CELERY_BROKER_URL = "memory://"
settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
django.setup()

from django.core.management import CommandError, call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from catalog.access import Actor  # noqa: E402
from incidents.intake.deliveries import process_due  # noqa: E402
from incidents.models import Alert, Notification  # noqa: E402
from incidents.operations import contacts  # noqa: E402
from incidents.paging import advance_due, deliver_due  # noqa: E402
from portal.lib.clock import db_now  # noqa: E402
from slo.models import Objective  # noqa: E402
from tests import make, make_incidents, make_slo  # noqa: E402
from tests.fakes.webhook import WebhookSink  # noqa: E402


def look() -> dict[str, Any]:
    """All that the test asserts."""
    ada, client = make.person("ada", admin=True), Client()
    client.force_login(make.account_of(ada))
    team = make.team("build-ci", lead=ada)
    named = {"acme.example/cost-centre": "CC-0042"}
    runners = make.component("ci-runners", owner=team, tier=1, annotations=named)
    other = make.component("vault", owner=team)
    make_incidents.paged(team, make_incidents.step(ada))

    def page(url: str) -> str:
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return str(answer.content.decode())

    with WebhookSink.running() as box:
        given = {"box": box.url, "room": "b217"}
        method = contacts.add_method(
            person=ada, channel="acme-lamp", given=given, by=Actor(person=ada), now=db_now()
        ).method
        deliver_due(clock=db_now)
        code = str(box.received[-1].body["text"])
        method.confirmed_at = db_now()
        method.save(update_fields=["confirmed_at"])
        make_incidents.incident(runners, now=db_now())
        advance_due(now=db_now())
        done = deliver_due(clock=db_now)
        lit = [one.body for one in box.received]
    wish = {"name": "Hall 3", "kind": "acme-hall"}
    hall = client.post("/api/v1/integrations", wish, content_type="application/json").json()
    at = f"/api/v1/alerts/acme-hall/{hall['key']}"
    sent = [
        Client().post(where, body, content_type="application/json")
        for where, body in (
            (at, {"machine": "press-4", "alarm": "overheated", "component": "vault"}),
            (at, {"machine": "press-5", "alarm": "stuck", "component": "vault"}),
            (at, {"machine": "press-5"}),
            ("/api/v1/alerts/acme-hall/guessed", {"machine": "press-5", "alarm": "stuck"}),
        )
    ]
    Client().post(at, {"machine": "press-5", "alarm": "stuck", "cleared": True}, content_type="application/json")
    process_due(now=db_now())
    alerts = Alert.objects.filter(key__contains="press-").order_by("pk")
    make_slo.source()
    at = "/api/v1/slos/office-hours"
    indicator = {"from": "8", "to": "30"}
    wanted: dict[str, object] = {"component": runners.ref, "type": "acme-deployments", "indicator": indicator}
    wanted |= {"title": "Deployed by day", "target": 0.9, "window": "30d", "policy": "workbook"}
    refused = client.put(at, wanted, content_type="application/json")
    indicator["to"] = "18"
    made = client.put(at, wanted, content_type="application/json")
    assert made.status_code == 201, made.content
    objective = Objective.objects.get(name="office-hours")
    again = client.put(at, {**client.get(at).json(), **wanted}, content_type="application/json")
    yaml = str(client.get(f"{at}/openslo").content.decode())
    applied = client.post("/api/v1/apply?dry_run=1", yaml, content_type="application/yaml")
    pages = Notification.objects.filter(kind=Notification.Kind.PAGE)
    return {
        "component": page(runners.get_absolute_url()),
        "without": page(other.get_absolute_url()),
        "scorecard": client.get(f"/api/v1{runners.get_absolute_url()}/scorecard").json(),
        "offered": page("/me/paging?add=acme-lamp"),
        "methods": page("/me/paging"),
        "code": code,
        "lit": lit,
        "sent": done.sent,
        "pages": [(one.channel, one.state, one.address) for one in pages],
        "refused": refused.json(),
        "again": again.status_code,
        "yaml": yaml,
        "applied": (applied.status_code, applied.json()),
        "objective": page(objective.get_absolute_url()),
        "edit": page(f"{objective.get_absolute_url()}/edit"),
        "fleet": page("/slos"),
        "ways": page("/integrations/new"),
        "hall": hall,
        "integrations": page("/integrations"),
        "alarms": (
            [one.status_code for one in sent],
            sent[2].json(),
            [(one.summary, one.cleared_at is None) for one in alerts],
        ),
        "own page": page("/x/acme/cost-centres"),
        "catalog": page("/catalog"),
        "plugins": client.get("/api/v1/plugins").json()["results"],
        "settings": page("/settings/plugins"),
        "healthz": client.get("/healthz").json(),
        "metrics": page("/metrics"),
        "broken page": client.get("/x/lost/").status_code,
        "outsider": Client().get("/settings/plugins").status_code,
        "doctor": _doctor(),
    }


def _doctor() -> str:
    try:
        call_command("doctor", stdout=sys.stderr)
    except CommandError as error:
        return str(error)
    return ""


setup_test_environment()
with transaction.atomic():
    told = look()
    transaction.set_rollback(True)
print(json.dumps(told))
