"""A reader of locations killed between reading and applying, while it applies, and before it has said so."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from catalog.models import AuditEntry, Claim, Component, Dependency, Location, LocationFile, Ownership
from catalog.operations.refreshing import LEASE, refresh_due
from portal.lib.clock import db_now
from tests import make
from tests.catalog.manifest_files import component, stream
from tests.chaos.locks import held, killed, others, waiting
from tests.chaos.stack import ROOT, environment, wait_for
from tests.fakes.repository import Repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live]

COUNT = 40
READ = "import django; django.setup(); from catalog.tasks import refresh_locations; refresh_locations()"


@contextmanager
def reading(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker's wake-up in a process of its own."""
    with (folder / "reader.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", READ],
            cwd=ROOT, env=environment(folder), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        killed(process)


@pytest.fixture
def due() -> Iterator[tuple[Repository, Location]]:
    """A location of forty components that is due."""
    make.team("build-ci")
    with Repository.running() as repository:
        top = repository.put("/all.yaml", stream(*(component(f"c{n}") for n in range(COUNT))))
        yield repository, make.location("platform", top, now=db_now())


def stopped(repository: Repository, folder: Path, *locks: str, when: Callable[[], bool]) -> None:
    """A reader that is killed where the locks, taken while the file is on its way, stop it."""
    arrived, go = threading.Event(), threading.Event()

    def pause() -> None:
        arrived.set()
        go.wait(30)

    repository.before = pause
    with reading(folder) as process, ExitStack() as taken:
        assert arrived.wait(40), (folder / "reader.log").read_text()
        for lock in locks:
            taken.enter_context(held(lock))
        repository.before = lambda: None
        go.set()
        wait_for(when, seconds=30)
        killed(process)
    wait_for(lambda: others() == 0, seconds=20)


def kept() -> dict[str, int]:
    models = (Component, Ownership, Claim, LocationFile)
    return {model.__name__: model._default_manager.count() for model in models}


def the_next_reader_ends_right(location: Location, repository: Repository, *, created: int) -> None:
    """Not before the lease is over; then everything is there once, and the file says so."""
    now = db_now()
    assert refresh_due(now=now) == 0
    assert refresh_due(now=now + LEASE) == 1
    assert repository.statuses("/all.yaml") == [200, 200]  # the dead one's ETag was never kept
    location.refresh_from_db()
    assert (location.error, location.leased_until, location.failures) == ("", None, 0)
    assert kept() == {"Component": COUNT, "Ownership": COUNT, "Claim": COUNT, "LocationFile": 1}
    file = LocationFile.objects.get()
    assert (file.created, file.unchanged, file.failed) == (created, COUNT - created, 0)
    assert AuditEntry.objects.filter(object_ref__startswith="component:").count() == COUNT
    assert not Dependency.objects.exists()


NOTHING = {"Component": 0, "Ownership": 0, "Claim": 0, "LocationFile": 0}


def test_killed_between_reading_and_applying_nothing_is_there(due: tuple[Repository, Location], tmp_path: Path) -> None:
    repository, location = due
    stopped(
        repository,
        tmp_path,
        "LOCK TABLE catalog_location IN ACCESS EXCLUSIVE MODE",  # it looks here before it applies
        when=lambda: waiting() == 1 and repository.statuses("/all.yaml") == [200],
    )
    assert kept() == NOTHING
    the_next_reader_ends_right(location, repository, created=COUNT)


def test_killed_while_applying_nothing_is_there(due: tuple[Repository, Location], tmp_path: Path) -> None:
    repository, location = due
    stopped(repository, tmp_path, "LOCK TABLE catalog_auditentry IN SHARE MODE", when=lambda: waiting() == 1)
    assert kept() == NOTHING
    the_next_reader_ends_right(location, repository, created=COUNT)


def test_killed_before_it_has_said_so_all_is_there_once(due: tuple[Repository, Location], tmp_path: Path) -> None:
    repository, location = due
    stopped(
        repository,
        tmp_path,
        "SELECT FROM catalog_location FOR UPDATE",
        when=lambda: waiting() == 1 and Component.objects.count() == COUNT,
    )
    assert kept() == {"Component": COUNT, "Ownership": COUNT, "Claim": COUNT, "LocationFile": 0}
    the_next_reader_ends_right(location, repository, created=0)
