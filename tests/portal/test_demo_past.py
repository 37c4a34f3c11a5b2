"""What happened before the demo began: it looks as if the product had lived through it, and nothing is left over."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from catalog.models import AuditEntry, Campaign, MaintenanceWindow, ScoreDay
from incidents.models import (
    Absence,
    ActionItem,
    Alert,
    Change,
    Delivery,
    Drill,
    DrillPlan,
    HandoffNote,
    InboxMessage,
    Incident,
    Integration,
    Notification,
    NotificationAttempt,
    Page,
    PageStep,
    Review,
    Swap,
    TimelineEntry,
)
from incidents.operations import action_items, causes, reviews
from incidents.paging import advance_due, check_again_due
from incidents.queries.intake import traffic
from portal.demo import PASSWORD
from portal.demo.past import make_past
from portal.demo.seed import seed
from slo.models import AlertTransition, Exclusion, Standing

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def lived(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo with its past, once for all of these tests; it is gone after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        began = time.process_time()
        assert seed(pace="story", prometheus_url="http://127.0.0.1:1", now=NOW)
        seeded = time.process_time()
        assert make_past(now=NOW)
        print(f"seeded in {seeded - began:.1f} s, lived in {time.process_time() - seeded:.1f} s of CPU")
        yield
        transaction.set_rollback(True)


def test_nothing_is_left_due_and_open_only_what_is_seen_by_nobody() -> None:
    (blind,) = Incident.objects.exclude(state=Incident.State.RESOLVED)
    assert (blind.title, blind.severity, blind.root) == ("Carrier gateway: no data for “Labels are printed”", 5, None)
    assert NOW - blind.opened_at > causes.begins_within(), "it is no symptom of what a reader breaks"
    assert Standing.objects.get(objective__name="carrier-labels").blind_since is not None
    assert not Incident.objects.exclude(check_again_at=None, inform_at=None).exists()
    assert not Page.objects.exclude(next_step_at=None).exclude(incident=blind).exists()
    assert not Page.objects.exclude(state="resolved").exclude(incident=blind).exists()
    assert not Alert.objects.filter(cleared_at=None).exclude(incident=blind).exists()
    assert not Notification.objects.filter(state__in=("pending", "leased")).exists()
    assert not NotificationAttempt.objects.filter(finished_at=None).exists()
    assert not InboxMessage.objects.filter(read_at=None).exists()
    later = NOW + timedelta(minutes=1)
    assert (advance_due(now=later).taken, check_again_due(now=later)) == (0, 0)
    assert (reviews.drafts_due(later), action_items.remind_due(now=later)) == ([], 0)


def test_living_through_it_twice_changes_nothing() -> None:
    before = [model.objects.count() for model in (Incident, Notification, TimelineEntry, AuditEntry)]
    assert not make_past(now=NOW + timedelta(hours=1))
    assert [model.objects.count() for model in (Incident, Notification, TimelineEntry, AuditEntry)] == before


def test_it_is_as_much_as_two_months_bring() -> None:
    incidents = Incident.objects.filter(is_drill=False)
    assert 44 <= incidents.count() <= 60
    assert {one.severity for one in incidents} >= {1, 2, 3, 4}
    last = incidents.filter(opened_at__gt=NOW - timedelta(days=1.2))
    assert [one.severity for one in last] == [5], "what sees nothing, and no other"
    assert incidents.filter(opened_at__lt=NOW - timedelta(days=61)).count() == 0
    taken = [one.acknowledged_at - one.opened_at for one in incidents if one.acknowledged_at]
    assert len(taken) > 30
    assert timedelta(minutes=1) < min(taken)
    assert max(taken) < timedelta(minutes=26)
    assert incidents.filter(acknowledged_at=None, resolved_by=None).count() >= 5, "noise that ended by itself"
    assert Change.objects.count() >= 8
    assert any(one.opened_at.weekday() >= 5 for one in incidents)
    assert any(one.opened_at.hour < 5 for one in incidents)


def test_pages_went_up_the_steps_to_those_who_were_on_call() -> None:
    steps = PageStep.objects.filter(page__role="owner")
    assert steps.filter(step=1).values("page").distinct().count() >= 5, "the second step"
    assert steps.filter(cycle=1).values("page").distinct().count() >= 2, "nobody until the second round"
    told = TimelineEntry.objects.filter(incident__is_drill=False)
    assert not told.filter(kind__in=("fault", "unreachable", "ack-timeout", "exhausted")).exists()
    sent = Notification.objects.filter(kind="page", state="sent")
    assert sent.count() > 60
    assert all(row.sent_at is not None and row.due_at <= row.sent_at < NOW for row in sent)
    assert NotificationAttempt.objects.filter(outcome="temporary").exists(), "now and then a server is busy"


def test_alertmanager_sent_its_alerts_on_the_key_of_its_integration() -> None:
    integration = Integration.objects.get(kind=Integration.Kind.ALERTMANAGER)
    alerts = Alert.objects.filter(source="alertmanager").order_by("opened_at")
    assert alerts.count() > 25
    assert not alerts.exclude(key__startswith=f"integration-{integration.pk}:").exists()
    parts = Delivery.objects.exclude(part_of=None)
    assert parts.filter(outcome__startswith="cleared ").count() == parts.values("alert").distinct().count()
    told, lately = set(parts.values_list("alert", flat=True)), alerts.filter(opened_at__gte=NOW - timedelta(days=14))
    assert set(lately.values_list("pk", flat=True)) <= told <= set(alerts.values_list("pk", flat=True))
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
    last = Delivery.objects.latest("received_at").received_at
    assert traffic([integration.pk], now=NOW)[integration.pk].used_at == last
    assert NOW - last < timedelta(days=14), "the newest are there to be looked at"
    assert not Delivery.objects.filter(received_at__lt=NOW - timedelta(days=14)).exists(), "they are kept for so long"
    assert integration.created_at < alerts[0].opened_at


def test_objectives_told_of_what_burned_and_have_it_on_record() -> None:
    incidents = Incident.objects.filter(alerts__source="slo").exclude(alerts__rule="info").distinct()
    burned = AlertTransition.objects.filter(kind="burn").order_by("at")
    assert incidents.count() >= 10
    starts, ends = burned.filter(to_state="firing"), burned.filter(to_state="inactive")
    assert {one.handled.incident for one in starts} == set(incidents)
    assert starts.count() == ends.count()
    assert all(ends.filter(objective=one.objective, at__gt=one.at).exists() for one in starts)
    assert not AlertTransition.objects.filter(handled=None).exists(), "nobody is told of it later"
    assert all("more than" in one.reason for one in starts)


def test_each_timeline_is_in_the_order_of_time() -> None:
    for incident in Incident.objects.filter(state=Incident.State.RESOLVED):
        moments = list(incident.timeline.order_by("pk").values_list("at", flat=True))
        assert moments == sorted(moments), incident
        assert incident.resolved_at is not None
        assert moments[0] == incident.opened_at
        assert moments[-1] < NOW


def test_one_was_big() -> None:
    big = Incident.objects.get(title__startswith="etcd")
    assert big.severity == 1
    assert big.symptoms.count() == 4
    assert set(big.pages.values_list("role", flat=True)) == {"owner", "responder", "manual"}
    assert big.updates.count() == 5
    assert set(big.roles.values_list("role", flat=True)) == {"commander", "communications"}
    assert big.review.is_published


def test_what_came_of_them() -> None:
    assert Review.objects.filter(state="published").count() == 5
    assert Review.objects.exclude(state="published").count() >= 5
    worst = Incident.objects.filter(severity__lte=2, root=None, is_drill=False)
    assert not worst.filter(review=None).exists()
    items = ActionItem.objects.all()
    assert items.filter(state="done").count() >= 4
    assert items.filter(state="open", due_on__gt=NOW.date()).exists()
    assert items.filter(state="open", due_on__lt=NOW.date()).count() == 1
    quiet = ("linh", "ada")  # the first mail they get is the demo's first page
    assert not items.filter(state="open", owner__name__in=quiet).exists()


def test_teams_practised_and_one_drill_says_which_hour_has_nobody() -> None:
    drills = {one.component_ref.rpartition("/")[2]: one for one in Drill.objects.all()}
    assert len(drills) == 4
    assert {one.outcome for one in drills.values()} == {"answered", "late"}
    assert drills["vault"].outcome == "late", "nobody took it within the hour"
    report = json.dumps(drills["orders-api"].report)
    assert "Logistics" in report
    assert drills["orders-api"].worked
    assert DrillPlan.objects.filter(removed_at=None, next_at__gt=NOW).count() == 2


def test_the_campaign_has_come_some_way() -> None:
    campaign = Campaign.objects.get()
    reached = list(campaign.days.values_list("reached", flat=True))
    assert len(reached) >= 5
    assert reached[0] < reached[-1] < campaign.days.latest("day").total
    assert ScoreDay.objects.filter(team=None).count() == 59, "one a day, as the beat counts"


def test_people_and_work_move_about_as_they_do() -> None:
    assert set(Swap.objects.values_list("state", flat=True)) == {"open", "accepted"}
    assert Absence.objects.filter(ends_at__gt=NOW).count() == 2
    assert MaintenanceWindow.objects.filter(rrule="", ends_at__gt=NOW).count() == 1
    assert (Exclusion.objects.count(), HandoffNote.objects.count()) == (2, 3)
    assert Change.objects.filter(at__gt=NOW - timedelta(hours=31)).count() == 6


@pytest.mark.parametrize(
    "address",
    ["/incidents", "/analytics", "/reviews", "/reviews/actions", "/status", "/on-call", "/", "/drills",
     "/scorecards/campaigns"],
)  # fmt: skip
def test_the_pages_of_the_past_render(client: Client, address: str) -> None:
    assert client.login(username="katrin", password=PASSWORD)
    assert client.get(address, follow=True).status_code == 200
