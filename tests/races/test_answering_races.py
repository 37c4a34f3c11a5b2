"""Answers, sweeps, couriers and edits that meet in the same instant, each two hundred times."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest

from catalog.access import Actor, system
from catalog.models import Person, Team
from incidents import operations
from incidents.firing import Firing
from incidents.models import (
    Alert,
    EscalationPolicy,
    Incident,
    Notification,
    Page,
    PageStep,
    PolicyVersion,
    TimelineEntry,
)
from incidents.operations import clear_alert, raise_alert
from incidents.operations.policies import PolicyDraft, put_policy
from incidents.operations.replanning import apply_new_policy
from incidents.paging import advance_due
from incidents.paging.outbox import Leased, lease
from tests import make, make_incidents
from tests.make import NOW
from tests.races.together import Crew, starts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TIMES = 200
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
BY = system("test")


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(2) as two:
        yield two


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


@pytest.fixture
def team(ada: Person, linh: Person) -> Team:
    return make_incidents.paged(make.team("ci", ada, linh), make_incidents.step(ada), make_incidents.step(linh))


def opened(count: int, team: Team) -> list[Page]:
    """So many pages of as many incidents, due now; written at once, as alerts would."""
    policy = EscalationPolicy.objects.get(team=team)
    version = policy.versions.get()
    common = {"severity": 2, "severity_reason": "so", "source": "api", "opened_at": NOW, "owner": team}
    rows = Incident.objects.bulk_create(Incident(title=f"Down {number}", **common) for number in range(count))
    return Page.objects.bulk_create(
        Page(incident=row, team=team, policy_version=version, next_step_at=NOW, opened_at=NOW) for row in rows
    )


def asked(team: Team) -> list[Page]:
    """Pages whose first step was taken; the second comes due in five minutes."""
    opened(TIMES, team)
    while advance_due(now=NOW):
        pass
    return list(Page.objects.select_related("incident").order_by("pk"))


def only_due(page: Page, at: datetime) -> None:
    Page.objects.filter(pk=page.pk).update(next_step_at=at)


def no_errors(answers: list[object], *but: type[Exception]) -> None:
    wrong = [one for one in answers if isinstance(one, Exception) and not isinstance(one, but)]
    assert not wrong, wrong


def test_of_two_people_who_tap_at_once_one_has_it_and_one_takes_over(
    crew: Crew, team: Team, ada: Person, linh: Person
) -> None:
    pages = opened(TIMES, team)
    for page, lead in zip(pages, starts(TIMES), strict=True):
        no_errors(crew.together(_ack(page, ada), _ack(page, linh), head_start=lead))
    by_page: dict[int | None, list[TimelineEntry]] = {}
    for entry in TimelineEntry.objects.filter(kind="acknowledged").order_by("pk"):
        by_page.setdefault(entry.page_id, []).append(entry)
    for page in Page.objects.select_related("acknowledged_by"):
        first, second = by_page[page.pk]
        assert (first.words.endswith(" has it"), " took over from " in second.words) == (True, True)
        assert first.person_id != second.person_id == page.acknowledged_by_id
    assert len(Counter(entries[0].person_id for entries in by_page.values())) == 2, "one of them always came first"


def test_an_acknowledgement_and_the_sweep_on_one_row_leave_nothing_to_send(crew: Crew, team: Team, ada: Person) -> None:
    pages, at = asked(team), NOW + MINUTE
    for page, lead in zip(pages, starts(TIMES), strict=True):
        only_due(page, at)
        no_errors(crew.together(_ack(page, ada, at), lambda: advance_due(now=at, limit=5), head_start=lead))
    assert set(Page.objects.values_list("state", "next_step_at")) == {("acknowledged", None)}
    assert not Notification.objects.filter(state=Notification.State.PENDING).exists()
    taken = Counter(PageStep.objects.values_list("page_id", flat=True))
    assert set(taken.values()) <= {1, 2}
    for page in pages:  # whichever won, the timeline tells it in that order
        last = TimelineEntry.objects.filter(page_id=page.pk).order_by("pk").last()
        assert last is not None
        assert last.kind == "acknowledged"


def test_nothing_is_sent_that_a_courier_takes_up_after_the_answer(crew: Crew, team: Team, ada: Person) -> None:
    pages = asked(team)
    Notification.objects.update(next_attempt_at=NOW + 10 * MINUTE)
    for number, (page, lead) in enumerate(zip(pages, starts(TIMES), strict=True)):
        Notification.objects.filter(page=page).update(next_attempt_at=NOW)
        answer = _resolve(page.incident, ada) if number % 2 else _ack(page, ada)
        _, taken = crew.together(answer, lambda: lease(now=NOW + SECOND, by="early", limit=5), head_start=lead)
        assert isinstance(taken, list)
        assert len(taken) <= 1  # what was taken up before the answer is on its way
        assert not [one for one in _later() if one.notification.page_id == page.pk], "a send began after the answer"
    states = set(Notification.objects.values_list("state", flat=True))
    assert states == {Notification.State.CANCELLED}


def test_two_sweepers_take_a_thousand_due_pages_once_each(crew: Crew, team: Team) -> None:
    opened(1_000, team)

    def sweep() -> int:
        taken = 0
        while swept := advance_due(now=NOW, limit=5):  # two hundred batches
            assert not swept.failed
            taken += swept.taken
        return taken

    answers = crew.together(sweep, sweep)
    no_errors(answers)
    left = sweep()
    assert sum(int(str(one)) for one in answers) + left == 1_000
    assert PageStep.objects.count() == Notification.objects.count() == 1_000
    assert set(Page.objects.values_list("next_step_at", "step")) == {(NOW + 5 * MINUTE, 1)}


def test_clearing_and_firing_again_at_once_never_lose_what_fires(crew: Crew, team: Team) -> None:
    outcomes: Counter[bool] = Counter()
    component = make.component(owner=team)
    for number, lead in enumerate(starts(TIMES)):
        key, now = "key", NOW + number * 2 * HOUR  # far enough apart not to flap
        fire = _fire(key, component, now)
        fire()
        no_errors(crew.together(partial(clear_alert, key=key, now=now), fire, head_start=lead))
        alive = Alert.objects.filter(key=key, cleared_at=None).select_related("incident")
        assert len(alive) <= 1
        for alert in alive:
            assert alert.incident is not None
            assert alert.incident.is_open
            assert alert.incident.pages.filter(state__in=Page.UNTAKEN).exists()
        outcomes[bool(alive)] += 1
        clear_alert(key=key, now=now)
        assert not Incident.objects.exclude(state=Incident.State.RESOLVED).exists()
        assert not Notification.objects.filter(state=Notification.State.PENDING).exists()
    assert len(outcomes) == 2, "one of them always came first"


def test_an_edit_of_the_policy_while_a_step_is_taken_changes_no_running_page(
    crew: Crew, team: Team, ada: Person, linh: Person
) -> None:
    pages, at = asked(team), NOW + MINUTE
    began_with = PolicyVersion.objects.get()
    for number, (page, lead) in enumerate(zip(pages, starts(TIMES), strict=True)):
        only_due(page, at)
        edit = _edit(team, began_with.policy, (ada, linh)[number % 2], number, at)
        no_errors(crew.together(edit, lambda: advance_due(now=at, limit=5), head_start=lead))
    assert set(PageStep.objects.values_list("policy_version", flat=True)) == {began_with.pk}
    assert {tuple(people) for people in PageStep.objects.filter(step=1).values_list("people", flat=True)} == {
        (linh.ref,)
    }
    assert PolicyVersion.objects.count() == 1 + TIMES
    assert list(PolicyVersion.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 2 + TIMES))


def test_applying_a_new_version_while_a_step_is_taken_asks_nobody_twice_for_one_step(
    crew: Crew, team: Team, ada: Person
) -> None:
    pages, at = asked(team), NOW + MINUTE
    _edit(team, EscalationPolicy.objects.get(team=team), ada, 7, NOW)()
    newest = PolicyVersion.objects.get(number=2)
    for page, lead in zip(pages, starts(TIMES), strict=True):
        only_due(page, at)
        apply = partial(apply_new_policy, page=page, by=BY, now=at)
        no_errors(crew.together(apply, lambda: advance_due(now=at, limit=5), head_start=lead))
        while advance_due(now=at, limit=5):
            pass
    assert set(Page.objects.values_list("policy_version", "generation", "cycle")) == {(newest.pk, 1, 1)}
    assert Counter(PageStep.objects.filter(policy_version=newest).values_list("page_id", flat=True)) == Counter(
        page.pk for page in pages
    )


def _ack(page: Page, by: Person, now: datetime = NOW) -> Callable[[], object]:
    return lambda: operations.acknowledge(page=page, by=by, via="link", now=now)


def _resolve(incident: Incident, by: Person) -> Callable[[], object]:
    return lambda: operations.resolve(incident=incident, by=Actor(person=by), now=NOW)


def _fire(key: str, component: object, now: datetime) -> Callable[[], object]:
    firing = Firing(key=key, source="api", summary="Down", component=component)  # type: ignore[arg-type]
    return lambda: raise_alert(firing=firing, now=now)


def _later() -> list[Leased]:
    """What a courier would still take up: a minute on, when the first one's leases have run out."""
    return lease(now=NOW + MINUTE, by="late", limit=50)


def _edit(team: Team, policy: EscalationPolicy, asks: Person, repeat: int, now: datetime) -> Callable[[], object]:
    steps = (make_incidents.step(asks, delay=timedelta(minutes=10 + repeat)),)
    draft = PolicyDraft(policy.slug, policy.name, team, steps, repeat=repeat % 20)
    return lambda: put_policy(draft=draft, by=BY, now=now)
