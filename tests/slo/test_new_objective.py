"""A new objective by form: a preset that fits, what it asks for, what it would say before it is saved."""

import html
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Component
from slo.models import DataSource, Objective
from slo.presets import presets
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import Past
from tests.slo.test_pages import MOST, text

pytestmark = pytest.mark.django_db
TYPED = {
    "component": "component:default/ci", "title": "Jobs", "name": "jobs", "target": "99", "window": "30d",
    "policy": "workbook",
}  # fmt: skip
KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "events": ({"total": "jobs_total", "bad": 'jobs_total{result="bad"}'}, {}),
    "latency": ({"histogram": "job_seconds", "threshold": "0.5"}, {}),
    "uptime": ({"query": "probe_up", "condition": ">= 1", "combine": "any"}, {}),
    "promql": (
        {"promql_good": "sum(increase(a[$window]))", "promql_total": "sum(increase(b[$window]))"},
        {"good": "sum(increase(a[$window]))", "total": "sum(increase(b[$window]))"},
    ),
    "response": ({"moment": "restored", "within": "1h", "severity": "P1, P2", "of": "team"}, {}),
}


@pytest.fixture
def ci(client: Client) -> Component:
    """A pipeline of Linh's team, who is signed in, and a source where nobody answers."""
    linh = make.person("linh")
    client.force_login(make.account_of(linh))
    make_slo.source(name="main", is_default=True)
    make_slo.policy()
    return make.component("ci", type="pipeline", owner=make.team("build-ci", linh))


@pytest.mark.usefixtures("ci")
def test_presets_come_first_and_the_source_says_why_it_knows_nothing(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(MOST):
        page = client.get("/slos/new?component=component:default/ci")
    said = text(page.content)
    assert "Which metrics are there is not known." in said
    assert said.index("Jenkins is up") < said.index("For other components")
    assert "?preset=jenkins-up&component=component%3Adefault%2Fci" in html.unescape(page.content.decode())
    nothing_chosen = text(client.get("/slos/new").content)
    assert "For a certain type of component" in nothing_chosen
    assert "For other components" not in nothing_chosen
    assert "Jenkins is up" not in text(client.get("/slos/new?q=vault").content)
    assert "No preset is called so" in text(client.get("/slos/new?q=nothing-like-it%00").content)


@pytest.mark.usefixtures("ci")
@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_fills_a_form_that_can_be_saved(client: Client, name: str) -> None:
    form = client.get(f"/slos/new?preset={name}&component=component:default/ci").context["form"]
    given = {field.html_name: field.value() for field in form if field.value() is not None}
    page = client.post(f"/slos/new?preset={name}", given | {"name": "mine"})
    assert page.status_code == 302, page.context["form"].errors
    made, preset = Objective.objects.select_related("definition", "policy").get(), presets()[name]
    definition = made.definition
    assert (definition.preset, definition.type, definition.indicator) == (name, preset.type, dict(preset.indicator))
    assert (definition.no_data, definition.budgeting) == (preset.no_data, preset.budgeting)
    assert (f"{made.target.normalize():f}", f"{made.window_days}d") == (preset.target, preset.window)
    assert made.policy.name == preset.policy


@pytest.mark.usefixtures("ci")
def test_a_preset_is_narrowed_and_grouped_by_its_labels(client: Client) -> None:
    address = "/slos/new?preset=argo-cd-syncs&component=component:default/ci"
    assert 'name="narrow_project"' in client.get(address).content.decode()
    preset = presets()["argo-cd-syncs"].indicator
    page = client.post(
        address, TYPED | dict(preset) | {"type": "events", "narrow_project": 'a"b', "group_by": "name, dest_server"}
    )
    assert page.status_code == 302, page.context["form"].errors
    definition = Objective.objects.get().definition
    assert definition.group_by == ["name", "dest_server"]
    assert 'project="a\\"b"' in definition.indicator["total"]
    assert 'project="a\\"b"' in definition.indicator["bad"]


@pytest.mark.usefixtures("ci")
def test_a_name_left_empty_is_made_of_component_and_title_and_a_clash_is_said_beside_it(client: Client) -> None:
    typed = TYPED | {"type": "events", "title": "Jobs succeed", "name": ""} | KINDS["events"][0]
    assert client.post("/slos/new?preset=", typed).status_code == 302
    assert Objective.objects.get().name == "ci-jobs-succeed"
    again = client.post("/slos/new?preset=", typed)
    words = "ci-jobs-succeed exists already, perhaps retired. Choose another name."
    assert (again.status_code, again.context["form"].errors) == (412, {"name": [words]})


@pytest.mark.usefixtures("ci")
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_can_be_written_and_sent_back_unchanged(client: Client, kind: str) -> None:
    fields, stored = KINDS[kind]
    page = client.post("/slos/new?preset=", TYPED | fields | {"type": kind})
    assert page.status_code == 302, page.context["form"].errors
    made = Objective.objects.get()
    assert (made.definition.type, made.definition.indicator) == (kind, stored or fields)
    form = client.get(f"/slos/{made.pk}/edit").context["form"]
    given = {field.html_name: field.value() for field in form if field.value() is not None}
    assert client.post(f"/slos/{made.pk}/edit", given).status_code == 302
    again = Objective.objects.get()
    assert (again.version, again.definition.indicator) == (1, stored or fields)


@pytest.mark.usefixtures("ci")
def test_calendar_periods_slices_and_rare_things_are_taken(client: Client) -> None:
    rare = {
        "window": "month", "time_zone": "Asia/Kolkata", "no_data": "bad", "blind_after": "25m", "slice_length": "5m",
        "budgeting": "occurrences", "max_series": "12",
    }  # fmt: skip
    page = client.post("/slos/new?preset=", TYPED | KINDS["uptime"][0] | rare | {"type": "uptime"})
    assert page.status_code == 302, page.context["form"].errors
    made = Objective.objects.get()
    assert (made.calendar, made.time_zone, made.window_days) == ("month", "Asia/Kolkata", None)
    definition = made.definition
    assert (definition.no_data, definition.budgeting, definition.max_series) == ("bad", "occurrences", 12)
    assert (definition.blind_after.total_seconds(), definition.slice_length.total_seconds()) == (1500, 300)
    assert client.post("/slos/new?preset=", TYPED | KINDS["events"][0] | {"name": "b", "type": "events", "days": "45"})
    assert Objective.objects.get(name="b").window_days == 45


@pytest.mark.usefixtures("ci")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "latency", "histogram": "x_bucket", "threshold": "1"}, "histogram"),
        ({"type": "latency", "histogram": "x", "threshold": "fast"}, "threshold"),
        ({"type": "promql", "promql_ratio": "up"}, "promql_ratio"),
        ({"type": "promql"}, "promql_total"),
        ({"type": "response", "moment": "restored", "within": "soon"}, "within"),
        ({"type": "uptime", "query": "up", "condition": ">= 1", "group_by": "job"}, "group_by"),
        ({"window": "month", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"blind_after": "a while"}, "blind_after"),
        ({"budgeting": "timeslices"}, "budgeting"),
        ({"days": "91"}, "days"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client: Client, changes: dict[str, str], field: str) -> None:
    typed = TYPED | {"type": "events"} | KINDS["events"][0] | changes
    page = client.post("/slos/new?preset=", typed)
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    said = html.unescape(page.content.decode())
    assert f'id="id_{field}_error"' in said
    assert all(value in said for value in changes.values())
    beside = client.post("/slos/new?preview", typed)
    assert beside.status_code == 200
    assert "Shown as soon as this is filled in or mended:" in text(beside.content)


@pytest.mark.usefixtures("ci")
def test_a_source_that_is_down_is_said_in_its_own_words(client: Client) -> None:
    typed = TYPED | {"type": "events", "policy": "workbook", "target": "90"} | KINDS["events"][0]
    page = client.post("/slos/new?preview", typed)
    said = text(page.content)
    assert page.status_code == 200
    assert "<form" not in page.content.decode(), "only the part"
    assert "The data source could not answer. 127.0.0.1:9 can't be reached" in said
    late = "That is late: the alert policy Google SRE workbook, and outages at once pages after 9 min."
    assert f"A total outage would page after 54 min. {late}" in said
    whole = client.post("/slos/new", typed | {"preview": "1"})
    assert "objective-form" in whole.content.decode()
    assert "The data source could not answer." in text(whole.content)
    assert not Objective.objects.exists()


def test_a_preview_is_for_those_who_may_save_it(client: Client, ci: Component) -> None:
    client.force_login(make.account_of(make.person("mallory")))
    said = text(client.post("/slos/new?preview", TYPED | {"type": "events"} | KINDS["events"][0]).content)
    assert "Only members of the owner team" in said, ci


@pytest.mark.live
@needs_prometheus
class TestAgainstAPast:
    """With a source that answers."""

    @pytest.fixture(autouse=True)
    def then(self, ci: Component, past: Past, monkeypatch: pytest.MonkeyPatch) -> datetime:
        """It is minute 200 of the past, and the source is the default one."""
        DataSource.objects.filter(name="main").update(url=past.url)
        now = past.at(200)
        monkeypatch.setattr("slo.views.edit.db_now", lambda: now)
        assert ci
        return now

    def test_the_preview_shows_budget_charts_and_alerts(
        self, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        pool = {"total": 'jobs_total{pool="broken"}', "bad": 'jobs_total{pool="broken",result="bad"}'}
        with django_assert_max_num_queries(MOST):
            page = client.post("/slos/new?preview", TYPED | {"type": "events"} | pool)
        said = text(page.content)
        assert "events were good since" in said
        assert "as far as the source remembers" in said
        assert "page for" in said
        for chart in ("preview-share", "preview-bad", "preview-alerts"):
            assert f'id="chart-{chart}"' in page.content.decode()

    def test_values_to_narrow_by_come_from_the_source(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        jobs: dict[str, Any] = {"total": "jobs_total", "bad": 'jobs_total{result="bad"}'}
        made = replace(presets()["argo-cd-syncs"], name="jobs", indicator=jobs, narrow=("pool",))
        monkeypatch.setattr("slo.views.edit.presets", lambda: {"jobs": made})
        page = client.get("/slos/new?preset=jobs").content.decode()
        assert '<option value="broken"></option>' in page
        assert '<datalist id="list_narrow_pool">' in page

    def test_what_is_missing_is_named(self, client: Client) -> None:
        said = text(client.get("/slos/new?component=component:default/ci").content)
        assert "Metrics missing now" in said
        assert "argocd_app_sync_total" in said
        assert "not known" not in said

    def test_more_bad_ones_than_there_are_is_refused_with_numbers(self, client: Client) -> None:
        typed = {"total": 'jobs_total{pool="steady",result="bad"}', "good": 'jobs_total{pool="steady",result="ok"}'}
        page = client.post("/slos/new?preset=", TYPED | {"type": "events"} | typed)
        assert page.status_code == 400
        assert "events were good, of" in page.context["form"].errors["good"][0]
