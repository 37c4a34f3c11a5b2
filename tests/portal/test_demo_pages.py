"""The demo's pages over a real simulator and a real inbox."""

import re
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.apps import AppConfig
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor
from incidents import operations
from incidents.intake.slo import take_transitions
from incidents.models import Incident
from incidents.paging import advance_due
from portal import urls as portal_urls
from portal.demo import PASSWORD, WHO, inbox
from portal.demo import apps as demo_apps
from portal.demo import urls as demo_urls
from portal.demo.mail import KEPT, Mailbox, NoSuchMail
from portal.demo.simulator import Simulator, serve
from portal.demo.state import Platform
from portal.pages.accounts import SignIn
from tests import make, make_incidents
from tests.make import Settings

urlpatterns = [*portal_urls.urlpatterns, path("", include((demo_urls.pages, "demo")))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
TOKEN = "demo-token"


@dataclass
class Demo:
    """A platform behind a simulator, and a mailbox behind an SMTP server."""

    platform: Platform
    mailbox: Mailbox
    smtp: int

    def send(self, to: str, subject: str) -> str:
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, "portico@example.org", to
        message.set_content("")
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=5) as server:
            server.send_message(message)
        return self.mailbox.newest(limit=1)[0].key


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path, settings: Settings) -> Iterator[Demo]:
    stop = threading.Event()
    settings.PORTAL_DATA = tmp_path
    platform = Platform(tmp_path / "platform.json")
    simulator = Simulator(platform, port=0, token=TOKEN)
    settings.PORTAL_DEMO_SIMULATOR = f"http://127.0.0.1:{simulator.server_address[1]}"
    settings.PORTAL_DEMO_TOKEN = TOKEN
    mailbox, port = Mailbox(tmp_path / "demo" / "mail"), free_port()
    threads = [
        threading.Thread(target=serve, args=(simulator,), kwargs={"until": stop}),
        threading.Thread(target=inbox.serve, args=(mailbox,), kwargs={"port": port, "until": stop}),
    ]
    for thread in threads:
        thread.start()
    wait_for(port)
    try:
        yield Demo(platform, mailbox, port)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=10)


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing answers at {port}")


def page(response: object) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def test_a_button_breaks_and_another_repairs(demo: Demo, browser_of_ada: Client) -> None:
    assert 'action="/demo/repair"' not in page(browser_of_ada.get("/demo/break"))
    browser_of_ada.post("/demo/break/ci-runners-stall")
    assert list(demo.platform.broken) == ["ci-runners-stall"]
    assert 'action="/demo/repair"' in page(browser_of_ada.get("/demo/break"))
    browser_of_ada.post("/demo/repair")
    assert not demo.platform.broken


def test_looking_never_breaks_anything(demo: Demo, browser_of_ada: Client) -> None:
    assert browser_of_ada.get("/demo/break/ci-runners-stall").status_code == 405
    assert browser_of_ada.get("/demo/repair").status_code == 405
    assert not demo.platform.broken


def test_what_refreshes_is_only_the_part_that_changes(demo: Demo, browser_of_ada: Client) -> None:
    for address, part in (("/demo/break", 'id="levers"'), ("/demo/inbox", 'id="mails"')):
        fragment = page(browser_of_ada.get(address, headers={"HX-Request": "true"}))
        assert part in fragment
        assert "<html" not in fragment


def test_an_outsider_neither_breaks_nor_reads(demo: Demo, client: Client) -> None:
    key = demo.send("linh@example.org", "secret")
    for address in ("/demo/break", "/demo/inbox", f"/demo/inbox/{key}", f"/demo/inbox/{key}/html"):
        assert client.get(address).status_code == 302
    assert client.post("/demo/break/ci-runners-stall").status_code == 302
    assert not demo.platform.broken


def test_an_unknown_scenario_is_not_found(demo: Demo, browser_of_ada: Client) -> None:
    assert browser_of_ada.post("/demo/break/earthquake").status_code == 404


def test_a_simulator_that_is_down_is_said_in_words(settings: Settings, browser_of_ada: Client) -> None:
    settings.PORTAL_DEMO_SIMULATOR = f"http://127.0.0.1:{free_port()}"
    answer = browser_of_ada.get("/demo/break")
    assert answer.status_code == 503
    assert "does not answer" in page(answer)


def test_the_mailbox_forgets_the_oldest_and_leaves_its_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "other.eml.txt").write_text("not a mail")
    mailbox = Mailbox(tmp_path)
    for number in range(KEPT + 3):
        mailbox.keep(f"Subject: {number}\r\n\r\nhello".encode(), to=["ada@example.org"])
    assert len(list(tmp_path.glob("*.eml"))) == KEPT
    assert mailbox.newest(limit=1)[0].subject == str(KEPT + 2)
    with pytest.raises(NoSuchMail):
        mailbox.get("../other")


def test_the_control_needs_the_token(demo: Demo, settings: Settings, browser_of_ada: Client) -> None:
    settings.PORTAL_DEMO_TOKEN = "wrong"
    assert browser_of_ada.post("/demo/break/ci-runners-stall").status_code == 503
    assert not demo.platform.broken


def test_the_sign_in_says_who_may_only_where_it_is_the_demo(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PASSWORD not in client.get("/sign-in").text
    monkeypatch.setattr(demo_apps, "navigation", {})
    monkeypatch.setattr(SignIn, "extra_context", None)
    AppConfig.create("portal.demo").ready()
    said = client.get("/sign-in").text
    assert PASSWORD in said
    assert all(f">{name}</b>" in said for name in WHO)


def test_in_the_demo_a_button_signs_in_and_elsewhere_it_is_not_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.account_of(make.person("linh"))
    assert 'name="username" value=' not in client.get("/sign-in").text
    monkeypatch.setattr(SignIn, "extra_context", {"demo": {"people": WHO, "password": make.PASSWORD}})
    strict = Client(enforce_csrf_checks=True)
    said = strict.get("/sign-in?next=/docs").text
    (form,) = [one for one in said.split("<form") if 'value="linh"' in one]
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert sent["next"] == "/docs"
    assert strict.post("/sign-in", {**sent, "csrfmiddlewaretoken": "forged"}).status_code == 403
    assert strict.post("/sign-in", sent)["Location"] == "/docs"


def test_what_comes_of_a_break_is_told_step_by_step(
    demo: Demo, browser_of_ada: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    linh = make_incidents.reachable("linh")
    team = make_incidents.paged(make.team("build-ci", linh), make_incidents.step(linh))
    promise = make_incidents.objective(make.component("ci-runners", owner=team, tier=1))
    assert "What comes of it" not in page(browser_of_ada.get("/demo/break"))

    def waits() -> str:
        said = " ".join(page(browser_of_ada.get("/demo/break", headers={"HX-Request": "true"})).split())
        return said.partition("What comes of it")[2].partition("</section>")[0]

    browser_of_ada.post("/demo/break/ci-runners-stall")
    assert "next: seen by an objective" in waits()
    assert "within " in waits(), "how long that takes"

    now = timezone.now()
    burns = make_incidents.transition(promise, at=now)
    take_transitions(now=now)
    incident = Incident.objects.get()
    assert f'href="{incident.get_absolute_url()}">{incident.label}, P' in waits()
    advance_due(now=now)
    with django_assert_max_num_queries(15):  # it asks every three seconds
        assert "next: taken" in waits()
    assert f'/demo/inbox?to={linh.email}">{linh.label}' in waits()

    operations.acknowledge_incident(incident=incident, by=Actor(person=linh), now=now)
    assert f"by {linh.label}" in waits()
    assert "next: repaired" in waits()
    browser_of_ada.post("/demo/repair")
    assert "next: recovered" in waits()
    make_incidents.transition(promise, "inactive", rule=burns.rule, at=timezone.now())
    take_transitions(now=timezone.now())
    assert "it is over" in waits()


def test_only_who_was_paged_first_stands_at_paged_and_whoever_came_later_at_escalated(
    demo: Demo, browser_of_ada: Client
) -> None:
    linh, rahul = make_incidents.reachable("linh"), make_incidents.reachable("rahul")
    steps = make_incidents.step(linh), make_incidents.step(rahul)
    team = make_incidents.paged(make.team("build-ci", linh), *steps)
    promise = make_incidents.objective(make.component("ci-runners", owner=team, tier=1))
    browser_of_ada.post("/demo/break/ci-runners-stall")
    now = timezone.now()
    make_incidents.transition(promise, at=now)
    take_transitions(now=now)
    advance_due(now=now)
    advance_due(now=now + make_incidents.FIVE)
    said = " ".join(page(browser_of_ada.get("/demo/break")).split())
    paged, escalated = said.index(">Paged</b>"), said.index(">Escalated</b>")
    assert paged < said.index(f">{linh.label}</a>", paged) < escalated < said.index(f">{rahul.label}</a>", paged)
    assert "next: taken" in said


@pytest.mark.parametrize("address", ["/demo/break", "/demo/inbox"])
def test_what_the_frame_tells_refreshes_along(demo: Demo, browser_of_ada: Client, address: str) -> None:
    make_incidents.incident(now=timezone.now())
    whole = browser_of_ada.get(address).content.decode()
    assert 'id="open-top"' in whole
    assert "hx-swap-oob" not in whole
    part = browser_of_ada.get(address, headers={"HX-Request": "true"}).content.decode()
    assert all(f'id="open-{place}" href="/incidents" hx-swap-oob="outerMorph"' in part for place in ("top", "side"))
    assert "1 open" in part


def test_what_nobody_took_waits_for_its_recovery_once_it_is_repaired(demo: Demo, browser_of_ada: Client) -> None:
    make_incidents.catch_all(make_incidents.reachable("kim"))
    promise = make_incidents.objective(make.component("argo-cd", tier=1))
    browser_of_ada.post("/demo/break/argo-sync-fail")
    now = timezone.now()
    make_incidents.transition(promise, at=now)
    take_transitions(now=now)
    browser_of_ada.post("/demo/repair")
    assert "next: recovered" in page(browser_of_ada.get("/demo/break"))


def test_what_was_repaired_before_it_burned_waits_for_nothing(demo: Demo, browser_of_ada: Client) -> None:
    browser_of_ada.post("/demo/break/registry-down")
    browser_of_ada.post("/demo/repair")
    said = page(browser_of_ada.get("/demo/break"))
    assert "What comes of it" in said
    assert "it is over" in said
