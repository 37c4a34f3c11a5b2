"""The demo's inbox: everybody's mail with one's own marked, what asks for an answer first, and a message in full."""

import re
from base64 import b64encode
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest
from django.test import Client
from django.urls import include, path

from catalog.models import Person
from incidents import links, operations
from incidents.models import Page
from portal import urls as portal_urls
from portal.demo import urls as demo_urls
from portal.demo.mail import Mail, Mailbox
from portal.demo.reading import Line
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.make import Settings

urlpatterns = [*portal_urls.urlpatterns, path("", include((demo_urls.pages, "demo")))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
ADA = "ada@example.org"


@pytest.fixture
def mailbox(tmp_path: Path, settings: Settings) -> Mailbox:
    settings.PORTAL_DATA = tmp_path
    made = Mailbox(tmp_path / "demo" / "mail")
    made.folder.mkdir(parents=True)
    return made


def keep(mailbox: Mailbox, to: str, subject: str, text: str = "", html: str = "", kind: str = "told") -> str:
    message = EmailMessage()
    message["Subject"], message["To"], message["X-Portico-Kind"] = subject, to, kind
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    mailbox.keep(message.as_bytes(), to=[to])
    return mailbox.newest(limit=1)[0].key


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def called(person: Person) -> Page:
    team = make_incidents.paged(make.team(), make_incidents.step(person))
    return make_incidents.page_of(make_incidents.incident(make.component(owner=team), now=db_now()))


def test_a_preview_keeps_the_fields_of_a_mail_apart() -> None:
    text = "P1 INC-1: Builds\n\nComponent: CI runners\nOwner: Build & CI\n\nIt fires still,\nand wraps.\n"
    mail = Mail(key="k", at=make.NOW, to="a@x.example", subject="P1 INC-1: Builds", text=text, html="")
    said = Line(mail, None, "none", "").preview
    assert said == "Component: CI runners · Owner: Build & CI · It fires still, and wraps."


def test_it_opens_on_everybodys_mail_with_ones_own_marked_and_within_reach(
    mailbox: Mailbox, browser_of_ada: Client
) -> None:
    keep(mailbox, ADA, "older mail")
    keep(mailbox, "linh@example.org", "newer mail")
    everybody = shown(browser_of_ada, "/demo/inbox")
    assert everybody.index("newer mail") < everybody.index("older mail") < everybody.index("to you")
    assert everybody.count("to you") == 1
    (to_own,) = re.findall(r'href="(/demo/inbox\?[^"]*)"[^>]*>To you', everybody)
    own = shown(browser_of_ada, to_own)
    assert "older mail" in own
    assert "newer mail" not in own
    assert "older mail" not in shown(browser_of_ada, "/demo/inbox?to=linh@example.org")


def test_what_asks_for_an_answer_stands_first_until_it_is_answered(mailbox: Mailbox, browser_of_ada: Client) -> None:
    ada = Person.objects.get(email=ADA)
    page = called(ada)
    key = keep(mailbox, ADA, "P2 page", f"Acknowledge: {links.make(page, ada)}", kind="page")
    keep(mailbox, ADA, "is over", "is over It lasted 20 min.")
    keep(mailbox, ADA, "forged", "http://localhost:8000/a/not-one-of-ours")
    said = shown(browser_of_ada, "/demo/inbox")
    places = [said.index(one) for one in ("Waits for an answer", "P2 page", "Everything else", "forged", "is over")]
    assert places == sorted(places)
    assert said.count("Asks for an answer") == 1
    assert "For information</span> · It lasted 20 min." in said, "what the subject says is not said twice"
    assert "Asks for an answer" in shown(browser_of_ada, f"/demo/inbox/{key}")
    operations.acknowledge(page=page, by=ada, via="link", now=db_now())
    said = shown(browser_of_ada, "/demo/inbox")
    assert "Answered by Ada" in said
    assert "Waits for an answer" not in said


def test_a_mail_that_was_answered_asks_for_nothing_when_it_opens_again(
    mailbox: Mailbox, browser_of_ada: Client
) -> None:
    ada = Person.objects.get(email=ADA)
    page = called(ada)
    link = links.make(page, ada)
    keep(mailbox, ADA, "first page", f"Acknowledge: {link}", kind="page")
    operations.acknowledge(page=page, by=ada, via="link", now=db_now())
    key = page.incident.alerts.get().key
    operations.clear_alert(key=key, now=db_now())
    make_incidents.incident(page.incident.component, key=key, now=db_now())
    keep(mailbox, ADA, "page again", f"Acknowledge: {link}", kind="page")
    said = shown(browser_of_ada, "/demo/inbox")
    waits, others = said.split("Everything else")
    assert ("page again" in waits, "first page" in waits) == (True, False)
    assert "Answered by Ada" in others


def test_a_message_shows_its_html_first_and_its_text_with_links_to_click(
    mailbox: Mailbox, browser_of_ada: Client
) -> None:
    text = "Acknowledge: http://localhost:8000/a/tok <script>alert(1)</script>"
    said = shown(browser_of_ada, f"/demo/inbox/{keep(mailbox, ADA, 'P1', text, '<p>hi</p><script>alert(2)</script>')}")
    assert said.index("<iframe") < said.index('<a href="http://localhost:8000/a/tok"')
    assert "<details" in said
    assert "alert(1)</script>" not in said
    assert "alert(2)" not in said
    assert re.search(r"<details[^>]* open", shown(browser_of_ada, f"/demo/inbox/{keep(mailbox, ADA, 'Text', text)}"))


def test_a_frame_is_of_no_origin_and_runs_nothing_but_what_measures_it(
    mailbox: Mailbox, browser_of_ada: Client
) -> None:
    html = "<!doctype html><html><head><base href='http://evil.example'></head><body onload='x()'>hi</body></html>"
    framed = browser_of_ada.get(f"/demo/inbox/{keep(mailbox, ADA, 'P1', 't', html)}/html")
    body, policy = framed.content.decode(), framed["Content-Security-Policy"]
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    (script,) = re.findall("<script>(.*?)</script>", body)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert re.findall(r"script-src ([^;]*)", policy) == [f"'sha256-{digest}'"]
    assert body.startswith("<!doctype html>"), "else the browser would read it as of 1998, as tall as its frame"
    assert re.findall("<base[^>]*>", body) == ['<base target="_top">']


def test_a_message_that_is_gone_is_not_found(mailbox: Mailbox, browser_of_ada: Client) -> None:
    assert browser_of_ada.get("/demo/inbox/17-nothing").status_code == 404
