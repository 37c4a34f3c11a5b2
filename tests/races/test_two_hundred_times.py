"""The three races that matter most at night, each run two hundred times, with either side first about as often."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from catalog.access import Actor
from incidents import operations
from incidents.models import Incident, Notification, NotificationAttempt, Page, TimelineEntry
from incidents.operations import AlreadyResolved
from incidents.paging import advance_due
from incidents.paging.outbox import Outcome, lease
from incidents.paging.settling import settle
from tests import make, make_incidents
from tests.make import NOW
from tests.races.together import Crew, starts

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 200
MINUTE = timedelta(minutes=1)


def due(count: int) -> tuple[list[Page], list[Incident]]:
    """So many incidents, each with a page whose first step is due, and a second one five minutes later."""
    people = [make_incidents.reachable() for _ in range(2)]
    team = make_incidents.paged(make.team(), *[make_incidents.step(person) for person in people])
    made = [make_incidents.incident(make.component(owner=team)) for _ in range(count)]
    return list(Page.objects.order_by("pk")), made


def failures(answers: list[object]) -> list[object]:
    return [one for one in answers if isinstance(one, Exception)]


def test_two_people_tap_acknowledge_at_the_same_moment() -> None:
    pages, _ = due(TIMES)
    ada, linh = make.person(), make.person()
    with Crew(2) as crew:
        for page, start in zip(pages, starts(TIMES), strict=True):
            answers = crew.together(
                partial(operations.acknowledge, page=page, by=ada, via="link", now=NOW),
                partial(operations.acknowledge, page=page, by=linh, via="link", now=NOW),
                head_start=start,
            )
            assert not failures(answers)
    first = set[str]()
    for page in pages:
        page.refresh_from_db()
        said = TimelineEntry.objects.filter(page=page, kind="acknowledged").order_by("pk")
        has_it, took_over = said.values_list("words", flat=True)
        assert has_it.endswith("has it")
        assert "took over from" in took_over
        assert page.acknowledged_by is not None
        assert took_over.startswith(page.acknowledged_by.label), "whoever came last has it, and is told so"
        first.add(has_it)
    assert len(first) == 2, "each of them was first at times, else this was no race"


def test_an_acknowledgement_while_the_sweep_takes_the_same_row() -> None:
    pages, _ = due(TIMES)
    ada, swept = make.person(), 0
    Page.objects.update(next_step_at=NOW + 24 * 60 * MINUTE)
    with Crew(2) as crew:
        for page, start in zip(pages, starts(TIMES), strict=True):
            Page.objects.filter(pk=page.pk).update(next_step_at=NOW)
            acked, took = crew.together(
                partial(operations.acknowledge, page=page, by=ada, via="link", now=NOW),
                lambda: advance_due(now=NOW).taken,
                head_start=start,
            )
            assert not failures([acked, took])
            swept += int(str(took))
    assert set(Page.objects.values_list("state", "next_step_at")) == {("acknowledged", None)}
    assert set(Notification.objects.values_list("state", flat=True)) <= {Notification.State.CANCELLED}
    assert Notification.objects.count() == swept
    assert 0 < swept < TIMES, "each side won at times, else this was no race"


def test_a_resolution_while_a_notification_is_leased() -> None:
    _, incidents = due(TIMES)
    linh, tries = Actor(person=make.person()), 0
    while advance_due(now=NOW).taken:
        pass
    with Crew(2) as crew:
        for place, (incident, start) in enumerate(zip(incidents, starts(TIMES), strict=True)):
            its = Notification.objects.filter(incident=incident)
            Notification.objects.exclude(incident=incident).filter(state="pending").update(next_attempt_at=NOW + MINUTE)
            its.update(next_attempt_at=NOW)
            by, error = uuid4().hex, ("", "refused", "no such address")[place % 3]

            def send(by: str = by, error: str = error) -> int:
                """As a courier: lease, send, and mark what came of it."""
                leased = lease(now=NOW, by=by, limit=10)
                settle([Outcome(one, error=error, permanent="address" in error) for one in leased], now=NOW)
                return len(leased)

            answers = crew.together(
                partial(operations.resolve, incident=incident, by=linh, now=NOW),
                send,
                head_start=start,
            )
            assert not [one for one in failures(answers) if not isinstance(one, AlreadyResolved)]
            tries += NotificationAttempt.objects.filter(notification__in=its).count()
    assert set(Incident.objects.values_list("state", flat=True)) == {"resolved"}
    assert not Page.objects.exclude(next_step_at=None).exists()
    assert 0 < tries < TIMES, "each side won at times, else this was no race"
    assert not lease(now=NOW + 60 * MINUTE, by="later", limit=500), "what was to be tried again is given up instead"
    assert not Notification.objects.filter(state__in=["pending", "leased"]).exists()
