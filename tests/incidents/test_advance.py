"""Due pages: steps, who is told, gaps, fallbacks, exhaustion, ack timeouts, and rows that can't be moved."""

from datetime import timedelta

import pytest

from incidents import operations
from incidents.models import ContactRule, Incident, Notification, Page, PageStep, PolicyVersion, TimelineEntry
from incidents.paging import advance_due, check_again_due
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def sweep(minutes: float = 0) -> int:
    """All passes of that moment."""
    taken = 0
    while swept := advance_due(now=NOW + minutes * MINUTE):
        taken += swept.taken
    return taken


def steps() -> list[tuple[int, int, int, list[str]]]:
    return [(one.cycle, one.step, one.repeat, one.people) for one in PageStep.objects.order_by("pk")]


def opened(*made_of: object, **fields: object) -> Incident:
    team = make_incidents.paged(make.team("ci"), *made_of, **fields)  # type: ignore[arg-type]
    return make_incidents.incident(make.component(owner=team))


def test_each_step_is_taken_at_its_time_and_only_once() -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    opened(make_incidents.step(ada, repeat=1), make_incidents.step(linh))
    assert [sweep(at) for at in (0, 0, 4.9, 5, 9.9, 10, 10)] == [1, 0, 0, 1, 0, 1, 0]
    assert steps() == [(0, 0, 0, [ada.ref]), (0, 0, 1, [ada.ref]), (0, 1, 0, [linh.ref])]


def test_a_sweep_that_comes_late_skips_no_step() -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    opened(make_incidents.step(ada), make_incidents.step(linh))
    sweep(60)
    assert steps() == [(0, 0, 0, [ada.ref])]
    assert PageStep.objects.get().late_ms == 3_600_000
    sweep(65)
    assert steps()[1:] == [(0, 1, 0, [linh.ref])]


def test_whoever_is_on_call_at_the_moment_of_the_step_is_asked() -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    opened(make_incidents.step(make_incidents.schedule(ada, linh), repeat=1, delay=timedelta(days=7)))
    sweep(0)
    sweep(7 * 24 * 60)
    first, second = (people for *_, people in steps())
    assert {*first, *second} == {ada.ref, linh.ref}


def test_a_gap_in_the_schedule_is_recorded_and_the_next_step_taken_at_once() -> None:
    linh, gap = make_incidents.reachable("linh"), make_incidents.schedule()
    incident = opened(make_incidents.step(gap), make_incidents.step(linh))
    sweep()
    assert steps() == [(0, 0, 0, []), (0, 1, 0, [linh.ref])]
    assert incident.timeline.filter(
        kind=TimelineEntry.Kind.UNREACHABLE, words__contains=f"nobody on call by {gap.name}"
    ).exists()


def test_somebody_without_a_confirmed_contact_method_is_nobody_reachable() -> None:
    ada, linh = make.person("ada"), make_incidents.reachable("linh")
    make_incidents.method(ada, confirmed=False)
    incident = opened(make_incidents.step(ada), make_incidents.step(linh))
    sweep()
    assert Notification.objects.get().person == linh
    assert incident.timeline.filter(words__contains="no confirmed contact method: Ada").exists()


def test_the_end_of_everything_is_exhausted_and_the_catch_all_is_paged() -> None:
    ada, boss = make_incidents.reachable("ada"), make_incidents.reachable("boss")
    make_incidents.catch_all(boss)
    incident = opened(make_incidents.step(ada))
    sweep(0)
    sweep(5)
    assert make_incidents.page_of(incident).state == "exhausted"
    assert Notification.objects.filter(person=boss, page__role=Page.Role.CATCH_ALL).count() == 1
    assert incident.timeline.filter(kind=TimelineEntry.Kind.EXHAUSTED).count() == 1


def test_an_exhausted_catch_all_is_asked_again_after_a_reopening() -> None:
    ada, boss = make_incidents.reachable("ada"), make_incidents.reachable("boss")
    make_incidents.catch_all(boss)
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    component = make.component(owner=team)
    make_incidents.incident(component, key="k")
    sweep(0)
    sweep(5)
    operations.clear_alert(key="k", now=NOW + 6 * MINUTE)
    again = make_incidents.incident(component, key="k", now=NOW + 10 * MINUTE)
    sweep(10)
    assert make_incidents.page_of(again, Page.Role.CATCH_ALL).state == "resolved"
    sweep(15)
    assert Notification.objects.filter(person=boss).count() == 2


def test_the_fallback_policy_takes_over_where_the_first_is_through() -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    other = make_incidents.policy(make_incidents.step(linh))
    incident = opened(make_incidents.step(ada), fallback=other)
    sweep(0)
    sweep(5)
    page = make_incidents.page_of(incident)
    assert page.policy_version
    assert page.policy_version.policy == other
    assert [people for *_, people in steps()] == [[ada.ref], [linh.ref]]


def test_an_edit_of_the_policy_changes_no_running_escalation() -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    incident = opened(make_incidents.step(ada, repeat=1))
    page = make_incidents.page_of(incident)
    assert page.policy_version
    changed = page.policy_version.policy
    make_incidents.version(changed, [make_incidents.step(linh)], number=2, since=NOW + MINUTE)
    sweep(0)
    sweep(5)
    assert [people for *_, people in steps()] == [[ada.ref], [ada.ref]]
    later = make_incidents.incident(make.component(owner=page.team), now=NOW + 2 * MINUTE)
    version = make_incidents.page_of(later).policy_version
    assert version
    assert version.number == 2


def test_an_acknowledged_page_without_activity_asks_and_then_escalates_again() -> None:
    ada = make_incidents.reachable("ada")
    incident = opened(make_incidents.step(ada), ack_timeout=timedelta(minutes=30), answer_within=timedelta(minutes=10))
    sweep(0)
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=NOW + MINUTE)
    sweep(31)
    assert Notification.objects.filter(kind=Notification.Kind.ASK, person=ada).count() == 1
    sweep(41)
    page = make_incidents.page_of(incident)
    incident.refresh_from_db()
    assert (page.acknowledged_by, incident.state) == (None, "triggered")
    assert PageStep.objects.count() == 2


@pytest.mark.parametrize("for_good", [True, False])
def test_who_has_a_page_and_leaves_has_it_no_longer(for_good: bool) -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    incident = opened(make_incidents.step(linh))
    sweep(0)
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=NOW + MINUTE)
    assert check_again_due(now=NOW + MINUTE) == 0
    if for_good:
        ada.delete()
    else:
        type(ada).objects.filter(pk=ada.pk).update(retired_at=NOW)
    assert check_again_due(now=NOW + 2 * MINUTE) == 1
    sweep(2)
    incident.refresh_from_db()
    page = make_incidents.page_of(incident)
    assert (incident.state, page.state, page.acknowledged_by) == ("triggered", "triggered", None)
    assert PageStep.objects.count() == 2
    assert incident.timeline.filter(words__endswith="has left, so nobody has it: escalating again").exists()


def test_a_persons_own_rules_say_how_and_when_they_are_told() -> None:
    ada = make_incidents.reachable("ada")
    hook = make_incidents.method(ada, "http://127.0.0.1/hook", channel="webhook", order=1)
    mail = ada.contact_methods.get(channel="email")
    ContactRule.objects.create(person=ada, method=hook, after=timedelta(0))
    ContactRule.objects.create(person=ada, method=mail, after=timedelta(minutes=2))
    opened(make_incidents.step(ada))
    sweep()
    wanted = [(row.channel, row.due_at - NOW) for row in Notification.objects.order_by("due_at")]
    assert wanted == [("webhook", timedelta(0)), ("email", timedelta(minutes=2))]


def test_one_person_behind_two_targets_is_told_once() -> None:
    ada = make_incidents.reachable("ada")
    opened(make_incidents.step(ada, make_incidents.schedule(ada)))
    sweep()
    assert Notification.objects.count() == 1


def test_a_page_that_cannot_be_moved_holds_up_no_other_and_ends_at_the_catch_all() -> None:
    ada, boss = make_incidents.reachable("ada"), make_incidents.reachable("boss")
    make_incidents.catch_all(boss)
    broken = opened(make_incidents.step(ada))
    PolicyVersion.objects.filter(pages__incident=broken).update(steps=[{"targets": "nonsense"}])
    sound = make_incidents.incident(make.component(owner=make_incidents.paged(make.team(), make_incidents.step(ada))))
    swept = advance_due(now=NOW)
    assert (swept.taken, swept.failed) == (1, 1)
    assert make_incidents.page_of(sound).step == 0
    assert Notification.objects.get().incident == sound
    assert broken.timeline.filter(kind=TimelineEntry.Kind.FAULT).count() == 1
    for minutes in (1, 2, 3, 4):
        sweep(minutes)
    assert Notification.objects.filter(incident=broken, person=boss).count() == 1


def test_first_pages_go_before_further_steps_and_worse_incidents_before_lesser_ones() -> None:
    ada = make_incidents.reachable("ada")
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    for tier, rule in ((4, "page"), (1, "page"), (2, "page")):
        make_incidents.incident(make.component(owner=team, tier=tier), rule=rule)
    order = []
    for _ in range(3):
        advance_due(now=NOW, limit=1)
        order.append(PageStep.objects.order_by("-pk")[0].page.incident.severity)
    assert order == [1, 2, 3]


def test_a_batch_costs_the_same_number_of_queries_whatever_its_size(django_assert_max_num_queries: object) -> None:
    for _ in range(20):
        team = make_incidents.paged(
            make.team(), make_incidents.step(make_incidents.schedule(make_incidents.reachable()))
        )
        make_incidents.incident(make.component(owner=team))
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        assert advance_due(now=NOW).taken == 20
