"""Names offered while a query is written: fast, few, fresh enough, and for those who may write objectives."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Person, Team
from slo.models import DataSource
from slo.queries.suggesting import HELD, MOST, REMEMBERED, Suggested, suggested
from tests import make, make_slo
from tests.fakes.prometheus_faulty import FaultySource, faulty_source
from tests.slo.test_pages import text

pytestmark = pytest.mark.django_db
PAGE = "/slos/suggestions"


@pytest.fixture
def prometheus() -> Iterator[FaultySource]:
    with faulty_source() as source:
        yield source


@pytest.fixture
def main(prometheus: FaultySource) -> DataSource:
    return make_slo.source(prometheus.url, name="main", is_default=True)


@pytest.fixture
def linh() -> Person:
    return make.person("linh")


@pytest.fixture
def team(linh: Person) -> Team:
    return make.team("build-ci", linh)


def has(prometheus: FaultySource, *names: str) -> None:
    """Let the source answer whatever it is asked with these names."""
    prometheus.body = json.dumps({"status": "success", "data": list(names)}).encode()


def ask(before: str, *, later: timedelta = timedelta(), histograms: bool = False) -> Suggested:
    return suggested(source_name="", before=before, histograms=histograms, now=make.NOW + later)


@pytest.mark.usefixtures("main")
def test_what_begins_so_comes_first_then_parts_then_the_rest(prometheus: FaultySource) -> None:
    has(prometheus, "ajobs", "ci_jobs_total", "jobs_total", "Jobs_failed", "unrelated")
    found = ask("sum(rate(jobs")
    assert found.names == ("Jobs_failed", "jobs_total", "ci_jobs_total", "ajobs")
    assert (found.typed, found.matching, found.error) == ("jobs", 4, "")
    assert ask("jobs_total").names == (), "whoever has written a name is done"
    assert ask("sum(").names == (), "nothing is typed"


@pytest.mark.usefixtures("main")
def test_of_fifty_thousand_metrics_a_few_are_offered_and_one_answer_serves_all_keys(prometheus: FaultySource) -> None:
    has(prometheus, *(f"app_{n % 97}_requests_{n}_total" for n in range(50_000)))
    assert len(ask("app_1_requ").names) == MOST
    begun = time.monotonic()
    found = [ask("app_1_requests_4"[:end]) for end in range(1, 17)]
    assert time.monotonic() - begun < 3, "sixteen keys"
    assert all(len(one.names) == MOST and one.matching > MOST for one in found[:-2])
    assert len(prometheus.asked) == 1
    ask("app", later=HELD + timedelta(seconds=1))
    assert len(prometheus.asked) == 2, "a new metric is offered soon"


def test_a_source_that_hangs_is_given_up_soon_and_not_asked_at_every_key(prometheus: FaultySource) -> None:
    prometheus.delay = 30
    make_slo.source(prometheus.url, name="main", is_default=True, timeout=timedelta(seconds=60))
    begun = time.monotonic()
    found = ask("jobs")
    assert time.monotonic() - begun < 5
    assert found.error.startswith("main does not answer: ")
    assert found.names == ()
    begun = time.monotonic()
    assert ask("jobs_").error == found.error
    assert time.monotonic() - begun < 1
    prometheus.delay = 0
    has(prometheus, "jobs_total")
    assert ask("jobs", later=REMEMBERED + timedelta(seconds=1)).names == ("jobs_total",)


@pytest.mark.usefixtures("main")
def test_labels_and_values_are_those_of_the_metric(prometheus: FaultySource) -> None:
    has(prometheus, "__name__", "result", "queue")
    assert ask("ci_jobs{").names == ("queue", "result")
    has(prometheus, "failed", 'a "quoted" one', "success")
    assert ask('ci_jobs{result="').names == ('a \\"quoted\\" one', "failed", "success")
    labels, values = prometheus.asked
    assert labels.path.partition("?")[0] == "/api/v1/labels"
    assert labels.form["match[]"] == ["ci_jobs"]
    assert values.path.startswith("/api/v1/label/result/values?")


@pytest.mark.usefixtures("main")
def test_a_histogram_is_offered_by_its_own_name(prometheus: FaultySource) -> None:
    has(prometheus, "job_seconds_bucket", "job_seconds_count", "job_seconds_sum", "jobs_total")
    assert ask("job", histograms=True).names == ("job_seconds",)
    has(prometheus, "le", "queue")
    assert ask("job_seconds{", histograms=True).names == ("queue",)
    assert prometheus.asked[-1].form["match[]"] == ["job_seconds_bucket"]


def test_without_a_source_that_is_said() -> None:
    assert ask("jobs").error == "There is no data source yet."


def test_a_source_of_which_the_secret_is_lost_is_said() -> None:
    make_slo.source(name="main", is_default=True, auth="bearer", secret="not sealed")
    assert ask("jobs").error.startswith("main does not answer: ")


@pytest.mark.usefixtures("main", "team")
def test_the_page_offers_options_and_says_what_is_wrong(
    client: Client, linh: Person, prometheus: FaultySource, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make.account_of(linh))
    has(prometheus, "jobs_total", "jobs_<b>")
    with django_assert_max_num_queries(6):
        page = client.get(PAGE, {"before": "sum(jobs"}).content.decode()
    assert page.count('role="option"') == 2
    assert "jobs_&lt;b&gt;" in page
    assert 'data-typed="jobs"' in page
    prometheus.fails(503, "unavailable", "starting up")
    assert "main does not answer: starting up" in text(client.get(PAGE, {"before": "x{"}).content)
    assert client.get(PAGE, {"before": "x\x00{", "source": "no-such\x00"}).status_code == 404


@pytest.mark.usefixtures("main")
def test_an_outsider_learns_no_name(client: Client, api: APIClient, team: Team, prometheus: FaultySource) -> None:
    has(prometheus, "jobs_total")
    asked = "/api/v1/sources/main/suggestions?before=jobs"
    assert client.get(PAGE, {"before": "jobs"}).status_code == 302
    assert api.get(asked).status_code == 401
    client.force_login(make.account_of(make.person("eve")))
    assert client.get(PAGE, {"before": "jobs"}).status_code == 403
    for scopes, teams in ((["read"], []), (["incidents:write"], [team])):
        assert make.signed(APIClient(), make.token(*scopes, teams=teams)[1]).get(asked).status_code == 403
    assert not prometheus.asked


@pytest.mark.usefixtures("team")
def test_the_form_offers_names_to_those_who_would_be_told(client: Client, linh: Person) -> None:
    client.force_login(make.account_of(linh))
    assert f'data-suggestions="{PAGE}"' in client.get("/slos/new?preset=").content.decode()
    client.force_login(make.account_of(make.person("eve")))
    assert "data-suggestions" not in client.get("/slos/new?preset=").content.decode()


@pytest.mark.usefixtures("main")
def test_over_http_a_token_that_may_write_objectives_is_told(
    api: APIClient, team: Team, prometheus: FaultySource
) -> None:
    has(prometheus, "jobs_total", "ci_jobs")
    mine = make.signed(api, make.token("read", "slos:write", teams=[team])[1])
    answer = mine.get("/api/v1/sources/main/suggestions", {"before": "sum(jobs"})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "wanted": "metric", "typed": "jobs", "results": ["jobs_total", "ci_jobs"], "matching": 2, "error": "",
    }  # fmt: skip
    assert mine.get("/api/v1/sources/other/suggestions", {"before": "x"}).status_code == 404
