"""The pages of integrations and deliveries, as people use them: without JavaScript."""

import re
from typing import Any

import pytest
from django.test import Client

from catalog.models import Team
from incidents.intake import deliveries
from incidents.intake.bodies import parsed
from incidents.intake.previewing import EXAMPLES
from incidents.models import Delivery, Incident, Integration
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.make_incidents import am_alert, am_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    """Signed in as a member of CI."""
    person = make.person("ada")
    make.team("ci", person)
    client.force_login(make.account_of(person))
    return client


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def post_alerts(key: str, *alerts: dict[str, Any]) -> None:
    answer = Client().post(f"/api/v1/alerts/alertmanager/{key}", am_message(*alerts), content_type="application/json")
    assert answer.status_code == 202
    while deliveries.process_due(now=db_now()):
        pass


def new(ada: Client, kind: str, **fields: str) -> Any:
    given = {
        "name": "Prometheus",
        "team": "group:default/ci",
        "grouping": "component",
        "default_rule": "page",
        **fields,
    }
    return ada.post(f"/integrations/new?kind={kind}", given, follow=True)


def test_an_empty_list_offers_every_kind(ada: Client) -> None:
    shown = text(ada.get("/integrations"))
    assert "No integration yet" in shown
    assert all(f"/integrations/new?kind={kind}" in shown for kind in Integration.Kind.values)


@pytest.mark.parametrize("kind", ["alertmanager", "pagerduty", "own"])
def test_a_new_one_shows_its_key_once_within_what_is_to_be_copied(ada: Client, kind: str) -> None:
    assert ada.get(f"/integrations/new?kind={kind}").status_code == 200
    answer = new(ada, kind)
    row = Integration.objects.get()
    assert answer.redirect_chain == [(row.get_absolute_url(), 302)]
    key = re.search(r'aria-label="The new key">([a-z0-9]{32})</pre>\s*<button[^>]* data-copy=', answer.content.decode())
    assert key
    assert (answer.content.decode().count(key[1]) >= 3, "no-store" in answer["Cache-Control"]) == (True, True)
    again = text(ada.get(row.get_absolute_url()))
    assert (key[1] in again, "YOUR-KEY" in again, "Nothing came in yet" in again) == (False, True, True)


def test_settings_are_filled_in_and_come_back(ada: Client) -> None:
    answer = new(
        ada, "generic", key="/id", summary="/t", link="/url", label="dc: /dc", severities="SEV1: page",
        statuses="gone: resolved", component_labels="component", component_rules="dc=eu -> ci-runners",
        grouping="labels", group_labels="dc", rules="odd: info", default_component="fallback",
    )  # fmt: skip
    assert answer.status_code == 200
    said = Integration.objects.get().settings
    assert (said["grouping"], said["component_rules"]) == (
        ["dc"],
        [{"labels": {"dc": "eu"}, "component": "ci-runners"}],
    )
    assert (said["mapping"]["links"], said["mapping"]["severities"]) == (["/url"], {"sev1": "page"})
    form = text(ada.get(f"/integrations/{Integration.objects.get().pk}/edit"))
    assert all(one in form for one in ("dc=eu -&gt; ci-runners", "dc: /dc", "sev1: page", 'value="/id"'))


def test_what_is_wrong_stands_at_its_field(ada: Client) -> None:
    answer = new(ada, "generic", key="id", component_rules="what", grouping="labels")
    shown = text(answer)
    assert answer.status_code == 400
    assert "Line 1: write label=value" in shown
    assert "Name the labels." in shown
    assert "must begin with a slash" in text(new(ada, "generic", key="id"))
    assert not Integration.objects.exists()


def test_a_preview_keeps_what_was_typed_and_makes_nothing(ada: Client) -> None:
    make.component("ci-runners", title="CI runners")
    given = {"key": "/id", "component": "/c", "component_labels": "component", "sample": '{"id": 7, "c": "ci-runners"}'}
    shown = text(new(ada, "generic", preview="1", **given))
    assert "What would be read" in shown
    assert "CI runners" in shown
    assert 'value="Prometheus"' in shown
    assert "Did you mean" not in shown
    shown = text(new(ada, "generic", preview="1", **given | {"sample": '{"id": 7, "c": "ci-runers"}'}))
    assert "which the catalog does not know. Did you mean" in shown
    assert ">ci-runners</a>" in shown
    assert '/components/new?name=ci-runers" target="_blank" rel="noopener">register it</a>' in shown
    shown = text(new(ada, "generic", key="/id", preview="1", sample='{"x": 7}'))
    assert "the mapping takes the key from it" in shown
    assert not Integration.objects.exists()


def test_a_heartbeat_has_a_short_form(ada: Client) -> None:
    shown = text(ada.get("/integrations/new?kind=heartbeat"))
    assert ("A beat every" in shown, "Sample" in shown, "Severity label" in shown) == (True, False, False)
    assert new(ada, "heartbeat", every="soon", grace="1m").status_code == 400
    assert new(ada, "heartbeat", every="1 hour", grace="1m").status_code == 200
    assert Integration.objects.get().settings["every"] == "1h"
    assert "Waits for its first beat" in text(ada.get("/integrations"))


def test_keys_are_rotated_and_revoked_and_it_is_retired(ada: Client) -> None:
    none = text(ada.get("/integrations?show=retired"))
    new(ada, "own")
    row = Integration.objects.get()
    assert "The new key" in text(ada.post(f"/integrations/{row.pk}/rotate", {"old_until": "2099-01-01"}, follow=True))
    assert row.keys.filter(expires_at__isnull=False).count() == 1
    assert ada.post(f"/integrations/{row.pk}/rotate", {"old_until": "2001-01-01"}).status_code == 400
    assert ada.post(f"/integrations/{row.pk}/rotate", {"old_until": "never"}).status_code == 400
    oldest = row.keys.earliest("pk")
    ada.post(f"/integrations/{row.pk}/keys/{oldest.pk}/revoke")
    assert "revoked" in text(ada.get(row.get_absolute_url()))
    ada.post(f"/integrations/{row.pk}/retire")
    assert "Nothing comes in on its keys" in text(ada.get(row.get_absolute_url()))
    assert "Prometheus" in text(ada.get("/integrations?show=retired"))
    assert "None is retired" in none


def test_others_see_it_and_may_not_touch_it(ada: Client) -> None:
    row, _ = make_incidents.integration(team=make.team("network"))
    shown = text(ada.get(row.get_absolute_url()))
    assert ("New key" in shown, "Retire" in shown) == (False, False)
    for path in ("rotate", "retire", f"keys/{row.keys.get().pk}/revoke", "edit"):
        given = {"name": "x", "grouping": "component", "default_rule": "page"}
        assert ada.post(f"/integrations/{row.pk}/{path}", given).status_code in {403, 400}, path
    row.refresh_from_db()
    assert (row.name != "x", row.retired_at) == (True, None)


def test_deliveries_tell_what_became_of_them(ada: Client) -> None:
    _, key = make_incidents.integration(name="Prometheus eu")
    post_alerts(key, am_alert("A"), am_alert("B"))
    whole = Delivery.objects.get(part_of=None)
    assert "Prometheus eu" in text(ada.get("/deliveries"))
    page = text(ada.get(whole.get_absolute_url()))
    assert all(one in page for one in ("2 alerts", "A happened", "B happened", "alertname", "opened INC-"))
    for said in re.findall(r"opened (INC-\d+)", page):
        assert page.count(said) == 1, "said once, as the link"
    assert "No delivery matches" in text(ada.get("/deliveries?state=rejected"))
    assert ada.get("/deliveries?state=odd").status_code == 400
    assert "Replay" not in page  # of no team: platform admins


def test_of_one_alert_the_list_says_the_incident_and_its_title_once(ada: Client) -> None:
    _, key = make_incidents.integration(name="Alertmanager eu")
    post_alerts(key, am_alert("A"))
    incident = Incident.objects.get()
    post_alerts(key, am_alert("A", status="resolved"))
    page = ada.get("/deliveries").content.decode()
    for said in ("opened", "cleared"):
        assert f'{said} {incident.label}</a> <span class="t-2">{incident.title}</span>' in page
    assert page.count(incident.title) == 2
    assert "newest first" in page
    assert "Alertmanager</div>" not in page, "the name says the kind"


def test_a_replay_by_a_member(ada: Client) -> None:
    _, key = make_incidents.integration(team=Team.objects.get(name="ci"))
    post_alerts(key)
    whole = Delivery.objects.get(part_of=None)
    assert "Replay" in text(ada.get(whole.get_absolute_url()))
    answer = ada.post(f"/deliveries/{whole.pk}/replay", follow=True)
    assert "taken again" in text(answer)
    assert Delivery.objects.latest("pk").replay_of == whole


def test_pages_ask_the_database_little(ada: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        row, key = make_incidents.integration()
        post_alerts(key, *(am_alert(f"A{n}") for n in range(3)))
    whole = Delivery.objects.filter(part_of=None).latest("pk")
    for url in ("/integrations", row.get_absolute_url(), "/deliveries", whole.get_absolute_url(), "/integrations/new"):
        with django_assert_max_num_queries(20):
            assert ada.get(url).status_code == 200


def test_what_came_in_shows_by_itself_and_the_new_key_stays(ada: Client) -> None:
    page = new(ada, "alertmanager").content.decode()
    row = Integration.objects.get()
    assert f'id="facts" aria-labelledby="h-facts" hx-get="/integrations/{row.pk}/live"' in page
    key = re.search(r'aria-label="The new key">([a-z0-9]{32})<', page)
    assert key
    post_alerts(key[1], am_alert("A"))
    part = text(ada.get(f"/integrations/{row.pk}/live"))
    assert ("Nothing came in yet" in part, "never used" in part, "<dd>1 request</dd>" in part) == (False, False, True)
    assert all(f'id="{one}" hx-swap-oob="outerMorph"' in part for one in ("health", f"used-{row.keys.get().pk}"))
    assert 'id="came-in" aria-labelledby="h-deliveries" hx-swap-oob="outerMorph"' in part
    assert "The new key" not in part


def test_beside_the_alert_to_try_it_stands_whom_it_tells(ada: Client) -> None:
    linh = make_incidents.reachable("linh")
    make_incidents.catch_all(linh)
    said = f"opens a P5 incident, for information. {linh.label} gets a message by the policy"
    assert said in text(new(ada, "alertmanager"))
    shown = text(ada.get(Integration.objects.get().get_absolute_url()))
    assert "no component whose owner has a policy, so it goes to the catch-all." in shown
    assert "P5 incident, for information" in text(new(ada, "pagerduty", name="PagerDuty"))
    assert "Sending it" not in text(new(ada, "own", name="Script"))


def test_without_a_sample_one_is_asked_for_and_an_example_offered(ada: Client) -> None:
    for kind in ("alertmanager", "pagerduty", "generic", "own"):
        asked = text(new(ada, kind, preview="1", sample=" ", key="/id"))
        assert ("Paste a sample first" in asked, "would get a 400" in asked) == (True, False)
        assert 'data-fill="sample"' in asked
        seen = text(new(ada, kind, preview="1", sample=EXAMPLES[kind], key="/id", summary="/title"))
        assert ("Queue is growing" in seen, "would get a 400" in seen) == (True, False), kind


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ('{"id": 1,\n "x" 2}', "in line 2, column 6, a colon is missing"),
        ('{"id": 1 "x": 2}', "in line 1, column 10, a comma is missing"),
        ('{"id": 1,}', "in line 1, column 9, there is a comma too many"),
        ('{"id": "1}', "in line 1, column 8, a text begins that has no end"),
        ('{"id": }', "in line 1, column 8, a value is missing"),
        ("{} {}", "in line 1, column 4, something is left"),
        ("{id: 1}", "in line 1, column 2, a name in double quotes is missing"),
        ('{"id": "\\q"}', "in line 1, column 9, a backslash stands"),
    ],
)
def test_what_is_wrong_with_json_is_said_in_words_by_line_and_column(sample: str, said: str) -> None:
    with pytest.raises(Invalid, match=f"This is no JSON: {said}") as caught:
        parsed(sample.encode())
    assert "char" not in str(caught.value)


def test_a_delivery_goes_by_its_integrations_name_and_the_senders_own_key(ada: Client) -> None:
    row, key = make_incidents.integration(name="Prometheus eu")
    post_alerts(key, am_alert("A"), am_alert("B"))
    whole = Delivery.objects.get(part_of=None)
    part = whole.parts.latest("pk")
    assert part.own_key
    for one in (whole, part):
        shown = text(ada.get(one.get_absolute_url()))
        assert f"integration-{row.pk}" not in shown
        assert ">Prometheus eu</a>" in shown.partition("What became of it</h2>")[2]
    assert f'key <span class="mono">{part.own_key}</span>' in text(ada.get(part.get_absolute_url()))
