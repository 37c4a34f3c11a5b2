"""A swap that is accepted and withdrawn in the same instant, two hundred times: it is one of the two, whole."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from catalog.access import Actor
from incidents.models import Override, Swap
from incidents.operations.schedules import create_schedule
from incidents.operations.swaps import Answered, Period, accept_swap, ask_swap, withdraw_swap
from incidents.operations.turns import Turns
from tests import make, make_incidents
from tests.make import NOW
from tests.races.together import Crew, starts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TIMES = 200
HOUR = timedelta(hours=1)


def test_accepted_and_withdrawn_at_once_it_is_one_of_the_two() -> None:
    ada, bo = make_incidents.reachable("ada"), make_incidents.reachable("bo")
    asker, asked = Actor(person=ada), Actor(person=bo)
    turns = Turns((ada.ref,), NOW, unit="week")
    schedule = create_schedule(
        name="CI", team=make.team("ci", ada, bo), time_zone="UTC", turns=turns, by=asker, now=NOW
    )
    outcomes: Counter[str] = Counter()
    with Crew(2) as crew:
        for number, lead in enumerate(starts(TIMES)):
            start = NOW + (number + 1) * HOUR
            gives = Period(start, start + HOUR)
            swap = ask_swap(schedule=schedule, asker=ada, asked=bo, gives=gives, by=asker, now=NOW)
            answers = crew.together(
                partial(accept_swap, swap=swap, by=asked, now=NOW),
                partial(withdraw_swap, swap=swap, by=asker, now=NOW),
                head_start=lead,
            )
            lost = [one for one in answers if isinstance(one, Exception)]
            assert [type(one) for one in lost] == [Answered], answers
            swap.refresh_from_db()
            won = "withdrawn" if answers[0] is lost[0] else "accepted"
            assert swap.state == won
            made = list(Override.objects.filter(starts_at=start).values_list("person", "ends_at"))
            assert made == ([(bo.pk, start + HOUR)] if won == "accepted" else [])
            outcomes[won] += 1
    assert set(outcomes) == {"accepted", "withdrawn"}, "one of them always came first"
    assert not Swap.objects.filter(state=Swap.State.OPEN).exists()
