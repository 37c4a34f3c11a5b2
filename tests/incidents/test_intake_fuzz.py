"""Hostile bodies at every way in: never a 5xx; what is accepted is kept and taken; what is refused says why."""

import gzip
import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.intake import deliveries
from incidents.models import Delivery
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.effort import examples
from tests.make_incidents import am_alert, am_message

pytestmark = pytest.mark.django_db
FEW = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
KINDS = ("alertmanager", "pagerduty", "generic", "own")
NASTY = st.sampled_from(
    ["", "\x00", "\ud800", "a" * 5000, "\u202e", "ci-runners", "firing", "resolved", "${jndi:x}", "'--"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | NASTY
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | NASTY, inner, max_size=4)
)
ALERT_FIELDS = (
    "labels", "annotations", "startsAt", "fingerprint", "generatorURL", "key", "summary", "links", "component",
    "severity",
)  # fmt: skip
alerts = st.fixed_dictionaries(
    {"status": st.sampled_from(["firing", "resolved"]) | values},
    optional=dict.fromkeys(ALERT_FIELDS, values),
)  # fmt: skip
events = st.fixed_dictionaries(
    {"event_action": st.sampled_from(["trigger", "acknowledge", "resolve"]) | values},
    optional={"dedup_key": st.text(max_size=300) | values, "payload": values, "links": values, "images": values,
              "client": values, "client_url": values},
)  # fmt: skip
payloads = st.fixed_dictionaries(
    {},
    optional={"summary": values, "source": values, "severity": st.sampled_from(["critical", "info"]) | values,
              "component": values, "class": values, "custom_details": values},
)  # fmt: skip


ENVELOPE = st.sampled_from(["externalURL", "truncatedAlerts", "groupLabels", "receiver"])
TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")


class Ways:
    """One integration of each kind, and how a body reaches it."""

    def __init__(self) -> None:
        make.component("ci-runners", owner=make.team("ci"))
        mapping = {
            "key": "/key",
            "summary": "/summary",
            "component": "/component",
            "status": "/status",
            "links": ["/links"],
        }
        options: dict[str, Any] = {"generic": {"mapping": mapping}, "alertmanager": {"grouping": ["fingerprint"]}}
        self.keys = {kind: make_incidents.integration(kind, **options.get(kind, {}))[1] for kind in KINDS}
        self.client = Client(raise_request_exception=False)

    def post(self, kind: str, body: bytes, **headers: str) -> Any:
        """What we answer."""
        url = (
            "/api/v1/events/pagerduty/v2/enqueue" if kind == "pagerduty" else f"/api/v1/alerts/{kind}/{self.keys[kind]}"
        )
        sent: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {self.keys[kind]}", **headers}
        return self.client.post(url, body, content_type=sent.pop("type", "application/json"), **sent)

    def judge(self, kind: str, body: bytes, **headers: str) -> int:
        """2xx is kept and taken, 4xx says why and is kept; the status."""
        before = Delivery.objects.count()
        answer = self.post(kind, body, **headers)
        kept = Delivery.objects.count() - before
        assert 200 <= answer.status_code < 500, (kind, body, answer.content)
        if answer.status_code == 202:
            assert kept == 1
            while deliveries.process_due(now=db_now()):
                pass
            waits = Delivery.objects.filter(state="stored").values_list("outcome", "raw")
            assert not waits.exists(), list(waits)
            assert not Delivery.objects.filter(state="rejected", outcome__startswith="given up").exists(), body
        else:
            said = answer.json()
            assert said.get("errors") or said.get("detail"), said
            assert kept == 1, body
            assert Delivery.objects.latest("pk").state == "rejected"
        return int(answer.status_code)


@pytest.fixture
def ways(db: None) -> Ways:
    """Ready to be sent to."""
    return Ways()


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@FEW
@given(kind=st.sampled_from(KINDS), body=st.binary(max_size=200))
def test_any_bytes(ways: Ways, kind: str, body: bytes) -> None:
    ways.judge(kind, body)


@FEW
@given(kind=st.sampled_from(KINDS), body=values)
def test_any_json(ways: Ways, kind: str, body: object) -> None:
    ways.judge(kind, encoded(body))


@FEW
@given(body=st.lists(alerts, max_size=3) | values, more=st.dictionaries(ENVELOPE, values))
def test_nearly_alertmanager(ways: Ways, body: object, more: dict[str, object]) -> None:
    ways.judge("alertmanager", encoded({**more, "alerts": body}))


@FEW
@given(body=events, payload=payloads)
def test_nearly_pagerduty(ways: Ways, body: dict[str, object], payload: dict[str, object]) -> None:
    ways.judge("pagerduty", encoded({"payload": payload, **body, "routing_key": ways.keys["pagerduty"]}))


@FEW
@given(kind=st.sampled_from(["generic", "own"]), body=alerts)
def test_nearly_a_plain_alert(ways: Ways, kind: str, body: dict[str, object]) -> None:
    ways.judge(kind, encoded(body))


DEEP = b'{"alerts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HUGE = b'{"key": 1' + b"0" * 10_000 + b"}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"NaN", 400),
        (b'{"key": Infinity}', 400),
        (DEEP, 400),
        (HUGE, 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'"' + b"x" * 5_300_000 + b'"', 413),
    ],
    ids=["nothing", "half", "no-utf8", "nan", "infinity", "deep", "huge-number", "bom", "large"],
)
def test_known_traps(ways: Ways, kind: str, body: bytes, status: int) -> None:
    assert ways.judge(kind, body) == status


@pytest.mark.parametrize("kind", ["alertmanager", "generic", "own"])
@pytest.mark.parametrize("type_", TYPES)
def test_the_content_type_is_not_believed(ways: Ways, kind: str, type_: str) -> None:
    body = am_message() if kind == "alertmanager" else {"key": "k", "summary": "s"}
    assert ways.judge(kind, encoded(body), type=type_) == 202


def test_gzip_is_unpacked_within_the_limit(ways: Ways) -> None:
    packed = gzip.compress(encoded(am_message(am_alert("Packed"))))
    assert ways.judge("alertmanager", packed, HTTP_CONTENT_ENCODING="gzip") == 202
    bomb = gzip.compress(b'"' + b" " * 50_000_000 + b'"')
    assert len(bomb) < 100_000
    assert ways.judge("alertmanager", bomb, HTTP_CONTENT_ENCODING="gzip") == 413
    for broken in (packed[:-9], b"no gzip", b""):
        assert ways.judge("alertmanager", broken, HTTP_CONTENT_ENCODING="gzip") == 400
    assert ways.judge("alertmanager", packed, HTTP_CONTENT_ENCODING="br") == 415


def test_an_alert_with_everything_at_its_worst_is_taken(ways: Ways) -> None:
    worst = am_alert(fingerprint="f" * 1000, startsAt={"not": "a time"}, generatorURL=["javascript:alert(1)"])
    worst["labels"] = {
        "alertname": "x" * 5000, "component": "\x00ghost\ud800" * 100, "severity": "critical" * 99, "n": 10**400,
        "deep": {"a": [1]},
    }  # fmt: skip
    assert ways.judge("alertmanager", encoded(am_message(worst, externalURL="javascript:x", groupLabels=7))) == 202
