"""Alertmanager's webhook: batches, components, loudness, grouping, copies of a cluster, what is cut off."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from incidents.intake import deliveries
from incidents.models import Alert, Delivery, Incident, Integration
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.make_incidents import am_alert, am_message

pytestmark = pytest.mark.django_db
URL = "/api/v1/alerts/alertmanager"


def take_all() -> None:
    """Until nothing waits, as the sweep does."""
    while deliveries.process_due(now=db_now()):
        pass


def post(api: APIClient, key: str, message: Any, **extra: Any) -> Any:
    return api.post(f"{URL}/{key}", message, format="json", **extra)


def settled(api: APIClient, key: str, *messages: Any) -> None:
    for message in messages:
        assert post(api, key, message).status_code == 202
    take_all()


def test_a_batch_is_kept_in_one_row_and_becomes_an_alert_each(api: APIClient) -> None:
    runners = make.component("ci-runners", tier=1)
    _, key = make_incidents.integration()
    disk = am_alert(labels={"component": "ci-runners", "severity": "critical"})
    answer = post(api, key, am_message(disk, am_alert("Slow", labels={"severity": "warning"})))
    assert answer.status_code == 202
    stored = Delivery.objects.get()
    assert (answer.json()["delivery"], stored.state, Incident.objects.count()) == (stored.pk, "stored", 0)
    take_all()
    stored.refresh_from_db()
    assert (stored.state, stored.outcome, stored.parts.count()) == ("done", "2 alerts", 2)
    on_disk, slow = Incident.objects.order_by("number")
    assert (on_disk.component, on_disk.severity, on_disk.title) == (runners, 1, "DiskFull happened")
    assert (slow.component, slow.severity) == (None, 4)
    alert = Alert.objects.get(incident=on_disk)
    assert (alert.rule, alert.source, alert.details["labels"]["alertname"]) == ("page", "alertmanager", "DiskFull")
    assert [link["title"] for link in alert.links] == ["Where it was measured", "Alertmanager"]


def test_resolved_ends_it_and_a_repeat_counts_up(api: APIClient) -> None:
    _, key = make_incidents.integration()
    settled(api, key, am_message())
    Alert.objects.update(last_seen_at=db_now() - timedelta(minutes=5))
    settled(api, key, am_message())
    assert Alert.objects.get().count == 2
    settled(api, key, am_message(am_alert(status="resolved"), status="resolved"))
    assert Incident.objects.get().state == "resolved"


def test_two_alertmanagers_of_a_cluster_are_counted_once(api: APIClient) -> None:
    _, key = make_incidents.integration()
    settled(api, key, am_message(), am_message())
    assert (Alert.objects.get().count, Incident.objects.count()) == (1, 1)
    assert "counted once" in Delivery.objects.filter(part_of__isnull=False).latest("pk").outcome
    settled(api, key, am_message(am_alert(startsAt="2026-11-22T12:30:00Z")))
    assert Alert.objects.get().count == 2  # it began anew


def test_firing_and_resolved_in_two_batches_are_taken_in_order(api: APIClient) -> None:
    _, key = make_incidents.integration()
    settled(api, key, am_message(), am_message(am_alert(status="resolved")))
    assert Incident.objects.get().state == "resolved"
    assert not Alert.objects.filter(cleared_at=None).exists()


@pytest.mark.parametrize(
    ("settings", "labels", "found", "why"),
    [
        ({}, {"component": "ci-runners"}, True, "(named by its label component)"),
        ({}, {"portico_component": "component:default/ci-runners"}, True, "(named by its label portico_component)"),
        ({}, {"component": "ghost", "portico_component": "ci-runners"}, True, "label portico_component"),
        ({"component_labels": ["service"]}, {"service": "ci-runners"}, True, "label service"),
        ({"component_labels": ["service"]}, {"component": "ci-runners"}, False, "no label or rule"),
        (
            {"component_rules": [{"labels": {"job": "runner-*", "dc": "*"}, "component": "ci-runners"}]},
            {"job": "runner-7", "dc": "eu"}, True, "rule 1 (",
        ),
        (
            {"component_rules": [{"labels": {"job": "runner-*", "dc": "*"}, "component": "ci-runners"}]},
            {"job": "runner-7"}, False, "no label or rule",
        ),
        ({"default_component": "ci-runners"}, {}, True, "the integration's default"),
        ({}, {"component": "ghost"}, False, "which the catalog does not know"),
    ],
)  # fmt: skip
def test_the_component_is_found_by_label_then_rule_then_default(
    api: APIClient, settings: dict[str, Any], labels: dict[str, str], found: bool, why: str
) -> None:  # fmt: skip
    component = make.component("ci-runners", owner=make.team("ci"))
    _, key = make_incidents.integration(**settings)
    settled(api, key, am_message(am_alert(labels=labels)))
    incident = Incident.objects.get()
    assert (incident.component == component) is found
    assert why in " ".join(entry.words for entry in incident.timeline.all())


def test_an_unknown_component_goes_to_the_catch_all_by_name(api: APIClient) -> None:
    make_incidents.catch_all(make_incidents.reachable("root"))
    _, key = make_incidents.integration()
    settled(api, key, am_message(am_alert(labels={"component": "ghost"})))
    incident = Incident.objects.get()
    assert incident.component_ref == "component:default/ghost"
    assert make_incidents.page_of(incident, "catch-all").is_untaken


def test_alerts_of_a_component_join_unless_the_integration_says_otherwise(api: APIClient) -> None:
    make.component("ci-runners")
    two = [am_alert(name, labels={"component": "ci-runners", "cluster": "eu"}) for name in ("A", "B")]
    for settings, incidents in (({}, 1), ({"grouping": "none"}, 2), ({"grouping": ["cluster"]}, 1)):
        Incident.objects.all().delete()
        Alert.objects.all().delete()
        _, key = make_incidents.integration(**settings)
        settled(api, key, am_message(*two))
        assert Incident.objects.count() == incidents, settings


def test_what_alertmanager_cut_off_is_noticed(api: APIClient) -> None:
    row, key = make_incidents.integration()
    settled(api, key, am_message(truncatedAlerts=7))
    assert "left out 7 alerts" in Delivery.objects.get(part_of=None).outcome
    row.refresh_from_db()
    assert "left out 7 alerts" in row.warning
    assert row.warned_at is not None


def test_one_poisoned_alert_holds_up_no_other(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = make_incidents.integration()
    sound = deliveries.TAKERS["alertmanager"]

    def fails_on_bad(row: Delivery, batch: Any) -> Any:
        if row.part_of_id and '"Bad"' in row.raw:
            Incident.objects.create(title="half done", severity=1, opened_at=make.NOW)
            raise RuntimeError("a bug")
        return sound(row, batch)

    monkeypatch.setitem(deliveries.TAKERS, "alertmanager", fails_on_bad)
    settled(api, key, am_message(am_alert("A"), am_alert("Bad"), am_alert("B")))
    assert sorted(Incident.objects.values_list("title", flat=True)) == ["A happened", "B happened"]
    waiting = Delivery.objects.get(state="stored")
    assert ("Bad" in waiting.raw, waiting.attempts) == (True, 1)
    monkeypatch.undo()
    Delivery.objects.update(due_at=db_now())
    take_all()
    assert Incident.objects.count() == 3


def test_a_request_that_cannot_be_split_holds_up_no_other(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = make_incidents.integration()
    sound = deliveries.TAKERS["alertmanager"]

    def fails_on_bad(row: Delivery, batch: Any) -> Any:
        if row.part_of_id is None and '"Bad"' in row.raw:
            raise RuntimeError("a bug")
        return sound(row, batch)

    monkeypatch.setitem(deliveries.TAKERS, "alertmanager", fails_on_bad)
    settled(api, key, am_message(am_alert("Bad")), am_message(am_alert("A")))
    settled(api, key, am_message(am_alert("B")))
    assert sorted(Incident.objects.values_list("title", flat=True)) == ["A happened", "B happened"]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ([], ""),
        ({}, "alerts"),
        ({"alerts": []}, "alerts"),
        ({"alerts": "x"}, "alerts"),
        ({"alerts": [7]}, "alerts[0]"),
        (am_message(am_alert(status="burning")), "alerts[0].status"),
        (am_message(am_alert(), am_alert(labels={}, fingerprint=7)), "alerts[1].fingerprint"),
        (am_message({**am_alert(), "labels": {}}), "alerts[0].labels"),
        (am_message({**am_alert(), "annotations": "x"}), "alerts[0].annotations"),
    ],
)
def test_a_malformed_one_names_the_field_and_is_kept(api: APIClient, message: Any, field: str) -> None:
    row, key = make_incidents.integration()
    answer = post(api, key, message)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    kept = Delivery.objects.get()
    assert (kept.state, kept.integration, bool(kept.raw), bool(kept.outcome)) == ("rejected", row, True, True)


def test_nul_and_half_pairs_in_texts_are_replaced_not_refused(api: APIClient) -> None:
    _, key = make_incidents.integration()
    alert = b'{"status": "firing", "labels": {"alertname": "A\\u0000\\ud800"}, "annotations": {"summary": "x\\u0000y"}}'
    raw = b'{"alerts": [' + alert + b"]}"
    assert api.post(f"{URL}/{key}", raw, content_type="application/json").status_code == 202
    take_all()
    assert Incident.objects.get().title == "x\ufffdy"


def test_the_key_may_stand_in_a_header(api: APIClient) -> None:
    _, key = make_incidents.integration()
    assert api.post(URL, am_message(), HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 202
    assert api.post(URL, am_message()).status_code == 401
    assert api.post(URL, am_message(), HTTP_AUTHORIZATION="Bearer wrong").status_code == 401


def test_a_wrong_key_one_of_another_kind_and_a_revoked_one_look_the_same(api: APIClient) -> None:
    _, other = make_incidents.integration("generic", mapping={"key": "/id"})
    gone, revoked = make_incidents.integration()
    gone.keys.update(revoked_at=make.NOW)
    answers = [post(api, key, am_message()) for key in ("wrong", other, revoked)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Delivery.objects.exists()


def test_no_sign_in_no_cookie_and_any_accept_header(client: Client) -> None:
    _, key = make_incidents.integration()
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(f"{URL}/{key}", am_message(), content_type="application/json", HTTP_ACCEPT="text/html")
    assert answer.status_code == 202


def test_a_body_over_5_mb_is_refused_clearly(api: APIClient) -> None:
    _, key = make_incidents.integration()
    answer = post(api, key, am_message(am_alert(labels={"pad": "x" * 5_300_000})))
    assert (answer.status_code, "5 MB" in answer.json()["detail"]) == (413, True)


def test_accepting_asks_the_database_twice(api: APIClient, django_assert_num_queries: Any) -> None:
    _, key = make_incidents.integration()
    post(api, key, am_message())  # the first notes when the key was used
    with django_assert_num_queries(2):
        assert post(api, key, am_message(*(am_alert(f"A{n}") for n in range(50)))).status_code == 202


def test_settings_that_were_broken_by_hand_end_in_the_catch_all_not_in_silence(api: APIClient) -> None:
    make_incidents.catch_all(make_incidents.reachable("root"))
    row, key = make_incidents.integration()
    assert post(api, key, am_message()).status_code == 202
    Integration.objects.filter(pk=row.pk).update(settings={"grouping": 7})
    take_all()
    assert "can't be taken" in Incident.objects.get().title
