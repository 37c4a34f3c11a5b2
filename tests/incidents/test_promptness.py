"""How fast the pager is: what counts, what is left out, and the verdicts of objectives on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import Component, MaintenanceWindow, Person
from incidents import operations
from incidents.models import ContactRule, Incident, Notification, Page, PagingPause
from incidents.paging import advance_due
from incidents.queries.promptness import calls, promptness
from incidents.responses import verdicts
from portal.lib.clock import db_now
from slo.models import Standing
from tests import make, make_incidents, make_slo
from tests.make import NOW

pytestmark = pytest.mark.django_db
SECOND, MINUTE, LATER = timedelta(seconds=1), timedelta(minutes=1), NOW + timedelta(hours=1)
PAGED: dict[str, Any] = {"moment": "paged", "within": "10s"}


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada), make_incidents.step(ada))
    return make.component("runners", owner=team)


def opened(of: Component, *, waited: int = 0, step: int | None = 0, sent: int | None = 1, **fields: Any) -> Incident:
    """Accepted `waited` seconds before it opened; its first step, and what that sent, so many seconds after."""
    at = fields.pop("at", NOW)
    made = make_incidents.incident(of, now=at, accepted_at=at - waited * SECOND, **fields)
    if step is not None:
        advance_due(now=at + step * SECOND)
    if sent is not None:
        pages = Notification.objects.filter(incident=made, kind="page")
        pages.update(state="sent", sent_at=at + sent * SECOND)
    return made


def figures() -> tuple[int, timedelta | None, timedelta | None, int]:
    found = promptness(now=LATER)
    return found.count, found.median, found.p95, found.unsent


def test_it_is_reckoned_from_when_the_alert_was_accepted(runners: Component) -> None:
    opened(runners, waited=3, sent=2)
    assert figures() == (1, 5 * SECOND, 5 * SECOND, 0)


def test_median_and_the_slowest_twentieth(ada: Person) -> None:
    for seconds in range(1, 21):
        team = make_incidents.paged(make.team(), make_incidents.step(ada))
        opened(make.component(owner=team), sent=seconds)
    assert figures() == (20, timedelta(seconds=10.5), 19 * SECOND, 0)


def test_nothing_is_no_figure(runners: Component) -> None:
    assert figures() == (0, None, None, 0)
    assert promptness(now=LATER).median_words == "no data"


def test_what_nobody_was_paged_for_is_told(runners: Component) -> None:
    opened(runners, sent=None)
    assert figures() == (0, None, None, 1)
    assert promptness(now=NOW + 30 * SECOND).unsent == 0, "it may still go out"


def test_a_step_that_was_never_taken_is_told_too(runners: Component) -> None:
    opened(runners, step=None, sent=None)
    assert figures() == (0, None, None, 1)


def test_what_was_answered_before_anything_was_sent_is_in_no_figure(runners: Component, ada: Person) -> None:
    made = opened(runners, sent=None)
    operations.acknowledge(page=make_incidents.page_of(made), by=ada, via="web", now=NOW + 2 * SECOND)
    assert figures() == (0, None, None, 0)


def test_what_waits_on_purpose_says_nothing_of_the_pager(runners: Component, ada: Person) -> None:
    MaintenanceWindow.objects.create(
        component=runners, title="Upgrade", starts_at=NOW - MINUTE, ends_at=NOW + MINUTE, created_at=NOW
    )
    held = opened(runners, sent=None)
    advance_due(now=NOW + 2 * MINUTE)
    assert held.notifications.filter(kind="page").update(state="sent", sent_at=NOW + 2 * MINUTE) == 1
    assert figures() == (0, None, None, 0)


def test_low_urgency_is_left_out(runners: Component) -> None:
    opened(runners, rule="ticket", sent=600)
    assert figures() == (0, None, None, 0)


def test_a_persons_own_delay_is_left_out(runners: Component, ada: Person) -> None:
    method = ada.contact_methods.get()
    ContactRule.objects.create(person=ada, method=method, after=2 * MINUTE)
    opened(runners, sent=130)
    assert figures() == (0, None, None, 0)


def test_a_pause_is_left_out(runners: Component) -> None:
    PagingPause.objects.create(starts_at=NOW - MINUTE, ends_at=NOW + MINUTE, reason="Move")
    opened(runners, sent=None)
    advance_due(now=NOW + 2 * MINUTE)
    Notification.objects.filter(kind="page").update(state="sent", sent_at=NOW + 2 * MINUTE)
    assert figures() == (0, None, None, 0)


def test_a_fire_drill_is_left_out(runners: Component) -> None:
    made = opened(runners)
    Incident.objects.filter(pk=made.pk).update(is_drill=True)
    assert figures() == (0, None, None, 0)


def test_a_reopening_is_a_call_of_its_own(runners: Component) -> None:
    opened(runners, key="k", sent=1)
    operations.clear_alert(key="k", now=NOW + MINUTE)
    again = NOW + 2 * MINUTE
    make_incidents.incident(runners, now=again, key="k", accepted_at=again - 4 * SECOND)
    advance_due(now=again)
    Notification.objects.filter(sent_at=None).update(state="sent", sent_at=again + SECOND)
    found = calls(since=NOW - MINUTE, until=LATER)
    assert [one.sent_at - one.accepted_at for one in found if one.sent_at] == [SECOND, 5 * SECOND]


def test_what_went_out_only_at_the_next_step_took_as_long(runners: Component) -> None:
    opened(runners, sent=None)
    advance_due(now=NOW + 5 * MINUTE)
    last = Notification.objects.order_by("pk").last()
    assert last is not None
    Notification.objects.filter(pk=last.pk).update(state="sent", sent_at=NOW + 5 * MINUTE + SECOND)
    assert figures() == (1, 5 * MINUTE + SECOND, 5 * MINUTE + SECOND, 0)


def judged(component: Component, until: timedelta = timedelta(hours=1), **indicator: Any) -> dict[int, tuple[int, int]]:
    """By seconds after the opening (the end of the minute)."""
    found = verdicts({**PAGED, **indicator}, component.pk, NOW - timedelta(hours=1), NOW + until)
    return {round(end - NOW.timestamp()): counts for end, counts in found.items()}


def test_in_time_is_good_and_late_is_bad_and_stays_so(runners: Component) -> None:
    opened(runners, waited=9, sent=1)
    assert judged(runners) == {60: (1, 1)}
    Notification.objects.update(sent_at=None, state="pending")
    assert judged(runners, 30 * SECOND) == {60: (0, 1)}
    Notification.objects.update(sent_at=NOW + 10 * MINUTE, state="sent")
    assert judged(runners) == {60: (0, 1)}, "who comes late does not make it good"


def test_what_is_not_taken_up_is_bad_in_the_same_minute_before_and_after(runners: Component) -> None:
    made = opened(runners, step=None, sent=None)
    before = judged(runners, 30 * SECOND)
    advance_due(now=NOW + 5 * MINUTE)
    Notification.objects.filter(incident=made).update(state="sent", sent_at=NOW + 5 * MINUTE)
    assert judged(runners) == before == {60: (0, 1)}


def test_what_lay_in_the_queue_past_the_limit_is_bad_when_it_opens(runners: Component) -> None:
    opened(runners, waited=600, sent=1)
    assert judged(runners) == {0: (0, 1)}


def test_it_counts_for_the_component_its_owner_or_everybody(runners: Component, ada: Person) -> None:
    beside = make.component("beside", owner=runners.owner)
    other = make.component(owner=make_incidents.paged(make.team(), make_incidents.step(ada)))
    opened(runners)
    opened(other)
    assert judged(beside) == {}
    assert judged(beside, of="team") == {60: (1, 1)}
    assert judged(beside, of="all") == {60: (2, 2)}
    assert judged(beside, of="all", severity="P5") == {}
    assert judged(make.component("nobodys"), of="team") == {}


def test_one_question_however_many_calls(ada: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(3):
        opened(make.component(owner=make_incidents.paged(make.team(), make_incidents.step(ada))))
    with django_assert_num_queries(1):
        assert promptness(now=LATER).count == 3


# On the status page


@pytest.fixture
def promised(runners: Component) -> Component:
    runners.tier = 1
    runners.save()
    for name, remaining in (("jobs", 0.42), ("queue", -0.2), ("start", None), ("quiet", 0.9)):
        made = make_slo.objective(name, component=runners, target="0.995")
        good = None if remaining is None else 998
        Standing.objects.filter(objective=made).update(
            remaining=remaining, good=good, total=None if remaining is None else 1000
        )
    return runners


def test_the_status_page_says_what_is_promised_kept_and_left(promised: Component, client: Client) -> None:
    at = db_now() - MINUTE
    opened(promised, at=at, sent=2)
    client.force_login(make.account("bob"))
    text = " ".join(client.get(reverse("incidents:status")).content.decode().split())
    for said in ("How fast pages are sent", "2.0 s", "of the budget left", "1 further promise"):
        assert said in text
    assert 'budget overspent by 20.0<span class="unit">%</span>' in text, "less than nothing can't be left"
    assert text.index("Queue") < text.index("Jobs"), "least left first"
    assert "no traffic" not in text
    Standing.objects.filter(good=None).update(data=Standing.Data.QUIET)
    assert "no traffic" in client.get(reverse("incidents:status")).content.decode()


def test_the_api_says_the_same(promised: Component, api: APIClient) -> None:
    at = db_now() - MINUTE
    opened(promised, at=at, sent=2)
    api.force_login(make.account("bob"))
    answer = api.get("/api/v1/status").json()
    assert {**answer["answering"], "since": ""} == {
        "since": "", "count": 1, "median_seconds": 2.0, "p95_seconds": 2.0, "unsent": 0,
    }  # fmt: skip
    (capability,) = answer["capabilities"]
    assert [one["objective"] for one in capability["promises"]] == ["queue", "jobs", "quiet", "start"]
    worst, last = capability["promises"][0], capability["promises"][-1]
    assert (worst["target"], worst["current"], worst["budget_left"]) == (0.995, 0.998, -0.2)
    assert (last["current"], last["budget_left"]) == (None, None)


def test_strangers_see_no_more_of_it_than_figures(promised: Component, client: Client, settings: make.Settings) -> None:
    settings.PORTAL_ANONYMOUS_READ = True
    opened(promised, at=db_now() - MINUTE)
    text = client.get(reverse("incidents:status")).content.decode()
    assert "How fast pages are sent" in text
    assert "Ada" not in text


def test_the_part_that_refreshes_asks_for_neither(promised: Component, client: Client) -> None:
    client.force_login(make.account("bob"))
    assert client.get(reverse("incidents:status-live")).context["status"].answering is None


def test_a_page_of_an_old_opening_is_not_counted_as_unsent_when_it_ended(runners: Component, ada: Person) -> None:
    made = opened(runners, sent=None)
    operations.resolve(incident=made, by=Actor(person=ada), now=NOW + MINUTE)
    assert not Page.objects.filter(incident=made).exclude(state="resolved").exists()
    assert figures() == (0, None, None, 0)
