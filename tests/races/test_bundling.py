"""Couriers at the same moment: every page goes out exactly once, one person gets few messages, nobody waits in turn."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from catalog.access import Actor
from incidents.models import ContactMethod, Notification, NotificationAttempt
from incidents.operations import contacts
from incidents.paging import advance_due
from incidents.paging.outbox import Leased, bundles, lease
from tests import make, make_incidents
from tests.make import NOW
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


def due_pages(count: int, people: int) -> None:
    """So many pages to each of so many people, all due."""
    somebody = [make_incidents.reachable() for _ in range(people)]
    team = make_incidents.paged(make.team(), make_incidents.step(*somebody))
    for _ in range(count):
        make_incidents.incident(make.component(owner=team))
    while advance_due(now=NOW, limit=200):
        pass


def take(name: str, times: int = 10) -> list[list[Leased]]:
    found = [lease(now=NOW + number * SECOND / 10, by=name, limit=16) for number in range(times)]
    return [leased for leased in found if leased]


def test_couriers_at_once_take_every_page_once_and_one_message_a_person_within_the_time() -> None:
    due_pages(12, people=8)
    taken = together(*(partial(take, f"courier {number}") for number in range(4)))
    assert not [one for one in taken if isinstance(one, Exception)]
    messages: Counter[int | None] = Counter()
    leased: Counter[int] = Counter()
    for passes in taken:
        assert isinstance(passes, list)
        for found in passes:
            for bundle in bundles(found):
                messages[bundle[0].notification.method_id] += 1
                leased.update(one.notification.pk for one in bundle)
    assert set(leased.values()) == {1}
    assert max(messages.values()) == 1, "the first message to somebody, and nothing more within three seconds"
    waiting = Notification.objects.filter(state=Notification.State.PENDING)
    assert waiting.count() + len(leased) == 12 * 8
    rest = lease(now=NOW + 6 * SECOND, by="later", limit=200)
    assert waiting.count() == 0
    assert NotificationAttempt.objects.count() == len(leased) + len(rest) == 12 * 8


def test_removing_methods_while_couriers_take_them_blocks_nobody() -> None:
    due_pages(5, people=6)
    methods = list(ContactMethod.objects.select_related("person"))
    removals = [
        partial(contacts.remove_method, method=one, by=Actor(person=one.person), now=NOW, sure=True) for one in methods
    ]
    done = together(partial(take, "a"), partial(take, "b"), *removals)
    assert not [one for one in done if isinstance(one, Exception)]


def test_two_guesses_at_once_are_two_guesses() -> None:
    ada = make.person("ada")
    by = Actor(person=ada)
    method = contacts.add_method(person=ada, channel="email", given={"address": "a@b.org"}, by=by, now=NOW).method
    guesses = [partial(contacts.confirm, method=method, code="x", by=by, now=NOW) for _ in range(8)]
    kinds = Counter(type(one).__name__ for one in together(*guesses))
    assert kinds == {"WrongCode": 5, "CodeOver": 3}
