"""Settings: everything that is set up says how it is, and has a button that tries it."""

import json

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import ApiToken, AuditEntry
from tests import make, make_slo
from tests.fakes.smtp import MailSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
FIRING = {
    "version": "4", "status": "firing", "groupKey": "g", "receiver": "portico",
    "alerts": [
        {"status": "firing", "labels": {"alertname": "Queue", "component": "ci-runners", "severity": "critical"},
         "annotations": {"summary": "Jobs wait"}, "startsAt": "2026-11-22T12:00:00Z", "fingerprint": "a"},
        {"status": "resolved", "labels": {"alertname": "Disk"}, "annotations": {}, "startsAt": "2026-11-22T12:00:00Z",
         "endsAt": "2026-11-22T12:10:00Z", "fingerprint": "b"},
    ],
}  # fmt: skip
"""What Alertmanager posts."""


@pytest.fixture(autouse=True)
def _no_pause() -> None:
    cache.clear()


@pytest.fixture
def of_root(client: Client) -> Client:
    """A platform admin's browser; mail for them goes to root@example.org."""
    client.force_login(make.account_of(make.person("root", admin=True, email="root@example.org")))
    return client


def told(answer: object) -> str:
    """The messages on the page that a button led to."""
    return " ".join(str(one) for one in answer.context["messages"])  # type: ignore[attr-defined]


def test_a_mail_to_oneself_says_what_the_server_answered(of_root: Client, mailbox: MailSink) -> None:
    page = of_root.post("/settings/mail/test", follow=True)
    assert "took it for root@example.org" in told(page)
    assert [mail["To"] for mail in mailbox.messages] == ["root@example.org"]
    tried = AuditEntry.objects.get(action="person.test")
    assert (tried.object_ref, tried.actor_ref) == ("user:default/root", "user:default/root")
    assert tried.diff["mail"][1].endswith(" s.")  # what the reader is to do is no part of what was done
    assert "wait 20 seconds" in told(of_root.post("/settings/mail/test", follow=True))


def test_mail_that_leaves_nowhere_and_a_person_without_an_address_are_told(of_root: Client, client: Client) -> None:
    assert "EMAIL_URL is not set" in told(of_root.post("/settings/mail/test", follow=True))
    api = APIClient()
    api.force_login(make.account_of(make.person("eve", email="")))
    assert api.post("/api/v1/settings/mail/test").status_code == 409
    refused = make.signed(APIClient(), make.token("read")[1]).post("/api/v1/settings/mail/test")
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("Only a person can do this, and a token stands for none")


def test_every_source_is_asked_and_one_that_does_not_answer_says_why(of_root: Client) -> None:
    make_slo.source(name="main", url="http://127.0.0.1:9")
    assert "main: It does not answer" in told(of_root.post("/settings/sources/test", follow=True))
    assert "wait 2 seconds" in told(of_root.post("/settings/sources/main/test", follow=True))
    cache.clear()
    assert "main does not answer" in told(of_root.post("/settings/sources/main/test", follow=True))
    api = APIClient()
    api.force_login(make.account_of(make.person("sam", admin=True)))
    assert api.post("/api/v1/sources/main/test").status_code == 429
    cache.clear()
    said = api.post("/api/v1/sources/main/test").json()
    assert (said["reachable"], bool(said["error"])) == (False, True)


def test_sources_are_asked_by_platform_admins_only(browser_of_ada: Client) -> None:
    make_slo.source(name="main")
    assert browser_of_ada.post("/settings/sources/test").status_code == 403
    assert "Test all" not in browser_of_ada.get("/settings").content.decode()


def test_a_token_is_told_by_its_text_and_only_by_that(browser_of_ada: Client) -> None:
    row, text = make.token("alerts:send", name="pipeline")
    page = browser_of_ada.post("/settings/token", {"token": text}).content.decode()
    assert "pipeline" in page
    assert "alerts:send" in page
    assert text not in page
    cache.clear()
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=NOW)
    assert "Revoked" in browser_of_ada.post("/settings/token", {"token": text}).content.decode()
    cache.clear()
    refused = browser_of_ada.post("/settings/token", {"token": text[:-1]})
    assert (refused.status_code, b"No token of this portal" in refused.content) == (400, True)


def test_a_pasted_alert_gets_its_severity_and_why(browser_of_ada: Client) -> None:
    make.component("ci-runners", tier=1)
    page = browser_of_ada.post("/severity-rules/try", {"kind": "alertmanager", "sample": json.dumps(FIRING)})
    shown = page.content.decode()
    assert page.status_code == 200
    assert "Jobs wait" in shown
    assert "by line 1" in shown
    assert "Ends it" in shown
    wrong = browser_of_ada.post("/severity-rules/try", {"kind": "alertmanager", "sample": "{"})
    assert (wrong.status_code, b'class="error"' in wrong.content) == (400, True)


def test_a_script_tries_an_alert_alike() -> None:
    make.component("ci-runners", tier=1)
    api = make.signed(APIClient(), make.token("read")[1])
    said = api.post("/api/v1/severity-rules/try", {"kind": "alertmanager", "sample": FIRING}, format="json").json()
    assert [(one["severity"], one["line"]) for one in said["alerts"]] == [("P1", 1), (None, None)]
    wrong = api.post("/api/v1/severity-rules/try", {"kind": "alertmanager", "sample": {"alerts": 1}}, format="json")
    assert wrong.status_code == 400
    assert wrong.json()["errors"]


def test_everything_that_is_set_up_has_its_line(browser_of_ada: Client) -> None:
    page = browser_of_ada.get("/settings").content.decode()
    for line in ("Data sources", "Alert policies", "Escalation policies", "Severity rules", "Mail", "Ways to be paged",
                 "Integrations", "API tokens", "Change log"):  # fmt: skip
        assert line in page


def test_menu_and_palette_of_a_member_lead_only_where_there_is_something_to_do(of_root: Client) -> None:
    eve = Client()
    eve.force_login(make.account("eve"))
    of_admins = ("/settings", "/setup", "/settings/plugins", "/settings/sources", "/incidents/pause", "/catch-all")
    for page in ("/search?in=palette", "/incidents", "/on-call", "/"):
        html = eve.get(page).content.decode()
        assert not [url for url in of_admins if f'class="nav-link" href="{url}"' in html or f'value="{url}"' in html]
        assert "/settings/tokens" in html
    of_both = of_root.get("/search").content.decode(), eve.get("/search").content.decode()
    assert [[f'href="{url}"' in html for url in of_admins] for html in of_both] == [[True] * 6, [False] * 6]
    assert eve.get("/settings/sources").status_code == 200, "what an objective names can be read by all"
    refused = eve.get("/settings/sources/new")
    assert (refused.status_code, "Only platform admins may do this" in refused.content.decode()) == (403, True)
