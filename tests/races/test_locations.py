"""Several refreshers at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest

from catalog.models import AuditEntry, Component
from catalog.operations.locations import hook_called
from catalog.operations.refreshing import refresh_due
from tests import make
from tests.catalog.manifest_files import component, stream
from tests.fakes.repository import Repository
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_refreshers_one_reads_a_location() -> None:
    make.team("build-ci")
    with Repository.running() as repository:
        row = make.location("platform", repository.put("/a.yaml", stream(component("a"), component("b"))))
        assert sorted(together(*[_refresher() for _ in range(4)])) == [0, 0, 0, 1]  # type: ignore[type-var]
        assert repository.statuses("/a.yaml") == [200]
    assert Component.objects.count() == 2
    assert AuditEntry.objects.filter(action="component.create").count() == 2
    row.refresh_from_db()
    assert (row.leased_until, row.failures, row.files.count()) == (None, 0, 1)


def test_two_refreshers_share_the_locations_that_are_due() -> None:
    make.team("build-ci")
    with Repository.running() as repository:
        both = Barrier(2)

        def meet() -> None:
            both.wait(10)

        repository.before = meet
        for name in "ab":
            make.location(name, repository.put(f"/{name}.yaml", component(name)))
        assert together(_refresher(), _refresher()) == [1, 1]  # each waits inside its own for the other
    assert Component.objects.count() == 2


def test_a_webhook_that_comes_in_the_middle_of_a_reading_is_not_lost() -> None:
    make.team("build-ci")
    with Repository.running() as repository:
        row = make.location("platform", repository.put("/a.yaml", component("a")))
        later = make.NOW + timedelta(seconds=8)

        def push() -> None:
            repository.before = lambda: None
            together(lambda: hook_called(ref=row.ref, now=later))
            repository.put("/a.yaml", component("a", description="pushed"))

        repository.before = push
        _refresher()()
        row.refresh_from_db()
        assert row.due_at == later
        assert refresh_due(now=later, clock=lambda: later) == 1
    assert Component.objects.get().description == "pushed"


def _refresher() -> Callable[[], int]:
    return lambda: refresh_due(now=make.NOW, limit=1, clock=lambda: make.NOW)


def test_a_location_that_is_held_to_a_team_while_it_is_read_writes_only_what_is_theirs() -> None:
    make.team("build-ci")
    other = make.team("networking")
    with Repository.running() as repository:
        row = make.location("platform", repository.put("/a.yaml", component("a")))

        def hold() -> None:
            together(lambda: type(row).objects.filter(pk=row.pk).update(team=other, limited=True))

        repository.before = hold
        _refresher()()
    assert Component.objects.count() == 0
