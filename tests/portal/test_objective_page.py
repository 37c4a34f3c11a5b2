"""An objective's page in every state it can be in: what it says, what it draws, what it leaves out."""

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from catalog.models import Component, Person
from incidents.models import ActionItem, Incident, Review
from portal.lib.clock import db_now
from slo.models import AlertTransition, DataSource, Ledger, Objective, RuleState, Standing
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
State, Data = Standing.State, Standing.Data


@pytest.fixture
def now() -> datetime:
    """The newest minute that is over, as evaluation would have seen it."""
    return db_now().replace(second=0, microsecond=0)


@pytest.fixture
def source() -> DataSource:
    return make_slo.source("https://prometheus.example.org", name="main", is_default=True)


@pytest.fixture
def runners() -> Component:
    return make.component("ci-runners", owner=make.team("build-ci", make.person("linh")))


@pytest.fixture
def linh(client: Client, runners: Component) -> Client:
    client.force_login(make.account_of(Person.objects.get(name="linh")))
    return client


def counted(
    runners: Component, source: DataSource, now: datetime, minutes: list[tuple[int, int] | None], **stood: Any
) -> Objective:
    """An objective over 7 days whose ledger holds `minutes`, the last of which is `now`."""
    start = now - timedelta(minutes=len(minutes))
    objective = make_slo.objective("jobs", component=runners, source=source, window_days=7, now=now)
    book = make_slo.open_ledger(objective, start=start, now=now)
    assert make_slo.count_up(book, minutes) == now
    Objective.objects.filter(pk=objective.pk).update(ledger=book)
    known = [one for one in minutes if one is not None]
    good, total = sum(one[0] for one in known), sum(one[1] for one in known)
    sums = {"good": good, "total": total, "remaining": 1 - (total - good) / (0.01 * total), "bucket": now}
    whole = {"period_start": now - 7 * DAY, "coverage": len(known) / (7 * 1440), "data": Data.FLOWING}
    Standing.objects.filter(objective=objective).update(**{**sums, **whole, "state": State.HEALTHY, **stood})
    return objective


def text(page: bytes) -> str:
    """The words of a page, without its scripts."""
    bare = re.sub(r"<script.*?</script>", " ", page.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)))


def figure(page: bytes, name: str) -> dict[str, Any]:
    """A chart's figure as the browser reads it."""
    found = re.search(rf'<script id="figure-{name}" type="application/json">(.*?)</script>', page.decode())
    assert found, f"no chart {name}"
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_a_healthy_one_says_its_numbers_in_words(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    objective = counted(runners, source, now, [(999, 1000)] * 120)
    page = linh.get(f"/slos/{objective.pk}").content
    said = text(page)
    assert "99.90 % of 120,000 events were good in the last 7 days; 99 % was promised." in said
    assert "120 were bad of the 1,200 the budget allows, so 90.0 % is left." in said
    assert "1,080 bad events to go" in said
    assert figure(page, "all")["data"][0]["meta"]["role"] == "all"
    line = figure(page, "budget")["data"][0]
    assert line["y"][-1] == pytest.approx(90)
    assert {trace["meta"]["role"] for trace in figure(page, "burn")["data"]} == {"faint", "main", "dashed"}


def test_one_that_opened_an_incident_does_not_say_that_no_rule_ever_fired(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    objective = counted(runners, source, now, [(999, 1000)] * 10_080)
    assert "no rule has fired" in text(linh.get(f"/slos/{objective.pk}").content)
    make_incidents.incident(runners, now=now - HOUR).alerts.update(objective=objective)
    said = text(linh.get(f"/slos/{objective.pk}").content)
    assert ("no rule has fired" in said, "None on record." in said) == (False, True)


def test_uptime_counts_minutes_and_never_speaks_of_events(linh: Client, runners: Component, now: datetime) -> None:
    objective = make_slo.objective(
        "up", component=runners, type="uptime", indicator={"query": "up", "condition": ">= 1"}
    )
    Standing.objects.filter(objective=objective).update(good=99, total=100, remaining=0, state=State.EXHAUSTED)
    page = linh.get(f"/slos/{objective.pk}").content
    said = text(page)
    assert "of 100 known minutes were good" in said
    assert "Minutes by day" in said
    live = said[: said.index("Alert rules")]
    assert "events" not in live


def test_one_whose_history_is_being_read_promises_no_number_yet(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    objective = counted(
        runners, source, now - DAY, [(10, 10)] * 60,
        state=State.BUILDING, remaining=None, good=None, readings=[{"rule": "page-fast", "long_s": 3600}],
    )  # fmt: skip
    Standing.objects.filter(objective=objective).update(total=None, coverage=None, bucket=None)
    Ledger.objects.update(filled_at=None)
    page = linh.get(f"/slos/{objective.pk}").content
    said = text(page)
    assert "Reading history" in said
    assert "Its history is being read" in said
    assert "lasts" not in said
    assert "no data" not in said[: said.index("Show as table")]
    for judged in ("Quiet", "has been seen throughout", "Nothing is counted yet", "No burn in this range"):
        assert judged not in said
    assert re.search(r"Changes of state None yet: its history is being read \(\d", said)
    assert re.search(r"history read \d+\.\d % , up to", said)
    line = figure(page, "budget")["data"][0]
    drawn = [y for x, y in zip(line["x"], line["y"], strict=True) if datetime.fromisoformat(x) > now - DAY + HOUR]
    assert drawn
    assert set(drawn) == {None}, "what is not read is not drawn"


def test_a_burning_one_shows_its_rule_its_incident_and_when_it_is_gone(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    minutes: list[tuple[int, int] | None] = [*[(1000, 1000)] * 200, *[(500, 1000)] * 3]
    stood = {"state": State.BURNING, "firing": "page", "burn": 2.5, "burn_slow": 0.7, "exhausts_at": now + 3 * HOUR}
    reading = {
        "rule": "page-fast", "long_s": 3600, "burn_long": 2.5, "burn_short": 33.0, "good": 58500, "bad": 1500,
        "coverage": 1.0,
    }  # fmt: skip
    objective = counted(runners, source, now, minutes, readings=[reading], **stood)
    RuleState.objects.create(
        objective=objective, rule="page-fast", severity="page", state="firing", since=now - 2 * timedelta(minutes=1)
    )
    AlertTransition.objects.create(
        objective=objective, kind="burn", rule="page-fast", severity="page", from_state="inactive", to_state="firing",
        at=now, reason="2.5× over 1 h, 33.0× over 5 min",
    )  # fmt: skip
    incident = make_incidents.incident(runners, now=now - HOUR)
    incident.alerts.update(objective=objective)
    page = linh.get(f"/slos/{objective.pk}").content
    said = text(page)
    assert "It burns 2.5 × too fast" in said
    assert "At the pace of the last 6 h it is gone" in said
    assert "1,500 bad of 60,000" in said
    assert "quiet → firing" in said
    assert "2.5× over 1 h, 33.0× over 5 min" in said
    assert f'href="/incidents/{incident.number}"' in page.decode()
    marks = [note["text"] for note in figure(page, "burn")["layout"]["annotations"]]
    assert f"INC-{incident.number}" in marks
    assert any(mark.startswith("14.4×") for mark in marks)
    Incident.objects.update(state=Incident.State.RESOLVED, resolved_at=now)
    assert "Open the incident" not in text(linh.get(f"/slos/{objective.pk}/live").content)


def test_an_overspent_one_says_by_how_much(linh: Client, runners: Component, source: DataSource, now: datetime) -> None:
    objective = counted(runners, source, now, [(985, 1000)] * 100, state=State.EXHAUSTED, exhausts_at=now)
    said = text(linh.get(f"/slos/{objective.pk}").content)
    assert "1,500 were bad, 500 more than the budget allows." in said
    assert "500 bad events too many" in said
    assert "it is gone" not in said


def test_a_blind_one_says_since_when_and_draws_a_gap(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    hole: list[tuple[int, int] | None] = [None] * (2 * 1440)
    minutes = [*[(10, 10)] * 1440, *hole, *[(9, 10)] * 1440]
    blind = {"state": State.NO_DATA, "data": Data.ABSENT, "blind_since": now - HOUR}
    objective = counted(runners, source, now, minutes, **blind)
    page = linh.get(f"/slos/{objective.pk}").content
    said = text(page)
    assert "no data since" in said
    assert "2 d" in said[said.index("What is not known") :]
    line = figure(page, "budget")["data"][0]["y"]
    first, last = line.index(next(y for y in line if y is not None)), len(line)
    assert None in line[first:last], "the two days that are not known are a gap"
    assert line[-1] is not None


def test_one_that_never_saw_data_gives_the_reason(linh: Client, runners: Component, source: DataSource) -> None:
    objective = make_slo.objective("jobs", component=runners, source=source)
    Standing.objects.filter(objective=objective).update(state=State.NO_DATA, data=Data.ABSENT)
    said = text(linh.get(f"/slos/{objective.pk}").content)
    assert "Nothing is known: the metric is absent." in said
    assert "Nothing counted yet" in said
    assert "No burn in this range" in said
    assert "lasts" not in said


def test_a_source_that_is_down_is_said_once(linh: Client, runners: Component, source: DataSource) -> None:
    objective = make_slo.objective("jobs", component=runners, source=source)
    stood = {"state": State.NO_DATA, "data": Data.UNREACHABLE, "error": "connection refused by 10.0.0.1"}
    Standing.objects.filter(objective=objective).update(**stood)
    DataSource.objects.update(down_since=db_now(), error="connection refused by 10.0.0.1")
    said = text(linh.get(f"/slos/{objective.pk}").content)
    assert said.count("connection refused") == 1
    assert "The data source does not answer." in said


def test_a_refused_query_is_shown_with_prometheus_own_words(
    linh: Client, runners: Component, source: DataSource
) -> None:
    objective = make_slo.objective("jobs", component=runners, source=source)
    stood = {"state": State.NO_DATA, "data": Data.ERROR, "error": "parse error: unexpected <by>"}
    Standing.objects.filter(objective=objective).update(**stood)
    page = linh.get(f"/slos/{objective.pk}").content
    assert "parse error: unexpected &lt;by&gt;" in page.decode()
    assert "Prometheus refuses this query." in text(page)


def test_no_traffic_is_neither_good_nor_bad(linh: Client, runners: Component, source: DataSource) -> None:
    objective = make_slo.objective("jobs", component=runners, source=source)
    quiet = {"state": State.HEALTHY, "data": Data.QUIET, "good": 0, "total": 0, "coverage": 1.0}
    Standing.objects.filter(objective=objective).update(**quiet)
    said = text(linh.get(f"/slos/{objective.pk}").content)
    assert "Nothing happened in this period" in said
    assert "no traffic" in said
    figures, rules = said[: said.index("Burn rate")].split("Alert rules")
    assert figures.count("no traffic") == 3, "left, and both burns"
    assert "no data" not in figures, "one word for one thing"
    assert "no traffic 1 h" in rules


@pytest.mark.parametrize(
    ("good", "total", "words"),
    [
        (4, 5, "1 was bad, 0.5 more than the budget allows"),
        (0, 1, "of 1 event was good"),
        (8, 10, "2 were bad, 1 more than"),
    ],
)
def test_one_is_and_two_are(
    linh: Client, runners: Component, source: DataSource, good: int, total: int, words: str
) -> None:
    objective = make_slo.objective("jobs", component=runners, source=source, target="0.9")
    Standing.objects.filter(objective=objective).update(state=State.EXHAUSTED, good=good, total=total, remaining=-1)
    said = re.sub(r" (?=[,.])", "", text(linh.get(f"/slos/{objective.pk}").content))
    assert words in said


def test_a_retired_one_keeps_its_page_and_can_be_revived(linh: Client, runners: Component) -> None:
    objective = make_slo.objective("jobs", component=runners, retired_at=db_now())
    page = linh.get(f"/slos/{objective.pk}").content
    assert "no longer evaluated" in text(page)
    assert f"/slos/{objective.pk}/retire" not in page.decode()
    assert "Revive" in text(page)


@pytest.mark.parametrize(
    ("chosen", "hours"), [("6h", 6), ("24h", 24), ("7d", 168), ("30d", 720), ("forever", 6), ("", 6)]
)
def test_the_range_is_what_the_address_says(
    linh: Client, runners: Component, source: DataSource, now: datetime, chosen: str, hours: int
) -> None:
    objective = counted(runners, source, now, [(9, 10)] * 120)
    page = linh.get(f"/slos/{objective.pk}?range={chosen}").content
    times = [datetime.fromisoformat(x) for x in figure(page, "burn")["data"][0]["x"]]
    assert abs((times[-1] - times[0]) - hours * HOUR) <= 2 * timedelta(minutes=1)


def test_times_are_drawn_in_the_readers_zone(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    objective = counted(runners, source, now, [(9, 10)] * 120)
    Person.objects.filter(name="linh").update(time_zone="Asia/Tokyo")
    page = linh.get(f"/slos/{objective.pk}").content
    assert figure(page, "budget")["data"][0]["x"][-1].endswith("+09:00")
    assert "times in JST" in text(page)


def test_the_live_part_is_the_same_part_of_the_page(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    objective = counted(runners, source, now, [(9, 10)] * 120)
    part = linh.get(f"/slos/{objective.pk}/live").content.decode()
    assert part.strip().startswith('<div id="live"')
    assert f'hx-get="/slos/{objective.pk}/live"' in part
    assert "figure-" not in part, "charts are not sent again every five seconds"
    assert "Alert rules" in part


def test_the_queries_lead_to_prometheus(linh: Client, runners: Component, source: DataSource) -> None:
    objective = make_slo.objective("jobs", component=runners, source=source)
    page = html.unescape(linh.get(f"/slos/{objective.pk}").content.decode())
    assert "https://prometheus.example.org/graph?g0.expr=sum%28increase%28jobs_total%5B1h%5D%29%29" in page


@pytest.mark.parametrize(("who", "may"), [("linh", True), ("katrin", True), ("elena", False)])
def test_buttons_are_for_those_who_may(client: Client, runners: Component, who: str, may: bool) -> None:
    objective = make_slo.objective("jobs", component=runners)
    found = Person.objects.filter(name=who).first() or make.person(who, admin=who == "katrin")
    client.force_login(make.account_of(found))
    page = client.get(f"/slos/{objective.pk}").content.decode()
    assert (f"/slos/{objective.pk}/edit" in page) == may
    assert (f"/slos/{objective.pk}/retire" in page) == may


def test_strangers_sign_in_unless_reading_is_open_and_then_only_read(
    client: Client, runners: Component, settings: make.Settings
) -> None:
    objective = make_slo.objective("jobs", component=runners)
    for path in (f"/slos/{objective.pk}", f"/slos/{objective.pk}/live"):
        assert client.get(path)["Location"] == f"/sign-in?next={path}"
    settings.PORTAL_ANONYMOUS_READ = True
    page = client.get(f"/slos/{objective.pk}")
    assert page.status_code == 200
    assert "/edit" not in page.content.decode()
    assert client.get(f"/slos/{objective.pk + 1}").status_code == 404


def test_the_page_and_its_live_part_cost_few_questions(
    linh: Client,
    runners: Component,
    source: DataSource,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    objective = counted(runners, source, now, [(9, 10)] * 120)
    with django_assert_max_num_queries(30):
        linh.get(f"/slos/{objective.pk}")
    with django_assert_max_num_queries(12):
        linh.get(f"/slos/{objective.pk}/live")


def mended(objective: Objective, title: str, *, due: datetime, done: datetime | None = None) -> ActionItem:
    incident = make_incidents.incident(objective.definition.component)
    said = {"generation": 0, "drafted_at": due, "saved_at": due}
    review, _ = Review.objects.get_or_create(incident=incident, defaults=said)
    ended = {"state": "done", "done_at": done, "closed_at": done} if done else {}
    linh = Person.objects.get(name="linh")
    item = ActionItem.objects.create(
        review=review, title=title, owner=linh, owner_ref=linh.ref, due_on=due.date(), created_at=due, **ended
    )
    item.objectives.add(objective)
    return item


def test_action_items_that_are_to_help_it_stand_there_with_what_came_after(
    linh: Client, runners: Component, source: DataSource, now: datetime
) -> None:
    objective = counted(runners, source, now, [*[(9, 10)] * 60, *[(10, 10)] * 60])
    assert "What is to help" not in text(linh.get(f"/slos/{objective.pk}").content)
    mended(objective, "Restart the listener", due=now, done=now - HOUR)
    mended(objective, "Watch the session", due=now + 3 * DAY)
    other = make_slo.objective("other", component=runners, source=source)
    mended(other, "Something else", due=now)
    with CaptureQueriesContext(connection) as asked:
        page = text(linh.get(f"/slos/{objective.pk}").content)
    assert sum("SAVEPOINT" not in one["sql"] for one in asked.captured_queries) <= 30  # those are the test's own
    assert page.index("Watch the session") < page.index("Restart the listener")
    assert "Something else" not in page
    after = page[page.index("Restart the listener") :]
    assert "% of the budget spent before, 0.0 % after" in after.replace("\u00a0", " ").replace("\u202f", " ")
