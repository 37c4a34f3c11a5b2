"""What people do together in an incident: following, saying how it stands, roles, tasks, links, notes and pins."""

from datetime import timedelta

import pytest

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.models import Follower, Incident, IncidentRole, Notification, TimelineEntry
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def incident(ada: Person) -> Incident:
    ci = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    return make_incidents.incident(make.component("runners", owner=ci))


def told(person: Person) -> list[str]:
    """Subjects of what `person` is told."""
    rows = Notification.objects.filter(person=person, kind="told").order_by("pk")
    return [row.words["subject"] for row in rows]


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("pk").values_list("kind", flat=True))


def test_following_twice_is_following_once(incident: Incident, ada: Person) -> None:
    assert operations.follow(incident=incident, person=ada, now=NOW)
    assert not operations.follow(incident=incident, person=ada, now=LATER)
    assert Follower.objects.get().since == NOW
    assert operations.unfollow(incident=incident, person=ada)
    assert not operations.unfollow(incident=incident, person=ada)


def test_followers_hear_an_update_but_for_whoever_wrote_it(incident: Incident, ada: Person) -> None:
    bob, deaf = make_incidents.reachable("bob"), make.person("deaf")
    for somebody in (ada, bob, deaf):
        operations.follow(incident=incident, person=somebody, now=NOW)
    made = operations.post_update(
        incident=incident, state="identified", text=" Rolling back. ", by=Actor(person=ada), now=LATER
    )
    assert made.text == "Rolling back."
    assert told(bob) == [f"INC-{incident.number}: cause found"]
    assert told(ada) == []
    assert kinds(incident)[-1] == "update"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "x" * 5001}, "text"),
        ({"state": "fine"}, "state"),
        ({"next_by": NOW}, "next_by"),
    ],
)
def test_an_update_that_says_nothing_is_refused(
    incident: Incident, ada: Person, fields: dict[str, object], field: str
) -> None:
    given = {"state": "monitoring", "text": "Fine again", **fields}
    with pytest.raises(Invalid) as refused:
        operations.post_update(incident=incident, by=Actor(person=ada), now=NOW, **given)  # type: ignore[arg-type]
    assert [one.field for one in refused.value.errors] == [field]
    assert not incident.updates.exists()


def test_an_update_tells_by_when_the_next_comes_by_the_clock_of_its_reader(incident: Incident, ada: Person) -> None:
    for name, zone in (("bob", "Europe/Berlin"), ("mei", "Nowhere/At-all")):
        operations.follow(incident=incident, person=make_incidents.reachable(name, time_zone=zone), now=NOW)
    operations.post_update(
        incident=incident, state="identified", text="Rolling back", by=Actor(person=ada), now=NOW, next_by=LATER
    )
    said = [row.words["text"].rpartition("by ")[2] for row in Notification.objects.filter(kind="told").order_by("pk")]
    assert said == ["13:10 CET.", "12:10 UTC."]


def test_a_role_is_handed_over_and_its_past_is_kept(incident: Incident, ada: Person) -> None:
    bob = make_incidents.reachable("bob")
    by = Actor(person=ada)
    operations.assign_role(incident=incident, role="commander", person=ada, by=by, now=NOW)
    operations.assign_role(incident=incident, role="commander", person=ada, by=by, now=NOW)
    operations.assign_role(incident=incident, role="commander", person=bob, by=by, now=LATER)
    assert list(IncidentRole.objects.values_list("person", "until")) == [(ada.pk, LATER), (bob.pk, None)]
    assert told(bob) == [f"INC-{incident.number}: you are commander"]
    assert told(ada) == []
    assert incident.timeline.filter(kind="role").count() == 2
    operations.assign_role(incident=incident, role="commander", person=None, by=by, now=LATER)
    assert not IncidentRole.objects.filter(until=None).exists()
    with pytest.raises(Invalid):
        operations.assign_role(incident=incident, role="king", person=ada, by=by, now=NOW)


def test_a_task_is_done_once_and_can_be_undone(incident: Incident, ada: Person) -> None:
    by = Actor(person=ada)
    task = operations.add_task(incident=incident, text="Drain the node", by=by, now=NOW)
    operations.change_task(task=task, by=by, now=LATER, done=True)
    done = operations.change_task(task=task, by=by, now=LATER + timedelta(hours=1), done=True)
    assert (done.done_at, done.done_by) == (LATER, ada)
    again = operations.change_task(task=task, by=by, now=LATER, done=False, person=ada)
    assert (again.done_at, again.person) == (None, ada)
    assert incident.timeline.filter(kind="task").count() == 4
    with pytest.raises(Invalid):
        operations.add_task(incident=incident, text=" ", by=by, now=NOW)


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", "data:text/html,x", "ftp://x.org", "//x.org", "https://", "http://[::1", "https://x y"],
)
def test_only_web_addresses_become_links(incident: Incident, ada: Person, url: str) -> None:
    with pytest.raises(Invalid):
        operations.add_link(incident=incident, url=url, by=Actor(person=ada), now=NOW)
    assert not incident.links.exists()


def test_there_is_one_room_and_a_link_stands_once(incident: Incident, ada: Person) -> None:
    by = Actor(person=ada)
    for url in ("https://chat.example.org/a", "https://chat.example.org/b"):
        operations.add_link(incident=incident, url=url, by=by, now=NOW, room=True)
    for _ in range(2):
        operations.add_link(incident=incident, url="https://graphs.example.org", title="Graphs", by=by, now=NOW)
    assert [(one.kind, one.url) for one in incident.links.all()] == [
        ("room", "https://chat.example.org/b"),
        ("link", "https://graphs.example.org"),
    ]
    operations.remove_link(incident=incident, pk=incident.links.all()[1].pk, by=by, now=NOW)
    assert incident.links.count() == 1


def test_an_edited_note_keeps_what_it_said(incident: Incident, ada: Person) -> None:
    by = Actor(person=ada)
    note = operations.add_note(incident=incident, by=by, text="Old", now=NOW)
    operations.edit_note(entry=note, text="New", by=by, now=LATER)
    operations.edit_note(entry=note, text="New", by=by, now=LATER)
    note.refresh_from_db()
    assert note.words == "Old"
    assert list(note.later.values_list("kind", "words")) == [("edited", "New")]
    with pytest.raises(Exception, match="Only whoever wrote"):
        operations.edit_note(entry=note, text="Mine", by=Actor(person=make.person("bob")), now=LATER)
    with pytest.raises(Invalid):
        operations.edit_note(entry=TimelineEntry.objects.exclude(kind="note")[0], text="x", by=by, now=LATER)


def test_a_pin_is_put_on_and_taken_off_by_rows(incident: Incident, ada: Person) -> None:
    by = Actor(person=ada)
    note = operations.add_note(incident=incident, by=by, text="Look here", now=NOW)
    for pinned in (True, True, False, False, True):
        operations.pin(entry=note, pinned=pinned, by=by, now=LATER)
    assert list(note.later.values_list("kind", flat=True)) == ["pinned", "unpinned", "pinned"]
