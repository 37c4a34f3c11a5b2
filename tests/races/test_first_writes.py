"""The same new thing asked for several times at one moment: one is made, one answer says so, and nobody fails."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.access import Actor, system
from incidents.models import Override, Swap
from incidents.operations import schedules
from incidents.operations.swaps import Period, ask_swap
from portal.lib.clock import db_now
from tests import make, make_incidents, make_slo
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
RULES = [{"name": "page", "title": "Page", "factor": "10", "long": "1h", "short": "5m", "severity": "page"}]
OBJECTIVE = {
    "component": "component:default/ci-runners", "type": "promql", "target": 0.9,
    "indicator": {"ratio": "sum(rate(x[$window]))"},
}  # fmt: skip
ONE_OF_US = {"name": "Ours", "team": "group:default/build-ci"}
FIRSTS: dict[str, Mapping[str, Any]] = {
    "slos": OBJECTIVE,
    "sources": {"url": "http://127.0.0.1:9", "is_default": True},
    "budget-policies": {"thresholds": [{"remaining": 0.1, "action": "Look", "holds": False}]},
    "alert-policies": {"rules": RULES},
    "escalation-policies": {**ONE_OF_US, "steps": [{"targets": ["user:default/ada"]}]},
    "schedules": {**ONE_OF_US, "rotation": {"people": ["user:default/ada"]}},
}


@pytest.fixture
def admin() -> APIClient:
    ada = make.person("ada", admin=True)
    make.component("ci-runners", owner=make.team("build-ci", lead=ada))
    make_slo.source(name="main", is_default=True)
    client = APIClient()
    client.force_login(make.account_of(ada))
    return client


@pytest.mark.parametrize("kind", FIRSTS)
def test_of_many_first_puts_one_creates_and_the_others_find_it(kind: str, admin: APIClient) -> None:
    for n in range(4):

        def put(n: int = n) -> int:
            return admin.put(f"/api/v1/{kind}/mine-{n}", FIRSTS[kind], format="json").status_code

        answers = Counter(together(*[put] * 5))
        created = 0 if kind == "sources" else 1  # whose PUT always answers 200
        assert answers == Counter({200: 5 - created, 201: created} if created else {200: 5})


def test_of_two_new_policies_of_one_name_each_has_a_name_of_its_own(admin: APIClient) -> None:
    body = FIRSTS["escalation-policies"]
    answers = together(*[lambda: admin.post("/api/v1/escalation-policies", body, format="json").json()["slug"]] * 4)
    assert sorted(map(str, answers)) == ["ours", "ours-2", "ours-3", "ours-4"]


def test_an_override_that_is_sent_twice_at_once_is_one_and_stays_one() -> None:
    ada, ben, now = make.person("ada"), make.person("ben"), db_now()
    schedule = make_incidents.schedule(ada, team=make.team("build-ci", ada))

    def once() -> int:
        return schedules.add_override(
            schedule=schedule, person=ben, starts_at=now + DAY, ends_at=now + 2 * DAY, by=system("test"), now=now
        ).pk

    answers = together(*[once] * 5)
    assert (len(set(answers)), Override.objects.count()) == (1, 1)
    assert once() == answers[0]


def test_a_swap_that_is_asked_for_twice_at_once_is_one() -> None:
    ada, ben, now = make.person("ada"), make.person("ben"), db_now()
    schedule = make_incidents.schedule(ada, ben, team=make.team("build-ci", ada, ben))
    gives = Period(now + 15 * DAY, now + 30 * DAY)  # a week of each is in it

    def ask() -> int:
        return ask_swap(schedule=schedule, asker=ada, asked=ben, gives=gives, by=Actor(person=ada), now=now).pk

    answers = together(*[ask] * 5)
    assert (len(set(answers)), Swap.objects.count()) == (1, 1)
