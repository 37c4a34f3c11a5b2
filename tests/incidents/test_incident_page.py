"""The incident's page: messages with every try, handing on, names typed with suggestions; and how it is attacked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import links, operations
from incidents.models import Incident, Notification, NotificationAttempt, Page, TimelineEntry
from incidents.operations.handing_on import is_theirs, theirs
from incidents.paging import advance_due
from incidents.queries import pages_of
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


@pytest.fixture
def runners(ada: Person, linh: Person) -> Component:
    ci = make_incidents.paged(make.team("ci", ada, linh), make_incidents.step(ada), make_incidents.step(linh))
    return make.component("ci-runners", owner=ci, tier=2)


@pytest.fixture
def incident(runners: Component) -> Incident:
    made = make_incidents.incident(runners, now=db_now(), key="t", summary="Jobs wait")
    advance_due(now=db_now())
    return made


def signed_in(who: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(who))
    return client


def at(incident: Incident, name: str, *more: object) -> str:
    return reverse(f"incidents:{name}", args=[incident.number, *more])


def text_of(client: Client, url: str, **query: str) -> str:
    return " ".join(client.get(url, query).content.decode().split())


def tried(incident: Incident, outcome: str, words: str, **fields: object) -> Notification:
    """The first message of the incident, tried once with that outcome."""
    note = Notification.objects.get(incident=incident, kind="page")
    now = db_now()
    NotificationAttempt.objects.create(
        notification=note, number=1, started_at=now, finished_at=now, by="w1", outcome=outcome, words=words
    )
    Notification.objects.filter(pk=note.pk).update(attempts=1, **fields)
    return note


# Messages


def test_every_try_tells_channel_moment_and_receipt(incident: Incident, ada: Person) -> None:
    tried(incident, "sent", "250 queued as 4711", state="sent")
    text = text_of(signed_in(ada), at(incident, "attempts"))
    for said in ("Ada</span> by e-mail to ada@example.org for Ci", "Try 1", "receipt: 250 queued as 4711", "Sent"):
        assert said in text


def test_an_error_is_told_and_addresses_are_masked_for_others(incident: Incident) -> None:
    tried(incident, "permanent", "550 no such mailbox ada@example.org", state="dead")
    text = text_of(signed_in(make.person("bob")), at(incident, "attempts"))
    assert "error: 550 no such mailbox a…@example.org" in text
    assert "ada@example.org" not in text


def test_messages_are_a_page_of_their_own_and_for_htmx_a_part(incident: Incident, ada: Person) -> None:
    client, here = signed_in(ada), at(incident, "attempts")
    whole = client.get(here)
    assert "<html" in whole.content.decode()
    part = client.get(here, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    assert "No message of this kind" in text_of(client, here, state="failed")
    assert "Not tried" in text_of(client, here, state="waiting")


def test_many_messages_are_paged_through(incident: Incident, ada: Person) -> None:
    one = Notification.objects.get(incident=incident, kind="page")
    Notification.objects.bulk_create(
        Notification(
            incident=incident, person=ada, kind="told", channel="email", address="x@example.org", rule="r",
            idempotency_key=f"k{n}", created_at=one.created_at, due_at=one.due_at, next_attempt_at=one.due_at,
        )
        for n in range(60)
    )  # fmt: skip
    client = signed_in(ada)
    first = client.get(at(incident, "attempts"))
    assert len(first.context["attempts"]) == 50
    assert len(client.get(first.context["next"]).context["attempts"]) == 11


# I'm overwhelmed


def test_whoever_was_asked_can_hand_on_and_comes_back(incident: Incident, ada: Person, linh: Person) -> None:
    client, here = signed_in(ada), incident.get_absolute_url()
    assert "I’m overwhelmed" in text_of(client, here)
    assert "I’m overwhelmed" not in text_of(signed_in(linh), here)
    answer = client.post(reverse("incidents:hand-on"), {"next": here})
    assert answer["Location"] == here
    text = text_of(client, here)
    assert "Handed on: 1 page goes to the next step now." in text
    assert TimelineEntry.objects.filter(incident=incident, kind="escalated", person=ada).count() == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example.org/", "//evil.example.org", "/incidents@evil.example.org"]
)
def test_handing_on_leads_nowhere_else(ada: Person, elsewhere: str) -> None:
    answer = signed_in(ada).post(reverse("incidents:hand-on"), {"next": elsewhere})
    assert answer["Location"] == reverse("incidents:contacts")


def test_the_button_and_the_operation_agree_whose_a_page_is(incident: Incident, ada: Person, linh: Person) -> None:
    page = make_incidents.page_of(incident)

    def agreed() -> list[bool]:
        shown = [is_theirs(pages_of(incident)[0], who) for who in (ada, linh)]
        assert shown == [page in theirs(who) for who in (ada, linh)]
        return shown

    assert agreed() == [True, False]
    operations.acknowledge(page=page, by=linh, via="web", now=db_now())
    assert agreed() == [False, True]
    Page.objects.filter(pk=page.pk).update(held_until=db_now())
    assert agreed() == [False, False]


# Names that are typed


def test_what_is_typed_is_suggested_however_much_there_is(ada: Person, runners: Component) -> None:
    client = signed_in(ada)

    def offered(what: str, **typed: str) -> str:
        return text_of(client, reverse("incidents:suggest", args=[what]), **typed)

    assert 'value="ci-runners"' in offered("components", component="ci-run")
    assert 'value="Ada (user:default/ada)"' in offered("people", person="ad")
    assert "(group:default/ci)" in offered("teams", team="ci")
    assert offered("components", component=" ") == ""
    assert offered("people", person="\x00") == ""
    assert client.get(reverse("incidents:suggest", args=["secrets"])).status_code == 404
    assert Client().get(reverse("incidents:suggest", args=["people"]), {"q": "a"}).status_code == 302


def test_ones_own_team_is_offered_first(ada: Person) -> None:
    make.team("ci-own", ada, make.person("zoe", display_name="Adele Zoe"))
    make.person("aaron", display_name="Adele Aaron")
    client = signed_in(ada)
    address = reverse("incidents:suggest", args=["people"])
    near = text_of(client, address, near="1")
    assert ("Adele Zoe (user:default/zoe)" in near, "(user:default/ada)" in near, "aaron" in near) == (
        True,
        False,
        False,
    )
    typed = text_of(client, address, near="1", person="adele")
    assert typed.index("zoe") < typed.index("aaron")


def test_declaring_takes_a_typed_name_and_asks_what_was_meant(ada: Person, runners: Component) -> None:
    client, here = signed_in(ada), reverse("incidents:declare")
    shown = text_of(client, here, component=runners.ref)
    assert 'value="ci-runners"' in shown
    assert "<option" not in shown.partition('name="component"')[2].partition("</datalist>")[0]
    wrong = client.post(here, {"title": "Smoke", "component": "ci-runers"})
    assert wrong.status_code == 400
    assert 'There is no component called “ci-runers”. Did you mean <a href="' in wrong.content.decode()
    assert f'{runners.get_absolute_url()}" target="_blank" rel="noopener">ci-runners</a>?' in wrong.content.decode()
    client.post(here, {"title": "Smoke", "component": "ci-runners"})
    assert Incident.objects.get(title="Smoke").component == runners
    client.post(here, {"title": "Fog", "component": ""})
    assert Incident.objects.get(title="Fog").component is None


def test_a_team_is_called_in_by_its_name(incident: Incident, ada: Person) -> None:
    dns = make_incidents.paged(make.team("dns", make.person("olu")), make_incidents.step(ada))
    client = signed_in(ada)
    refused = client.post(at(incident, "engage"), {"team": "dsn"}, follow=True)
    assert "Page which team?" in refused.content.decode()
    assert not incident.pages.filter(team=dns).exists()
    assert client.post(at(incident, "engage"), {"team": "dns"}).status_code == 302
    assert incident.pages.filter(team=dns).exists()


# Attacks


def writes(incident: Incident, page: Page) -> Iterator[tuple[str, dict[str, str]]]:
    """Every form that only those called may send, filled in well."""
    entry = incident.timeline.first()
    assert entry is not None
    yield at(incident, "acknowledge", page.pk), {"take_over": "yes"}
    yield at(incident, "escalate", page.pk), {}
    yield at(incident, "snooze", page.pk), {"minutes": "30"}
    yield at(incident, "hand-over", page.pk), {"person": "ada"}
    yield at(incident, "apply-policy", page.pk), {}
    yield at(incident, "resolve"), {"cause": "x"}
    yield at(incident, "severity"), {"severity": "1", "reason": "x"}
    yield at(incident, "engage"), {"team": "elsewhere"}
    yield at(incident, "engage-person"), {"person": "bob"}
    yield at(incident, "update"), {"state": "identified", "text": "x"}
    yield at(incident, "role"), {"role": "commander", "mine": "yes"}
    yield at(incident, "tasks"), {"text": "x"}
    yield at(incident, "links"), {"url": "https://example.org"}
    yield at(incident, "pin", entry.pk), {"pinned": "yes"}


def kept(incident: Incident) -> object:
    """What nobody else may change."""
    pages = list(Page.objects.filter(incident=incident).order_by("pk").values())
    return Incident.objects.filter(pk=incident.pk).values().get(), pages, incident.timeline.count()


def test_an_outsider_and_a_stranger_change_nothing_by_guessing(incident: Incident, ada: Person) -> None:
    bob = make_incidents.reachable("bob")
    make_incidents.paged(make.team("elsewhere", bob), make_incidents.step(bob))
    before = kept(incident)
    for url, sent in writes(incident, make_incidents.page_of(incident)):
        assert signed_in(bob).post(url, sent).status_code == 403, url
        assert Client().post(url, sent).status_code == 302, url
        assert signed_in(ada).get(url).status_code == 405, url
    assert kept(incident) == before


def test_pages_and_entries_of_another_incident_are_not_reached_through_ones_own(
    incident: Incident, ada: Person
) -> None:
    """Ada may work on hers, and guesses the numbers of pages, tasks, links and notes of one that is not."""
    olu = make_incidents.reachable("olu")
    dns = make_incidents.paged(make.team("dns", olu), make_incidents.step(olu))
    other = make_incidents.incident(make.component("dns", owner=dns), now=db_now(), summary="DNS is slow")
    by = Actor(person=olu)
    task = operations.add_task(incident=other, text="Look", by=by, now=db_now())
    link = operations.add_link(incident=other, url="https://example.org/d", title="", by=by, now=db_now())
    entry = operations.add_note(incident=other, text="Mine", by=by, now=db_now())
    page, before, client = make_incidents.page_of(other), kept(other), signed_in(ada)
    for name in ("acknowledge", "escalate", "snooze", "hand-over", "apply-policy"):
        sent = {"minutes": "30", "person": "ada", "take_over": "yes"}
        assert client.post(at(incident, name, page.pk), sent).status_code == 404, name
    assert client.post(at(incident, "pin", entry.pk), {"pinned": "yes"}).status_code == 404
    assert client.post(at(incident, "edit-note", entry.pk), {"text": "x"}).status_code == 404
    assert client.post(at(incident, "task", task.pk), {"done": "yes"}).status_code == 404
    assert client.post(at(incident, "remove-link", link.pk)).status_code == 404
    assert other.links.count() == 1
    assert client.post(at(other, "acknowledge", page.pk)).status_code == 403
    assert kept(other) == before


def test_a_form_without_its_token_is_refused(incident: Incident, ada: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make.account_of(ada))
    before = kept(incident)
    for url, sent in writes(incident, make_incidents.page_of(incident)):
        assert strict.post(url, sent).status_code == 403, url
    assert kept(incident) == before


def test_a_double_click_does_everything_once(incident: Incident, ada: Person) -> None:
    page, client = make_incidents.page_of(incident), signed_in(ada)
    for _ in range(2):
        client.post(at(incident, "acknowledge", page.pk))
    assert incident.timeline.filter(kind="acknowledged").count() == 1
    for _ in range(2):
        client.post(at(incident, "note"), {"text": "Look at this"})
        client.post(at(incident, "update"), {"state": "identified", "text": "We know", "public": "on"})
    assert incident.timeline.filter(kind="note").count() == incident.updates.count() == 1
    client.post(at(incident, "note"), {"text": "And at that"})
    assert incident.timeline.filter(kind="note").count() == 2
    for _ in range(2):
        client.post(at(incident, "resolve"), {"cause": "Full"})
    assert incident.timeline.filter(kind="resolved").count() == 1


def test_a_double_click_calls_nobody_further(incident: Incident, ada: Person, linh: Person) -> None:
    page, client = make_incidents.page_of(incident), signed_in(ada)
    shown = text_of(client, incident.get_absolute_url())
    assert f'name="seen" value="{page.generation}"' in shown
    for _ in range(2):
        client.post(at(incident, "escalate", page.pk), {"seen": str(page.generation)})
        advance_due(now=db_now())
    page.refresh_from_db()
    assert (page.step, page.cycle) == (0, 1), "the second step is taken, and not what comes after it"
    assert "It has moved on since you looked" in text_of(client, incident.get_absolute_url())
    bob = make_incidents.reachable("bob")
    for _ in range(2):
        client.post(at(incident, "engage-person"), {"person": "bob"})
        advance_due(now=db_now())
    assert incident.notifications.filter(person=bob).count() == 1


def test_a_double_click_declares_one_incident(ada: Person, runners: Component) -> None:
    client, here = signed_in(ada), reverse("incidents:declare")
    answers = [client.post(here, {"title": "Smoke", "component": ""})["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert Incident.objects.filter(title="Smoke").count() == 1
    client.post(here, {"title": "Smoke", "component": "ci-runners"})
    assert Incident.objects.filter(title="Smoke").count() == 2


def test_whoever_saw_nobodys_name_does_not_take_it_from_somebody_who_was_faster(
    incident: Incident, ada: Person, linh: Person
) -> None:
    page, second = make_incidents.page_of(incident), signed_in(linh)
    assert "I have it" in text_of(second, incident.get_absolute_url())
    signed_in(ada).post(at(incident, "acknowledge", page.pk))
    answer = second.post(at(incident, "acknowledge", page.pk), follow=True)
    said = answer.content.decode()
    assert "Ada has it already" in said
    assert "You have it" not in said
    assert "I take it over from Ada" in said
    assert Page.objects.get(pk=page.pk).acknowledged_by == ada
    assert 'id="take"' in text_of(second, at(incident, "live"))
    assert "I have it" not in text_of(second, at(incident, "live"))
    second.post(at(incident, "acknowledge", page.pk), {"take_over": "yes"})
    assert Page.objects.get(pk=page.pk).acknowledged_by == linh


def test_the_same_holds_for_the_links_of_messages(incident: Incident, ada: Person, linh: Person) -> None:
    page, client = make_incidents.page_of(incident), Client()
    first, second = (urlsplit(links.make(page, who)).path for who in (ada, linh))
    client.post(first)
    late = client.post(second, follow=True).content.decode()
    assert "has it already" in late
    assert Page.objects.get(pk=page.pk).acknowledged_by == ada
    assert 'value="take-over"' in late
    client.post(second, {"do": "take-over"})
    assert Page.objects.get(pk=page.pk).acknowledged_by == linh


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_has_it_and_one_is_told_so(incident: Incident, ada: Person, linh: Person) -> None:
    page, start = make_incidents.page_of(incident), Barrier(2)
    clients = [signed_in(who) for who in (ada, linh)]

    def press(client: Client) -> str:
        start.wait()
        try:
            answer = client.post(at(incident, "acknowledge", page.pk), follow=True)
            return answer.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(press, clients))
    assert sorted("You have it. Nobody else" in one for one in said) == [False, True]
    assert sorted("has it already" in one for one in said) == [False, True]
    assert incident.timeline.filter(kind="acknowledged").count() == 1


def test_answers_stand_before_what_can_be_written(ada: Person, incident: Incident) -> None:
    text = text_of(signed_in(ada), incident.get_absolute_url())
    assert text.index('id="say-next-in"') < text.index(">Send</button>")
    places = [text.index(f'id="{one}"') for one in ("live", "answers", "links", "entries", "say", "work")]
    assert places == sorted(places)


def test_nobody_is_asked_for_an_update_of_what_is_over(ada: Person, incident: Incident) -> None:
    client = signed_in(ada)
    assert "How far are you?" in text_of(client, incident.get_absolute_url())
    operations.resolve(incident=incident, by=Actor(person=ada), cause="A disk", now=db_now())
    text = text_of(client, incident.get_absolute_url())
    for asked in ("How far are you?", "blocked", "Looking into it", "What is to be done?", "Give the role"):
        assert asked not in text.partition('id="answers"')[2]


def test_what_ended_before_anybody_answered_was_not_answered(ada: Person, incident: Incident) -> None:
    client = signed_in(ada)
    assert "0 of 1" in text_of(client, incident.get_absolute_url())
    operations.resolve(incident=incident, by=Actor(person=ada), cause="It went away", now=db_now())
    text = text_of(client, incident.get_absolute_url())
    assert "0 of 1" in text
    assert "Ended, not answered" in text
