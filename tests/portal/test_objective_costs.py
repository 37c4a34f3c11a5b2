"""Which incidents spent a budget: on the objective's page, as CSV and over the API; the edges of a stretch."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import operations
from incidents.models import Incident
from incidents.operations import clear_alert
from portal.lib.clock import db_now
from slo.models import Objective, Standing
from slo.queries import costs
from tests import make, make_incidents, make_slo
from tests.incidents.analytics_world import RESOLVED, Event, Told

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LENGTH = 300
GOOD, BROKEN = (10, 10), (0, 10)


@pytest.fixture
def end() -> datetime:
    """The newest minute that is over."""
    return db_now().replace(second=0, microsecond=0)


@pytest.fixture
def runners() -> Component:
    return make.component("ci-runners", owner=make.team("build-ci", make.person("ada")))


@pytest.fixture
def objective(runners: Component, end: datetime) -> Objective:
    """Five hours until now: bad are the minutes 100 to 109, 130 to 134 and 280 to 289, ten events each."""
    made = make_slo.objective("jobs", component=runners, window_days=7)
    counts = [GOOD] * LENGTH
    for first, many in ((100, 10), (130, 5), (280, 10)):
        counts[first : first + many] = [BROKEN] * many
    made.ledger = make_slo.open_ledger(made, start=end - LENGTH * MINUTE, now=end)
    made.save(update_fields=["ledger"])
    make_slo.count_up(made.ledger, counts)
    Standing.objects.filter(objective=made).update(bucket=end)
    return Objective.objects.select_related("definition__component", "standing", "policy").get(pk=made.pk)


def opened(of: Component | None, end: datetime, minute: int, key: str = "k") -> Incident:
    return make_incidents.incident(of, now=end - (LENGTH - minute) * MINUTE, key=key)


def cleared(end: datetime, minute: int, key: str = "k") -> None:
    clear_alert(key=key, now=end - (LENGTH - minute) * MINUTE)


def spent(objective: Objective, end: datetime) -> tuple[list[float], float]:
    found = costs.of_objective(objective, now=end)
    return [one.bad for one in found.costs], found.unexplained


def test_a_reopened_incident_spends_from_its_first_opening_to_its_last_end(
    objective: Objective, runners: Component, end: datetime
) -> None:
    opened(runners, end, 102)
    cleared(end, 112)
    again = opened(runners, end, 131)
    cleared(end, 140)
    assert again.generation == 1
    assert spent(objective, end) == ([150], 100)


def test_one_that_was_taken_before_it_was_paged_or_never_costs_the_same(
    objective: Objective, runners: Component, end: datetime
) -> None:
    incident = opened(runners, end, 102)
    before = spent(objective, end)
    operations.acknowledge_incident(
        incident=incident, by=Actor(person=Person.objects.get(name="ada")), now=end - 198 * MINUTE
    )
    assert before == spent(objective, end) == ([250], 0)


def test_still_open_costs_until_now_and_a_drill_costs_nothing(
    objective: Objective, runners: Component, end: datetime
) -> None:
    drill = opened(runners, end, 102)
    Incident.objects.filter(pk=drill.pk).update(is_drill=True)
    assert spent(objective, end) == ([], 250)
    Incident.objects.filter(pk=drill.pk).update(is_drill=False)
    assert spent(objective, end) == ([250], 0)


def test_one_of_another_component_costs_nothing(objective: Objective, end: datetime) -> None:
    opened(make.component("registry"), end, 102)
    assert spent(objective, end) == ([], 250)


@pytest.fixture
def many(objective: Objective, runners: Component, end: datetime) -> Objective:
    """Fifteen incidents that each touch the first bad minutes."""
    for _ in range(15):
        Told(end - (LENGTH - 104) * MINUTE, (Event(16 * MINUTE, RESOLVED),), component=runners).write()
    return objective


def test_the_page_lists_the_dearest_and_the_rest_on_demand(client: Client, many: Objective) -> None:
    client.force_login(make.account_of(Person.objects.get(name="ada")))
    page = client.get(many.get_absolute_url())
    said = page.content.decode()
    assert (len(page.context["costs_shown"]), page.context["costs_more"]) == (12, 3)
    assert page.context["costs_more_share"] == pytest.approx(3 * 100 / 30)
    assert "3 further incidents" in said
    assert "Bit by bit" in said
    assert f"/slos/{many.pk}/costs.csv" in said
    whole = client.get(f"{many.get_absolute_url()}?costs=all")
    assert (len(whole.context["costs_shown"]), whole.context["costs_more"]) == (15, 0)


def test_what_no_incident_explains_is_told_apart_on_the_page_in_its_chart_and_over_http(
    client: Client, api: APIClient, objective: Objective
) -> None:
    ada = Person.objects.get(name="ada")
    client.force_login(make.account_of(ada))
    page = client.get(objective.get_absolute_url())
    said = page.content.decode()
    bursts = page.context["beside"].bursts
    assert bursts
    assert said.count("No incident<") == len(bursts)
    assert "Which rule would have told of a burst" in said
    marks = [one["text"] for one in page.context["budget_chart"]["layout"]["annotations"]]
    assert sum(words.startswith("no incident −") for words in marks) == len(bursts)
    answer = make.signed(api, make.token("read", by=ada)[1]).get(f"/api/v1/slos/{objective.name}/costs").json()
    assert [one["bad"] for one in answer["unexplained"]["bursts"]] == [one.bad for one in bursts]
    assert page.context["beside"].rest == answer["unexplained"]["bad"] - sum(one.bad for one in bursts)


def test_csv_and_api_say_what_the_page_says(
    client: Client, api: APIClient, objective: Objective, runners: Component, end: datetime
) -> None:
    opened(runners, end, 102)
    cleared(end, 112)
    opened(runners, end, 282, key="last")
    Incident.objects.filter(resolved_at=None).update(title="=1+1")
    ada = Person.objects.get(name="ada")
    client.force_login(make.account_of(ada))
    rows = list(csv.DictReader(io.StringIO(client.get(f"/slos/{objective.pk}/costs.csv").content.decode())))
    assert [(one["incident"][:4], one["bad"]) for one in rows] == [
        ("INC-", "100.0"),
        ("INC-", "100.0"),
        ("unex", "50.0"),
    ]
    assert "'=1+1" in {one["title"] for one in rows}
    _, secret = make.token("read", by=ada)
    answer = make.signed(api, secret).get(f"/api/v1/slos/{objective.name}/costs").json()
    assert (answer["bad"], answer["unexplained"]["bad"]) == (250, 50)
    allowed = answer["allowed"]
    assert allowed == pytest.approx(30)
    assert [(one["bad"], one["share"]) for one in answer["incidents"]] == [(100, pytest.approx(100 / allowed))] * 2
    assert answer["unexplained"]["share"] == pytest.approx(50 / allowed)
    assert make.signed(api, secret).get("/api/v1/slos/none/costs").status_code == 404


def test_an_objective_without_a_ledger_says_that_nothing_was_counted(client: Client, runners: Component) -> None:
    young = make_slo.objective("young", component=runners)
    client.force_login(make.account_of(Person.objects.get(name="ada")))
    assert client.get(f"/slos/{young.pk}/costs.csv").status_code == 200
    assert "Nothing bad was counted" in client.get(young.get_absolute_url()).content.decode()
