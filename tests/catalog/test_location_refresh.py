"""Reading what is due: applied, recorded, repeated in time, and held to the location's team."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog.access import system
from catalog.locations.reading import Reading
from catalog.models import AuditEntry, Claim, Component, Location, LocationFile
from catalog.operations import refreshing
from catalog.operations.locations import ask_refresh, hook_called, retire_location
from catalog.operations.refreshing import LEASE, lease_next, next_reading, refresh_due
from portal.lib.crypto import seal
from tests import make
from tests.catalog.manifest_files import api, component, location, stream
from tests.fakes.repository import Repository

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A server of files."""
    with Repository.running() as made:
        yield made


def refresh(at: datetime = make.NOW) -> int:
    return refresh_due(now=at, clock=lambda: at)


def again(row: Location, *, at: datetime = make.NOW + HOUR) -> Location:
    """The location, read once more."""
    Location.objects.filter(pk=row.pk).update(due_at=at)
    assert refresh(at) == 1
    row.refresh_from_db()
    return row


def counts(file: LocationFile) -> dict[str, int]:
    return {name: getattr(file, name) for name in ("created", "updated", "unchanged", "failed", "orphaned")}


def test_entities_come_in_with_their_source_and_each_file_says_what_became_of_it(repository: Repository) -> None:
    make.team("build-ci")
    top = repository.put("/all.yaml", stream(component("a"), location("more", "./b.yaml")))
    repository.put("/b.yaml", stream(component("b"), component("-bad-"), component("c")))
    row = make.location("platform", top)
    assert refresh() == 1
    row.refresh_from_db()
    assert {c.name: (c.source, c.origin) for c in Component.objects.all()} == dict.fromkeys(
        "abc", ("location:default/platform", "manifest")
    )
    first, second = row.files.order_by("address")
    assert counts(first) == {"created": 1, "updated": 0, "unchanged": 1, "failed": 0, "orphaned": 0}
    assert counts(second) == {"created": 2, "updated": 0, "unchanged": 0, "failed": 1, "orphaned": 0}
    (problem,) = second.problems
    assert (problem["line"], problem["column"], problem["field"], problem["level"]) == (13, 9, "metadata.name", "error")
    assert (row.error, row.failures, row.read_at, row.leased_until) == ("", 0, make.NOW, None)
    assert AuditEntry.objects.filter(object_ref="component:default/a").get().actor_ref.endswith(row.ref)


def test_reading_again_changes_nothing_and_costs_304s(repository: Repository) -> None:
    make.team("build-ci")
    row = make.location("platform", repository.put("/a.yaml", stream(component("a"), api("x", "$text: ./x.yaml"))))
    repository.put("/x.yaml", "openapi: 3.1.0\n")
    refresh()
    before = AuditEntry.objects.count()
    row = again(row)
    assert [one.status for one in repository.asked] == [200, 200, 304, 304]
    assert counts(row.files.get(is_part=False))["unchanged"] == 2
    assert AuditEntry.objects.count() == before
    assert Component.objects.get(name="x").definition == "openapi: 3.1.0\n"
    file = row.files.get(is_part=False)
    assert (file.read_at, file.changed_at) == (make.NOW + HOUR, make.NOW)


def test_what_is_named_no_more_is_orphaned_and_with_prune_retired(repository: Repository) -> None:
    make.team("build-ci")
    row = make.location("platform", repository.put("/a.yaml", stream(component("a"), component("b"))))
    refresh()
    repository.put("/a.yaml", component("a"))
    row = again(row)
    assert row.files.get().orphaned == 1
    assert Component.objects.get(name="b").retired_at is None
    Location.objects.filter(pk=row.pk).update(prunes=True)
    row = again(row, at=make.NOW + 2 * HOUR)
    assert Component.objects.get(name="b").retired_at is not None
    assert row.files.get().orphaned == 0


def test_a_file_that_can_not_be_read_now_orphans_nothing(repository: Repository) -> None:
    make.team("build-ci")
    top = repository.put("/all.yaml", location("all", "./a.yaml", "./b.yaml"))
    repository.put("/a.yaml", component("a"))
    repository.put("/b.yaml", location("b", "./c.yaml"))
    repository.put("/c.yaml", component("c"))
    row = make.location("platform", top, prunes=True)
    refresh()
    repository.status("/b.yaml", 500)
    row = again(row)
    assert Component.objects.filter(retired_at=None).count() == 2
    assert "b.yaml: The server answered 500" in row.error
    assert (row.failures, row.read_at) == (1, make.NOW)
    assert row.files.count() == 4  # the unreached one stays on record
    del repository.answers["/b.yaml"]
    row = again(row, at=make.NOW + 2 * HOUR)
    assert (row.error, row.failures, row.read_at) == ("", 0, make.NOW + 2 * HOUR)


def test_a_file_that_is_named_no_more_goes_from_the_record(repository: Repository) -> None:
    make.team("build-ci")
    top = repository.put("/all.yaml", location("all", "./a.yaml"))
    repository.put("/a.yaml", component("a"))
    row = make.location("platform", top)
    refresh()
    repository.put("/all.yaml", location("all", "./new.yaml"))
    repository.put("/new.yaml", component("b"))
    row = again(row)
    assert [file.address.rpartition("/")[2] for file in row.files.all()] == ["all.yaml", "new.yaml"]
    assert Claim.objects.get(ref="component:default/a").orphaned_at is not None


def test_a_location_held_to_a_team_writes_only_what_is_that_teams(repository: Repository) -> None:
    mine, theirs = make.team("build-ci"), make.team("networking")
    make.component("vpn", owner=theirs, title="Theirs")
    top = repository.put("/a.yaml", stream(component("a"), component("vpn"), component("b", owner="networking")))
    row = make.location("mine", top, team=mine)
    refresh()
    assert [c.name for c in Component.objects.order_by("name")] == ["a", "vpn"]
    assert Component.objects.get(name="vpn").title == "Theirs"
    file = row.files.get()
    assert (file.created, file.failed) == (1, 2)
    assert all("Only members of the owner team" in problem["message"] for problem in file.problems)


def test_a_location_whose_team_is_gone_writes_nothing(repository: Repository) -> None:
    team = make.team("build-ci")
    row = make.location("mine", repository.put("/a.yaml", component("a")), team=team)
    team.delete()
    refresh()
    assert not Component.objects.exists()
    assert row.files.get().failed == 1


def test_a_server_that_fails_is_asked_ever_more_rarely_and_the_page_can_say_why(repository: Repository) -> None:
    row = make.location("platform", repository.status("/a.yaml", 503))
    now, waits = make.NOW, []
    for _ in range(9):
        assert refresh(now) == 1
        row.refresh_from_db()
        assert row.due_at
        waits.append((row.due_at - now) / timedelta(minutes=1))
        now = row.due_at
    for wait, least in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True):
        assert least <= wait <= least * 1.1
    assert (row.failures, row.read_at) == (9, None)
    assert "503" in row.error


def test_what_is_read_only_when_asked_is_tried_some_times_and_then_left(repository: Repository) -> None:
    row = make.location("platform", every_seconds=0)
    assert next_reading(row, now=make.NOW) is None
    row.failures = 1
    assert next_reading(row, now=make.NOW, jitter=lambda: 0) == make.NOW + timedelta(minutes=1)
    row.failures = 7
    assert next_reading(row, now=make.NOW) is None


def test_one_file_lost_for_good_does_not_slow_the_others() -> None:
    row = make.location("platform", every_seconds=300, failures=30)
    assert next_reading(row, now=make.NOW, partly=True, jitter=lambda: 0) == make.NOW + timedelta(minutes=5)


def test_what_signs_in_is_sent_and_a_secret_that_can_not_be_unsealed_is_told(repository: Repository) -> None:
    row = make.location("platform", repository.put("/a.yaml", component("a")))
    Location.objects.update(auth_header="Authorization", auth_sealed=seal("Bearer s3cret"))
    refresh()
    assert repository.asked[0].headers["Authorization"] == "Bearer s3cret"
    Location.objects.update(auth_sealed="made up")
    row = again(row)
    assert "PORTAL_SECRET_KEY" in row.error
    assert len(repository.asked) == 1


def test_an_address_inside_is_told_and_nothing_is_asked(repository: Repository, settings: make.Settings) -> None:
    settings.PORTAL_ALLOW_PRIVATE_ADDRESSES = ()
    row = make.location("platform", repository.put("/a.yaml", component("a")))
    refresh()
    row.refresh_from_db()
    assert "127.0.0.1 is an address of this very machine" in row.error
    assert "PORTAL_ALLOW_PRIVATE_ADDRESSES" in row.files.get().error
    assert repository.asked == []


def test_a_directory_is_read_where_that_is_allowed(tmp_path: Path, settings: make.Settings) -> None:
    make.team("build-ci")
    (tmp_path / "svc").mkdir()
    (tmp_path / "svc/catalog-info.yaml").write_text(component("a"))
    row = make.location("disk", str(tmp_path), type="directory")
    refresh()
    row.refresh_from_db()
    assert "PORTAL_LOCATION_ROOTS" in row.error
    settings.PORTAL_LOCATION_ROOTS = (str(tmp_path),)
    row = again(row)
    assert (row.error, Component.objects.get().name) == ("", "a")


def test_a_directory_that_is_gone_orphans_nothing(tmp_path: Path, settings: make.Settings) -> None:
    settings.PORTAL_LOCATION_ROOTS = (str(tmp_path),)
    make.team("build-ci")
    file = tmp_path / "svc/catalog-info.yaml"
    file.parent.mkdir()
    file.write_text(component("a"))
    row = make.location("disk", str(tmp_path / "svc"), type="directory", prunes=True)
    refresh()
    file.unlink()
    file.parent.rmdir()
    row = again(row)
    assert "No such file" in row.error
    assert Component.objects.get().retired_at is None


def test_a_reader_that_died_is_followed_by_another_after_its_lease(repository: Repository) -> None:
    make.team("build-ci")
    row = make.location("platform", repository.put("/a.yaml", component("a")))
    assert lease_next(now=make.NOW) is not None
    assert refresh(make.NOW + timedelta(minutes=9)) == 0
    assert refresh(make.NOW + LEASE) == 1
    row.refresh_from_db()
    assert (row.files.get().created, row.leased_until) == (1, None)


def test_a_crash_between_applying_and_recording_loses_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.team("build-ci")
    row = make.location("platform", repository.put("/a.yaml", component("a")))
    leased = lease_next(now=make.NOW)
    assert leased
    with monkeypatch.context() as patched:
        patched.setattr(refreshing, "_record", _killed)
        with pytest.raises(KeyboardInterrupt):
            refreshing.refresh(leased=leased, clock=lambda: make.NOW)
    assert Component.objects.count() == 1
    assert not row.files.exists()
    assert refresh(make.NOW + LEASE) == 1
    assert counts(row.files.get())["unchanged"] == 1


def test_who_lost_the_lease_while_reading_records_nothing(repository: Repository) -> None:
    make.team("build-ci")
    row = make.location("platform", repository.put("/a.yaml", component("a")))
    late = lease_next(now=make.NOW)
    assert late
    repository.put("/a.yaml", stream(component("a"), component("b")))
    assert refresh(make.NOW + LEASE) == 1
    row.refresh_from_db()
    seen = row.due_at
    refreshing.refresh(leased=late, clock=lambda: make.NOW + LEASE)
    row.refresh_from_db()
    assert (row.due_at, row.files.get().created) == (seen, 2)


def test_a_webhook_that_comes_while_it_is_read_has_it_read_once_more(repository: Repository) -> None:
    make.team("build-ci")
    row = make.location("platform", repository.put("/a.yaml", component("a")))
    repository.before = lambda: hook_called(ref=row.ref, now=make.NOW + timedelta(seconds=1))
    leased = lease_next(now=make.NOW)
    assert leased
    hook_called(ref=row.ref, now=make.NOW + timedelta(seconds=1))
    repository.before = lambda: None
    refreshing.refresh(leased=leased, clock=lambda: make.NOW + timedelta(seconds=2))
    row.refresh_from_db()
    assert row.due_at == make.NOW + timedelta(seconds=5)  # not at once: a repeated webhook costs a reading every 5 s


def test_a_bug_met_by_one_location_stops_no_other(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    make.team("build-ci")
    bad = make.location("bad", "https://git.example.org/x.yaml", due_at=make.NOW - HOUR)
    good = make.location("good", repository.put("/a.yaml", component("a")))
    real = refreshing.read_location

    def breaking(location: Location) -> Reading:
        if location.pk == bad.pk:
            raise ZeroDivisionError
        return real(location)

    monkeypatch.setattr(refreshing, "read_location", breaking)
    assert refresh() == 2
    bad.refresh_from_db()
    assert "on our side: ZeroDivisionError" in bad.error
    assert (bad.leased_until, good.files.count()) == (None, 1)


def test_asking_makes_it_due_and_retiring_ends_it(repository: Repository) -> None:
    row = make.location("platform", due_at=make.NOW + HOUR)
    ask_refresh(ref=row.ref, actor=system("test"), now=make.NOW)
    row.refresh_from_db()
    assert row.due_at == make.NOW
    Claim.objects.create(source=row.ref, ref="component:default/a", since=make.NOW)
    retire_location(ref=row.ref, actor=system("test"), now=make.NOW)
    assert refresh() == 0
    hook_called(ref=row.ref, now=make.NOW)
    assert refresh() == 0
    assert Claim.objects.get().orphaned_at == make.NOW


def _killed(*args: object, **kwargs: object) -> None:
    raise KeyboardInterrupt
