"""The demo platform as the portal has it after the seed."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from catalog.graph import blast_radius
from catalog.models import AuditEntry, Component, Dependency, Person, Team
from catalog.operations import patch_component
from incidents.models import CatchAll, ContactMethod, PolicyVersion, Schedule
from incidents.oncall.directory import person_on_call
from incidents.policies import policy_of
from portal.demo import PASSWORD
from portal.demo.documents import UnknownPace, read
from portal.demo.seed import DEMO, put_all, seed
from portal.demo.seed_paging import last_monday
from slo.models import AlertPolicy, DataSource, Objective

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
FROM_THE_MANIFEST = ("payments", "payments-db", "legacy-cron", "release-notes", "golden-path-python")
PROMETHEUS = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def seeded_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Seeding takes seconds, so it is done once for all of these tests; it is gone after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert seed(pace="story", prometheus_url=PROMETHEUS, now=NOW)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def seeded(seeded_once: None, db: None) -> None:
    """The demo's platform, as the test finds it and nobody else has changed it."""


def test_the_platform_is_there_in_full(seeded: None) -> None:
    said = read("story")
    assert Person.objects.count() == len(said.people)
    assert Team.objects.count() == len(said.teams)
    assert Component.objects.count() == len(said.components) + len(FROM_THE_MANIFEST)
    assert Objective.objects.count() == len(said.objectives)
    assert set(Component.objects.filter(owner=None).values_list("name", flat=True)) == {"legacy-cron", "release-notes"}
    assert set(Dependency.objects.filter(target=None).values_list("target_ref", flat=True)) == {
        "component:default/service-scaffold"
    }


def test_ci_runners_block_so_many_teams_that_it_is_a_p1(seeded: None) -> None:
    radius = blast_radius(Component.objects.get(name="ci-runners").pk)
    assert len(radius.team_ids) >= 5


def test_linh_is_on_call_first_then_ada_then_everybody(seeded: None) -> None:
    schedule = Schedule.objects.get(slug="build-ci")
    assert person_on_call(schedule, NOW) == "user:default/linh"
    policy = policy_of(PolicyVersion.objects.filter(policy__slug="build-ci").latest("since"))
    assert [step.targets[0].ref for step in policy.steps] == ["build-ci", "user:default/ada", "group:default/build-ci"]
    assert policy.steps[0].delay == timedelta(seconds=30)


def test_everybody_can_be_told(seeded: None) -> None:
    assert ContactMethod.objects.exclude(confirmed_at=None).count() == Person.objects.count()
    assert CatchAll.objects.get().policy.slug == "platform-leads"


def test_seeding_twice_changes_nothing(seeded: None) -> None:
    before = AuditEntry.objects.count()
    assert not seed(pace="story", prometheus_url=PROMETHEUS, now=LATER)
    put_all(read("story"), now=LATER)
    assert [entry.action for entry in AuditEntry.objects.all()[: AuditEntry.objects.count() - before]] == []


def test_what_people_changed_since_is_left_alone(seeded: None) -> None:
    patch_component(ref="component:default/cart-api", changes={"title": "The cart"}, actor=DEMO, now=NOW)
    seed(pace="story", prometheus_url=PROMETHEUS, now=LATER)
    assert Component.objects.get(name="cart-api").title == "The cart"


def test_prometheus_may_come_up_elsewhere_next_time(seeded: None) -> None:
    seed(pace="story", prometheus_url="http://127.0.0.1:2", now=LATER)
    assert DataSource.objects.get().url == "http://127.0.0.1:2"


def test_another_pace_is_a_new_version_of_the_policy(seeded: None) -> None:
    assert seed(pace="quick", prometheus_url=PROMETHEUS, now=LATER)
    versions = PolicyVersion.objects.filter(policy__slug="build-ci").order_by("number")
    assert [policy_of(version).steps[0].delay.seconds for version in versions] == [300, 30, 10]
    assert AlertPolicy.objects.get(name="demo").rules[0]["long"] == "2m"


def test_an_unknown_pace_says_which_there_are() -> None:
    with pytest.raises(UnknownPace, match="story, quick"):
        read("hurry")


@pytest.mark.parametrize("name", ["admin", "katrin", "linh", "ada", "elena"])
def test_the_printed_password_lets_in(seeded: None, client: Client, name: str) -> None:
    assert client.login(username=name, password=PASSWORD)
    assert Person.objects.get(name=name).platform_admin == (name == "admin")


def test_a_rotation_begins_on_the_last_monday_by_its_own_clock() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    assert last_monday(NOW, kolkata, time(9)) == datetime(2026, 11, 16, 9, tzinfo=kolkata)
    monday_morning = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)  # 09:00 in Kolkata
    assert last_monday(monday_morning, kolkata, time(9)) == monday_morning
