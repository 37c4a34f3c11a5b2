"""Two at once: whoever wins, the other sees it, and nothing happens twice."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.firing import Firing
from incidents.intake import deliveries
from incidents.intake.slo import take_transitions
from incidents.models import Alert, HandledTransition, Incident, Notification, Page, PageStep, TimelineEntry
from incidents.operations import AlreadyResolved, clear_alert, raise_alert
from incidents.paging import advance_due, check_again_due, deliver_due
from tests import make, make_incidents
from tests.fakes.webhook import WebhookSink
from tests.make import NOW
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def fire(key: str, **fields: object) -> Callable[[], object]:
    return lambda: raise_alert(firing=Firing(key=key, source="api", summary="Down", **fields), now=NOW)  # type: ignore[arg-type]


def sweep_all(minutes: float = 0, limit: int = 20) -> int:
    taken = 0
    while swept := advance_due(now=NOW + minutes * MINUTE, limit=limit):
        taken += swept.taken
    return taken


def due_pages(count: int, *people: Person) -> None:
    team = make_incidents.paged(make.team(), *[make_incidents.step(person) for person in people])
    for _ in range(count):
        make_incidents.incident(make.component(owner=team))


def test_a_second_sweeper_does_not_page_twice() -> None:
    due_pages(120, make_incidents.reachable())
    taken = together(sweep_all, sweep_all, sweep_all)
    while sweep_all():  # what all three passed over because another held it
        pass
    assert not [one for one in taken if isinstance(one, Exception)]
    assert (PageStep.objects.count(), Notification.objects.count()) == (120, 120)
    assert set(Page.objects.values_list("next_step_at", flat=True)) == {NOW + 5 * MINUTE}


def test_an_acknowledgement_and_a_sweep_at_once_leave_nothing_to_send() -> None:
    ada, linh = make_incidents.reachable(), make_incidents.reachable()
    due_pages(25, ada, linh)
    sweep_all(0)
    pages = list(Page.objects.all())
    acks = [
        lambda page=page: operations.acknowledge(page=page, by=ada, via="link", now=NOW + 5 * MINUTE) for page in pages
    ]
    answers = together(*acks, lambda: sweep_all(5, limit=3), lambda: sweep_all(5, limit=3))
    assert not [one for one in answers if isinstance(one, Exception)]
    assert set(Page.objects.values_list("state", "next_step_at")) == {("acknowledged", None)}
    assert not Notification.objects.exclude(state=Notification.State.CANCELLED).exists()


def test_two_people_acknowledging_at_once_are_told_one_after_the_other() -> None:
    people = [make_incidents.reachable() for _ in range(4)]
    due_pages(1, people[0])
    page = Page.objects.get()
    together(*[lambda p=p: operations.acknowledge(page=page, by=p, via="link", now=NOW) for p in people])
    words = list(TimelineEntry.objects.filter(kind="acknowledged").order_by("pk").values_list("words", flat=True))
    assert len([one for one in words if one.endswith("has it")]) == 1
    assert len([one for one in words if "took over from" in one]) == 3
    page.refresh_from_db()
    assert page.acknowledged_by
    assert words[-1].startswith(page.acknowledged_by.label)


def test_one_person_tapping_twice_at_once_is_one_acknowledgement() -> None:
    ada = make_incidents.reachable()
    due_pages(1, ada)
    page = Page.objects.get()
    together(*[lambda: operations.acknowledge(page=page, by=ada, via="link", now=NOW)] * 6)
    assert TimelineEntry.objects.filter(kind="acknowledged").count() == 1


def test_of_an_acknowledgement_and_a_resolution_at_once_one_wins_and_the_other_says_so() -> None:
    ada = make_incidents.reachable()
    due_pages(1, ada)
    page, incident = Page.objects.get(), Incident.objects.get()
    ack, _ = together(
        lambda: operations.acknowledge(page=page, by=ada, via="link", now=NOW),
        lambda: operations.resolve(incident=incident, by=Actor(person=ada), now=NOW),
    )
    incident.refresh_from_db()
    assert incident.state == "resolved"
    taken = TimelineEntry.objects.filter(kind="acknowledged").count()
    assert isinstance(ack, AlreadyResolved) == (taken == 0)


def test_alerts_on_one_component_at_once_open_one_incident() -> None:
    component = make.component()
    answers = together(*[fire(f"alert-{number}", component=component) for number in range(8)])
    assert not [one for one in answers if isinstance(one, Exception)]
    assert Incident.objects.count() == 1
    assert Alert.objects.filter(incident__isnull=False).count() == 8


def test_one_alert_sent_many_times_at_once_is_one_alert() -> None:
    together(*[fire("same")] * 8)
    assert (Incident.objects.count(), Alert.objects.get().count) == (1, 8)


def test_the_last_alert_clearing_while_another_joins_never_leaves_one_in_a_closed_incident() -> None:
    for number in range(12):
        component = make.component()
        fire(f"old-{number}", component=component)()
        answers = together(
            partial(clear_alert, key=f"old-{number}", now=NOW), fire(f"new-{number}", component=component)
        )
        assert not [one for one in answers if isinstance(one, Exception)]
        alert = Alert.objects.select_related("incident").get(key=f"new-{number}")
        assert alert.incident
        assert alert.incident.is_open


def test_two_takers_of_transitions_take_each_once() -> None:
    for _ in range(10):
        make_incidents.transition(make_incidents.objective(make.component()))
    answers = together(*[lambda: take_transitions(now=NOW)] * 3)
    take_transitions(now=NOW)
    assert not [one for one in answers if isinstance(one, Exception)]
    assert (HandledTransition.objects.count(), Incident.objects.count()) == (10, 10)
    assert set(Alert.objects.values_list("count", flat=True)) == {1}


def test_two_processors_keep_the_order_of_one_key() -> None:
    token, _ = make.token("alerts:send")
    for number in range(10):
        for status in ("firing", "resolved"):
            deliveries.accept(body={"key": f"k{number}", "status": status}, by=Actor(token=token, via="api"), now=NOW)

    def process() -> None:
        while deliveries.process_due(now=NOW, limit=3):
            pass

    answers = together(process, process)
    process()
    assert answers == [None, None]
    assert Incident.objects.count() == 10
    assert set(Incident.objects.values_list("state", flat=True)) == {"resolved"}


def test_two_couriers_send_each_message_once() -> None:
    with WebhookSink.running() as sink:
        ada = make.person()
        make_incidents.method(ada, sink.url, channel="webhook")
        due_pages(60, ada)
        sweep_all()
        answers = together(*[lambda: deliver_due(clock=lambda: NOW)] * 3)
        assert not [one for one in answers if isinstance(one, Exception)]
        deliver_due(clock=lambda: NOW + MINUTE)  # what another courier held waited for company, and goes now
        told = [key for one in sink.received for key in one.keys]
        assert len(told) == len(set(told)) == 60


def test_two_sweeps_looking_again_at_what_was_resolved_by_hand_page_once() -> None:
    ada = make_incidents.reachable()
    due_pages(3, ada)
    for incident in Incident.objects.all():
        operations.resolve(incident=incident, by=Actor(person=ada), now=NOW)
    answers = together(*[lambda: check_again_due(now=NOW + 30 * MINUTE)] * 3)
    assert sum(int(str(one)) for one in answers) == 3
    assert set(Incident.objects.values_list("generation", flat=True)) == {1}
