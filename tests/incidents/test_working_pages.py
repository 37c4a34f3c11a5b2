"""The forms of working together, as a member and an outsider send them; the list and its CSV; a part that fails."""

import html
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import boards, budgets, operations, timeline
from incidents.models import Change, Incident, Page, TimelineEntry
from incidents.paging import advance_due
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    ci = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada), make_incidents.step(ada))
    return make.component("ci-runners", owner=ci, tier=2)


@pytest.fixture
def incident(runners: Component) -> Incident:
    return make_incidents.incident(runners, now=db_now(), summary="Jobs wait")


def signed_in(who: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(who))
    return client


def at(incident: Incident, name: str, *more: object) -> str:
    return reverse(f"incidents:{name}", args=[incident.number, *more])


def text_of(client: Client, url: str, **query: str) -> str:
    return client.get(url, query).content.decode()


WORK: list[tuple[str, dict[str, str]]] = [
    ("update", {"state": "identified", "text": "Rolling back", "public": "on"}),
    ("role", {"role": "commander", "person": "bob"}),
    ("tasks", {"text": "Drain the node"}),
    ("links", {"url": "https://chat.example.org/1", "room": "on"}),
    ("engage-person", {"person": "bob"}),
]


@pytest.mark.parametrize(("name", "sent"), WORK)
def test_a_member_works_on_it_and_an_outsider_may_not(
    incident: Incident, ada: Person, name: str, sent: dict[str, str]
) -> None:
    bob = make_incidents.reachable("bob")
    before = incident.timeline.count()
    assert signed_in(bob).post(at(incident, name), sent).status_code == 403
    assert Client().post(at(incident, name), sent)["Location"].startswith(reverse("sign-in"))
    assert incident.timeline.count() == before
    assert signed_in(ada).post(at(incident, name), sent).status_code == 302
    assert incident.timeline.count() > before


def test_the_page_shows_what_people_do_together(incident: Incident, ada: Person) -> None:
    by, now = Actor(person=ada), db_now()
    operations.post_update(incident=incident, state="identified", text="Rolling back", by=by, now=now)
    operations.assign_role(incident=incident, role="commander", person=ada, by=by, now=now)
    task = operations.add_task(incident=incident, text="Drain the node", by=by, now=now)
    operations.add_link(incident=incident, url="https://chat.example.org/1", title="Room 1", by=by, now=now, room=True)
    client = signed_in(ada)
    for url in (incident.get_absolute_url(), at(incident, "work")):
        text = text_of(client, url)
        for said in ("Rolling back", "Commander", "Drain the node", "Room 1", "1 to do"):
            assert said in text
    client.post(at(incident, "task", task.pk), {"done": "yes"})
    assert "0 to do" in text_of(client, at(incident, "work"))


def test_the_next_update_is_promised_with_a_choice_or_for_an_exact_time(incident: Incident, ada: Person) -> None:
    client = signed_in(ada)
    assert "in 15 minutes" in text_of(client, incident.get_absolute_url())
    sent = {"state": "identified", "text": "Rolling back"}
    before = db_now()
    client.post(at(incident, "update"), {**sent, "next_in": "30"})
    first = incident.updates.get()
    assert first.next_by is not None
    assert before + timedelta(minutes=30) <= first.next_by <= db_now() + timedelta(minutes=30)
    exact = (before + timedelta(days=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    client.post(at(incident, "update"), {**sent, "text": "Still", "next_in": "30", "next_by": exact})
    still = incident.updates.get(text="Still").next_by
    assert still is not None
    assert still.strftime("%Y-%m-%dT%H:%M") == exact
    client.post(at(incident, "update"), {**sent, "text": "Open end"})
    assert incident.updates.get(text="Open end").next_by is None
    assert client.post(at(incident, "update"), {**sent, "text": "Odd", "next_in": "7"}).status_code == 400


def test_it_is_said_truly_who_heard_an_update(incident: Incident, ada: Person) -> None:
    client = signed_in(ada)

    def said(text: str, **more: str) -> str:
        sent = {"state": "identified", "text": text, **more}
        return client.post(at(incident, "update"), sent, follow=True).content.decode()

    assert "No status update yet." in text_of(client, at(incident, "work"))
    Incident.objects.filter(pk=incident.pk).update(severity=2)
    alone = said("One", public="on")
    assert "Said on the status page. Nobody else follows it." in alone
    assert "wrote on the status page" in alone
    assert "Written down. Nobody else follows it, so nobody is told." in said("Two")
    operations.follow(incident=incident, person=make_incidents.reachable("bob"), now=db_now())
    both = said("Three", public="on")
    assert "Told 1 follower by message, and said on the status page." in both
    assert "told 1 follower and the status page" in both
    Incident.objects.filter(pk=incident.pk).update(people_blocked=35, teams_blocked=8)
    before = text_of(client, incident.get_absolute_url())
    assert "1 follower hears it by message." in before
    assert "On the status page 35 blocked people in 8 teams can read it." in before
    assert "35 blocked people can read it there." in said("Six", public="on")
    assert "Told 1 follower by message." in said("Four")
    Incident.objects.filter(pk=incident.pk).update(severity=4)
    assert "Told 1 follower by message." in said("Five", public="on")  # the status page does not tell of it


def test_alerts_of_what_is_resolved_say_what_holds_then(incident: Incident, ada: Person) -> None:
    client = signed_in(ada)
    assert "it resolves when the last one clears" in text_of(client, incident.get_absolute_url())
    operations.resolve(incident=incident, by=Actor(person=ada), now=db_now())
    over = text_of(client, incident.get_absolute_url())
    assert "it resolves when the last one clears" not in over
    assert "it pages again at" in over
    Incident.objects.filter(pk=incident.pk).update(check_again_at=None)
    assert "it is resolved</span>" in text_of(client, incident.get_absolute_url())


def test_until_somebody_writes_it_says_who_was_told_that_it_began(incident: Incident, ada: Person) -> None:
    words, now = "Told Delivery and Checkout.", db_now()
    timeline.write(incident.pk, TimelineEntry.Kind.TOLD, words, at=now)
    client = signed_in(ada)
    shown = text_of(client, at(incident, "work"))
    assert words in shown
    assert "No status update yet." not in shown
    operations.post_update(incident=incident, state="identified", text="Rolling back", by=Actor(person=ada), now=now)
    assert words not in text_of(client, at(incident, "work"))


@pytest.mark.parametrize("name", ["live", "work", "entries", "attempts"])
def test_parts_that_refresh_hold_nothing_that_is_typed_into(incident: Incident, ada: Person, name: str) -> None:
    operations.add_note(incident=incident, by=Actor(person=ada), text="Mine", now=db_now())
    part = text_of(signed_in(ada), at(incident, name))
    assert "hx-get" in part
    for typed in ("<textarea", 'type="text"', "<select"):
        assert typed not in part


def test_an_edited_note_reads_as_it_was_put_right_and_its_past_is_shown(incident: Incident, ada: Person) -> None:
    note = operations.add_note(incident=incident, by=Actor(person=ada), text="Old words", now=db_now())
    client = signed_in(ada)
    assert client.post(at(incident, "edit-note", note.pk), {"text": "New words"}).status_code == 302
    entries = text_of(client, at(incident, "entries"))
    assert "New words" in entries
    assert "Old words" not in entries
    history = text_of(client, at(incident, "edit-note", note.pk))
    assert "Old words" in history
    assert "<textarea" in history
    bob = signed_in(make.person("bob"))
    assert "<textarea" not in text_of(bob, at(incident, "edit-note", note.pk))
    assert bob.post(at(incident, "edit-note", note.pk), {"text": "x"}).status_code == 403


def test_what_is_pinned_stands_first_in_every_filter_it_belongs_to(incident: Incident, ada: Person) -> None:
    by, client = Actor(person=ada), signed_in(ada)
    first = operations.add_note(incident=incident, by=by, text="Look here", now=db_now())
    operations.add_note(incident=incident, by=by, text="Later", now=db_now())
    client.post(at(incident, "pin", first.pk), {"pinned": "yes"})
    for show in ("", "notes"):
        text = text_of(client, at(incident, "entries"), show=show)
        assert text.index("Look here") < text.index("Later")
    assert "Look here" not in text_of(client, at(incident, "entries"), show="alerts")
    client.post(at(incident, "pin", first.pk), {"pinned": "no"})
    text = text_of(client, at(incident, "entries"))
    assert text.index("Look here") > text.index("Later")


def test_the_page_says_until_when_a_page_is_snoozed(incident: Incident, ada: Person) -> None:
    page, client = make_incidents.page_of(incident), signed_in(ada)
    assert client.post(at(incident, "snooze", page.pk), {"minutes": "30"}).status_code == 302
    assert "Snoozed" in text_of(client, at(incident, "live"))
    assert client.post(at(incident, "snooze", page.pk), {"minutes": "7"}).status_code == 400
    client.post(at(incident, "acknowledge", page.pk))
    assert "Snoozed" not in text_of(client, at(incident, "live"))


def test_a_page_is_handed_over_from_the_page(incident: Incident, ada: Person) -> None:
    bob = make_incidents.reachable("bob")
    page, client = make_incidents.page_of(incident), signed_in(ada)
    client.post(at(incident, "acknowledge", page.pk))
    assert "Hand over" in text_of(client, incident.get_absolute_url())
    client.post(at(incident, "hand-over", page.pk), {"person": f"Bob ({bob.ref})"})
    assert "asked to take over" in text_of(client, at(incident, "live"))
    asked = Page.objects.get(person=bob)
    signed_in(bob).post(at(incident, "acknowledge", asked.pk))
    incident.refresh_from_db()
    assert incident.acknowledged_by == bob


@pytest.mark.parametrize("action", ["hand-over", "engage-person", "role"])
def test_a_name_that_nobody_has_leads_back_with_those_who_may_be_meant(
    incident: Incident, ada: Person, action: str
) -> None:
    make_incidents.reachable("benno", display_name="Benno Falk")
    make_incidents.reachable("zoe", display_name="Zoe Benning")
    page, client = make_incidents.page_of(incident), signed_in(ada)
    client.post(at(incident, "acknowledge", page.pk))
    told = Page.objects.count()
    path = at(incident, action, page.pk) if action == "hand-over" else at(incident, action)
    answer = client.post(path, {"person": "ben", "role": "commander"}, follow=True)
    assert answer.redirect_chain == [(incident.get_absolute_url(), 302)]
    words = "Nobody is known as “ben”. Did you mean Benno Falk or Zoe Benning? Choose from the list"
    assert words in html.unescape(answer.content.decode())
    assert Page.objects.count() == told


def test_resolving_what_still_fires_asks_how_long_it_stays_silent(incident: Incident, ada: Person) -> None:
    client = signed_in(ada)
    assert "Keep silent until" in text_of(client, incident.get_absolute_url())
    until = db_now() + timedelta(hours=3)
    answer = client.post(
        at(incident, "resolve"), {"cause": "A disk", "silent_until": f"{until:%Y-%m-%dT%H:%M}"}, follow=True
    )
    assert "It still fires, and pages again" in answer.content.decode()
    incident.refresh_from_db()
    assert incident.check_again_at == until.replace(second=0, microsecond=0)
    declared = operations.declare(title="Slow", by=Actor(person=ada), now=db_now())
    assert "Keep silent until" not in text_of(client, declared.get_absolute_url())


def test_a_part_that_fails_says_so_and_takes_nothing_else_down(
    incident: Incident, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the chart can't be drawn")

    monkeypatch.setattr(budgets.Concerned, "budgets", fail)
    monkeypatch.setattr(budgets.Concerned, "costs", fail)
    answer = signed_in(ada).get(incident.get_absolute_url())
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Budgets could not be read" in text
    assert "Costs could not be read" in text
    assert "I have it" in text


def test_symptoms_are_shown_at_their_cause_and_counted_in_the_list(
    incident: Incident, ada: Person, runners: Component
) -> None:
    symptom = make_incidents.incident(make.component("shop", owner=runners.owner), now=db_now(), summary="Shop slow")
    Incident.objects.filter(pk=symptom.pk).update(root=incident)
    client = signed_in(ada)
    assert "Shop slow" in text_of(client, incident.get_absolute_url())
    assert "Open the cause" in text_of(client, symptom.get_absolute_url())
    listed = text_of(client, reverse("incidents:list"))
    assert "1 symptom" in listed
    assert f"a symptom of INC-{incident.number}" in listed


def test_every_message_is_shown_with_its_tries(incident: Incident, ada: Person) -> None:
    advance_due(now=db_now())
    text = " ".join(text_of(signed_in(ada), at(incident, "attempts")).split())
    assert "by e-mail to ada@example.org for Ci" in text
    assert "Not tried" in text


def test_changes_of_what_it_depends_on_stand_on_the_page(incident: Incident, ada: Person, runners: Component) -> None:
    cluster, other = make.component("cluster"), make.component("other")
    make.dependency(runners, cluster)
    for component, title, hours in (
        (cluster, "Node pool upgrade", 1), (runners, "Runner image", 23), (cluster, "Long ago", 25), (other, "Else", 1),
    ):  # fmt: skip
        Change.objects.create(
            component=component, component_ref=component.ref, title=title, source="argo",
            at=incident.opened_at - timedelta(hours=hours), external_id=title, recorded_at=db_now(),
        )  # fmt: skip
    text = text_of(signed_in(ada), incident.get_absolute_url())
    assert "Node pool upgrade" in text
    assert "Runner image" in text
    assert "Long ago" not in text
    assert "Else<" not in text
    assert "Runner image" in text_of(signed_in(ada), runners.get_absolute_url())


def test_who_deployed_is_called_by_their_name_where_they_are_known(ada: Person, runners: Component) -> None:
    for actor in ("Ada", "renovate"):
        Change.objects.create(
            component=runners, component_ref=runners.ref, title=f"By {actor}", source="argo-cd", actor=actor,
            at=db_now(), external_id=actor, recorded_at=db_now(),
        )  # fmt: skip
    said = signed_in(ada).get("/deployments").text
    assert f'<a class="plain" href="{ada.get_absolute_url()}">{ada.label}</a> · told by argo-cd' in said
    assert "by renovate · told by argo-cd" in said


def test_the_list_filters_and_the_csv_says_the_same(incident: Incident, ada: Person, runners: Component) -> None:
    make_incidents.incident(make.component("shop"), now=db_now(), summary="=Shop()", source="alertmanager")
    client = signed_in(ada)
    wanted = {
        "component": ("ci-runners", "Jobs wait"), "source": ("alertmanager", "=Shop()"), "view": ("mine", "Jobs wait"),
        "team": (runners.owner.ref if runners.owner else "", "Jobs wait"), "q": ("shop", "=Shop()"),
    }  # fmt: skip
    for name, (value, title) in wanted.items():
        shown = client.get(reverse("incidents:list"), {name: value}).context["open"]
        assert [row.incident.title for row in shown] == [title], name
        sheet = b"".join(client.get(reverse("incidents:csv"), {name: value})).decode()
        assert title in sheet
        assert len(sheet.splitlines()) == 2
    assert ",'=Shop()," in sheet
    for nonsense in ({"severity": "9"}, {"before": "x" * 30}, {"period": "abc"}, {"q": "\x00"}):
        assert client.get(reverse("incidents:list"), nonsense).status_code == 200
    assert Client().get(reverse("incidents:csv")).status_code == 302


def test_nobody_pins_or_edits_through_another_incident(incident: Incident, ada: Person) -> None:
    other = operations.declare(title="Slow", by=Actor(person=ada), now=db_now())
    note = operations.add_note(incident=other, by=Actor(person=ada), text="x", now=db_now())
    assert signed_in(ada).post(at(incident, "edit-note", note.pk), {"text": "y"}).status_code == 404
    assert signed_in(ada).post(at(incident, "pin", note.pk), {"pinned": "yes"}).status_code == 404
    assert not TimelineEntry.objects.filter(about=note).exists()


def test_what_is_for_information_looks_like_no_alarm(ada: Person) -> None:
    team = make_incidents.paged(make.team("docs", ada), make_incidents.step(ada))
    calm = make_incidents.incident(make.component("docs", owner=team), rule="info", now=db_now())
    advance_due(now=db_now())
    drawn = {(one.row.kind, one.icon, one.tone) for one in boards.timeline(calm)}
    assert ("paged", "mail", "none") in drawn
    shown = text_of(signed_in(ada), calm.get_absolute_url())
    assert "The status page tells of P1 to P3 only." in shown
    assert "On the status page, should it get worse" in shown
