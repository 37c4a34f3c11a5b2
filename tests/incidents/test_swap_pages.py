"""Shifts that change hands, by pages: asked for and answered on a phone, previewed before anything is saved."""

from datetime import time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor, system
from catalog.models import Person
from incidents import rota_changes
from incidents.models import LayerVersion, Override, Schedule, Swap
from incidents.operations.layers import add_layer
from incidents.operations.schedules import create_schedule
from incidents.operations.swaps import Period, ask_swap
from incidents.operations.turns import Turns
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = system("test")
PAGE = "/on-call/build-ci"


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def bo() -> Person:
    return make_incidents.reachable("bo")


@pytest.fixture
def schedule(ada: Person, bo: Person) -> Schedule:
    """Ada has it now, Bo from tomorrow on, by turns of a day."""
    now = db_now()
    turns = Turns((ada.ref, bo.ref), now - HOUR, unit="day", handoff=(now - HOUR).time().replace(microsecond=0))
    team = make.team("ci", ada, bo)
    return create_schedule(name="Build & CI", team=team, time_zone="UTC", turns=turns, by=BY, now=now)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(person))
    return client


def local(moment: object) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"  # type: ignore[arg-type]  # a datetime of the test's own


@pytest.fixture
def swap(schedule: Schedule, ada: Person, bo: Person) -> Swap:
    """Ada asks Bo to take the day after tomorrow, for tomorrow."""
    now = db_now()
    mine = rota_changes.shifts_of(schedule, ada, now=now)[1]
    ((_, (_, theirs, *_)),) = rota_changes.offers_of(schedule, ada, now=now)
    assert mine.start
    assert mine.end
    assert theirs.start
    assert theirs.end
    gives, takes = Period(mine.start, mine.end), Period(theirs.start, theirs.end)
    return ask_swap(schedule=schedule, asker=ada, asked=bo, gives=gives, takes=takes, by=Actor(person=ada), now=now)


def test_a_swap_is_chosen_from_lists_previewed_and_then_asked_for(schedule: Schedule, ada: Person, bo: Person) -> None:
    now, client = db_now(), signed_in(ada)
    mine = rota_changes.shifts_of(schedule, ada, now=now)[1]
    ((_, (_, theirs, *_)),) = rota_changes.offers_of(schedule, ada, now=now)
    form = {"gives": mine.value, "takes": theirs.value, "reason": "A wedding"}
    previewed = client.post(f"{PAGE}/swaps/new", form | {"preview": "1"})
    assert (previewed.status_code, "As it will be" in previewed.text, Swap.objects.count()) == (200, True, 0)
    assert "Times in UTC." in previewed.text
    assert client.post(f"{PAGE}/swaps/new", form | {"save": "1"}).status_code == 302
    made = Swap.objects.get()
    assert (made.asked, made.given, made.taken) == (bo, [(mine.start, mine.end)], [(theirs.start, theirs.end)])


def test_only_a_part_of_the_shift_that_has_begun_and_nothing_in_return(
    schedule: Schedule, ada: Person, bo: Person
) -> None:
    now, client = db_now(), signed_in(ada)
    mine = rota_changes.shifts_of(schedule, ada, now=now)[0]
    start = now + 3 * HOUR
    form = {
        "gives": mine.value,
        "takes": bo.ref,
        "starts_at": local(start),
        "ends_at": local(start + HOUR),
        "save": "1",
    }
    assert client.post(f"{PAGE}/swaps/new", form).status_code == 302
    made = Swap.objects.get()
    (given,) = made.given
    assert (given[1] - given[0], made.taken) == (HOUR, [])


def test_a_part_that_is_not_mine_is_refused_at_its_field(schedule: Schedule, ada: Person, bo: Person) -> None:
    mine = rota_changes.shifts_of(schedule, ada, now=db_now())[0]
    assert mine.end
    later = {"starts_at": local(mine.end + HOUR), "ends_at": local(mine.end + 2 * HOUR)}
    answer = signed_in(ada).post(f"{PAGE}/swaps/new", {"gives": mine.value, "takes": bo.ref, **later, "save": "1"})
    assert answer.status_code == 400
    assert "Ada is not on call at any time of that period" in answer.text
    assert not Swap.objects.exists()


def test_the_one_who_is_asked_finds_it_on_call_and_accepts_it(schedule: Schedule, swap: Swap, bo: Person) -> None:
    client = signed_in(bo)
    board = client.get("/on-call").text
    assert "Swaps waiting for me" in board
    assert "Ada asks you" in board
    page = client.get(swap.get_absolute_url()).text
    assert "If it is accepted" in page
    assert "Accept" in page
    assert "Withdraw" not in page
    assert client.post(f"{swap.get_absolute_url()}/accept").status_code == 302
    assert Override.objects.count() == 2
    assert "accepted" in client.get(f"{PAGE}/swaps?state=accepted").text
    assert "Swaps waiting for me" not in client.get("/on-call").text


@pytest.mark.parametrize(("who", "verb", "state"), [("bo", "decline", "declined"), ("ada", "withdraw", "withdrawn")])
def test_it_is_declined_by_the_one_and_withdrawn_by_the_other(swap: Swap, who: str, verb: str, state: str) -> None:
    client = signed_in(Person.objects.get(name=who))
    assert client.post(f"{swap.get_absolute_url()}/{verb}").status_code == 302
    swap.refresh_from_db()
    assert (swap.state, Override.objects.count()) == (state, 0)
    assert swap.asker.label in client.get(f"{PAGE}/swaps?state={state}").text
    assert "None of these" in client.get(f"{PAGE}/swaps?state=open").text


def test_nobody_else_answers_and_made_up_answers_are_none(swap: Swap) -> None:
    olga = signed_in(make.person("olga"))
    assert "Accept</button>" not in olga.get(swap.get_absolute_url()).text
    for verb in ("accept", "decline", "withdraw"):
        assert olga.post(f"{swap.get_absolute_url()}/{verb}").status_code == 403
    assert olga.post(f"{swap.get_absolute_url()}/shred").status_code == 404
    assert olga.get(f"{PAGE}/swaps/999").status_code == 404


def test_a_swap_of_shifts_that_have_changed_since_says_so_and_offers_no_acceptance(swap: Swap, bo: Person) -> None:
    now = db_now()
    add_layer(schedule=swap.schedule, turns=Turns((bo.ref,), now), by=BY, now=now)
    page = signed_in(bo).get(swap.get_absolute_url()).text
    assert "The schedule has changed since this was asked" in page
    assert "Accept</button>" not in page
    assert "Decline</button>" in page


def test_what_nobody_answered_in_time_is_shown_as_expired(swap: Swap, ada: Person) -> None:
    Swap.objects.update(first_at=db_now() - HOUR)
    client = signed_in(ada)
    assert "expired" in client.get(f"{PAGE}/swaps").text
    assert "everything stayed as it was" in client.get(swap.get_absolute_url()).text


def test_who_has_no_shift_is_told_so(schedule: Schedule) -> None:
    assert "You have no shift here" in signed_in(make.person("olga")).get(f"{PAGE}/swaps/new").text


def test_one_person_for_another_is_previewed_and_saved(schedule: Schedule, ada: Person, bo: Person) -> None:
    now, client = db_now(), signed_in(bo)
    make.person("eve")
    form = {"out": ada.ref, "person": "eve", "starts_at": local(now + HOUR), "ends_at": local(now + 3 * DAY)}
    previewed = client.post(f"{PAGE}/replace", form | {"preview": "1"})
    assert (previewed.status_code, "Eve" in previewed.text, Override.objects.count()) == (200, True, 0)
    assert client.post(f"{PAGE}/replace", form | {"save": "1"}).status_code == 302
    assert {row.person.name for row in Override.objects.select_related("person") if row.person} == {"eve"}
    nobody = form | {"out": bo.ref, "person": "nobody", "save": "1"}
    assert client.post(f"{PAGE}/replace", nobody).status_code == 302
    assert Override.objects.filter(person=None).exists()


def test_an_outsider_replaces_nobody_and_reorders_nothing(schedule: Schedule) -> None:
    olga = signed_in(make.person("olga"))
    assert {olga.get(f"{PAGE}/{one}").status_code for one in ("replace", "layers/order")} == {403}


def test_layers_are_put_in_another_order_with_a_preview(schedule: Schedule, ada: Person, bo: Person) -> None:
    now, client = db_now(), signed_in(ada)
    nights = Turns((bo.ref,), now, unit="week", handoff=time(9), name="Nights")
    add_layer(schedule=schedule, turns=nights, by=BY, now=now)
    form = {"place-1": "2", "place-0": "1", "starts_at": local(now + HOUR)}
    assert "As it will be" in client.post(f"{PAGE}/layers/order", form | {"preview": "1"}).text
    assert LayerVersion.objects.count() == 2
    assert client.post(f"{PAGE}/layers/order", form | {"save": "1"}).status_code == 302
    newest = LayerVersion.objects.filter(starts_at__gt=now).order_by("position")
    assert [row.name for row in newest] == ["Nights", "Primary"]
    twice = client.post(f"{PAGE}/layers/order", form | {"place-0": "2", "save": "1"})
    assert twice.status_code == 400
    assert "has place 2 already" in twice.text


def test_the_pages_ask_few_questions(
    schedule: Schedule, swap: Swap, ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(ada)
    for address in ("/on-call", PAGE, f"{PAGE}/swaps", f"{PAGE}/swaps/new", f"{PAGE}/replace", swap.get_absolute_url()):
        with django_assert_max_num_queries(30):
            assert client.get(address).status_code == 200
