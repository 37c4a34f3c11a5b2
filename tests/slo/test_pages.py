"""The fleet, the form and the sources as people meet them: what is shown, what it costs, what is refused."""

import html
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Person, Team
from portal.lib.clock import db_now
from slo.models import DataSource, Definition, Ledger, Objective, Standing, Sweep
from tests import make, make_slo

pytestmark = pytest.mark.django_db
MOST = 30
State = Standing.State


def text(page: bytes) -> str:
    """The words of a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode())))


def stands(objective: Objective, **fields: Any) -> Objective:
    """`objective` as its last evaluation left it."""
    Standing.objects.filter(objective=objective).update(**fields)
    return objective


@pytest.fixture
def build() -> Team:
    """Linh's team."""
    return make.team("build-ci", make.person("linh"), title="Build & CI")


@pytest.fixture
def runners(build: Team) -> Component:
    """What Linh's team owns, with a data source where nobody answers."""
    make_slo.source(name="main", is_default=True)
    make_slo.policy()
    return make.component("ci-runners", owner=build)


def signed_in(client: Client, name: str) -> Client:
    """Linh of the owner team, Elena of another, Katrin the admin, or somebody of no team."""
    found = Person.objects.filter(name=name).first() or make.person(name, admin=name == "katrin")
    if name == "elena" and not Team.objects.filter(name="delivery").exists():
        make.team("delivery", found)
    client.force_login(make.account_of(found))
    return client


# The fleet ----------------------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/slos")["Location"] == "/sign-in?next=/slos"
    assert client.get("/settings/sources")["Location"].startswith("/sign-in")


def test_without_objectives_the_page_says_what_they_are_for_and_leads_on(client: Client) -> None:
    page = signed_in(client, "linh").get("/slos")
    assert "No objective yet" in text(page.content)
    assert 'href="/slos/new"' in page.content.decode()


@pytest.fixture
def fleet(runners: Component) -> None:
    """Four objectives in four states, on two components of two teams."""
    vault = make.component("vault", owner=make.team("secrets"))
    stands(make_slo.objective("jobs-succeed", component=runners), state=State.BURNING, burn=44.4, remaining=0.07)
    queue = make_slo.objective("queue-short", component=runners, type="uptime", window_days=7, target="0.95")
    stands(queue, state=State.AT_RISK, burn=0.5, remaining=0.2, good=8, total=10)
    stands(make_slo.objective("vault-answers", component=vault, target="0.999"), state=State.EXHAUSTED, remaining=-0.3)
    stands(make_slo.objective("vault-leases", component=vault), state=State.NO_DATA)


def names(client: Client, query: str) -> list[str]:
    """The objectives listed, in their order."""
    return [line.row.name for line in client.get(f"/slos{query}").context["lines"]]


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=queue", ["queue-short"]),
        ("?q=ci-run+jobs", ["jobs-succeed"]),
        ("?team=group:default/secrets", ["vault-answers", "vault-leases"]),
        ("?type=uptime", ["queue-short"]),
        ("?state=exhausted", ["vault-answers"]),
        ("?window=7d", ["queue-short"]),
        ("?team=group:default/secrets&state=no_data&q=vault", ["vault-leases"]),
        ("?state=nonsense", []),
        ("?q=%00", ["jobs-succeed", "vault-answers", "queue-short", "vault-leases"]),
        ("?sort=-state", ["jobs-succeed", "vault-answers", "queue-short", "vault-leases"]),
        ("?sort=remaining", ["vault-answers", "jobs-succeed", "queue-short", "vault-leases"]),
        ("?sort=-burn", ["jobs-succeed", "queue-short", "vault-answers", "vault-leases"]),
        ("?sort=-target", ["vault-answers", "jobs-succeed", "vault-leases", "queue-short"]),
        ("?sort=name", ["jobs-succeed", "queue-short", "vault-answers", "vault-leases"]),
        ("?sort=password", ["jobs-succeed", "vault-answers", "queue-short", "vault-leases"]),
    ],
)
def test_the_fleet_is_filtered_and_sorted(client: Client, query: str, expected: list[str]) -> None:
    assert names(signed_in(client, "linh"), query) == expected


@pytest.mark.usefixtures("fleet")
def test_the_sorted_column_says_so_and_sorting_begins_at_the_first_page(client: Client) -> None:
    page = signed_in(client, "linh").get("/slos?sort=-burn&page=7&q=a")
    assert re.findall(r'aria-sort="(\w+)"><a class="sort" href="[^"]*">(\w+)', page.content.decode()) == [
        ("descending", "Burn")
    ]
    assert page.context["sort_urls"]["name"] == "/slos?q=a&sort=name"


@pytest.mark.usefixtures("fleet")
def test_a_filter_that_fits_nothing_is_no_empty_portal(client: Client) -> None:
    said = text(signed_in(client, "linh").get("/slos?q=nothing-like-it").content)
    assert "Nothing matches" in said
    assert "No objective yet" not in said


@pytest.mark.usefixtures("fleet")
def test_unknown_is_said_in_words_and_never_zero(client: Client) -> None:
    said = text(signed_in(client, "linh").get("/slos?q=leases").content).split("Used up in")[1]
    row = said[: said.index("1 to 1 of 1")]
    assert row.count("no data") == 3, "current, left and burn"
    assert "0.0" not in row
    assert "—" in row


def test_what_lasts_longer_than_its_period_lasts(client: Client, runners: Component) -> None:
    now = db_now()
    lasting, dying = make_slo.objective("lasting", component=runners), make_slo.objective("dying", component=runners)
    stands(lasting, remaining=0.9, exhausts_at=now + timedelta(days=117))
    stands(dying, remaining=0.1, exhausts_at=now + timedelta(hours=6, minutes=10))
    signed_in(client, "linh")
    assert "lasts 1 to 1" in text(client.get("/slos?q=lasting").content)
    assert "Used up in pace of 6 h" in text(client.get("/slos?q=lasting").content)
    assert "6 h" in text(client.get("/slos?q=dying").content).split("Used up in")[1]


def test_while_a_rule_fires_it_is_the_pace_it_fires_for_and_says_so(client: Client, runners: Component) -> None:
    now = db_now()
    jobs = make_slo.objective("jobs", component=runners)
    hot = {"firing": "page", "burn": 50.0, "burn_slow": 2.0, "readings": [{"long_s": 3600}], "evaluated_at": now}
    stands(jobs, state=State.BURNING, remaining=0.5, bucket=now, exhausts_at=now + timedelta(days=7), **hot)
    said = text(signed_in(client, "linh").get("/slos?q=jobs").content).split("Used up in")[1]
    assert "7 h 11 min pace of 1 h" in said


def test_a_burn_says_which_window_it_is_of_and_so_does_the_sum_above(client: Client, runners: Component) -> None:
    jobs = make_slo.objective("jobs", component=runners)
    stands(jobs, burn=50.0, burn_slow=0.6, remaining=0.5, readings=[{"long_s": 3600}])
    said = text(signed_in(client, "linh").get("/slos?q=jobs").content)
    assert "0 objectives burned faster than sustainable over the last 6 h" in said
    assert "50.0 × 1 h" in said.split("Used up in")[1]


def test_of_those_exhausted_the_most_overdrawn_comes_first_whatever_burns(client: Client, runners: Component) -> None:
    for name, left, burn in (("little", -0.042, 9.0), ("most", -4.0, None), ("much", -0.345, 0.1)):
        stands(make_slo.objective(name, component=runners), state=State.EXHAUSTED, remaining=left, burn=burn)
    for name, burn in (("slow", 1.0), ("fast", 20.0)):
        stands(make_slo.objective(name, component=runners), state=State.BURNING, remaining=0.5, burn=burn)
    assert names(signed_in(client, "linh"), "") == ["fast", "slow", "most", "much", "little"]


@pytest.mark.parametrize("place", ["/slos", "/", "/components/component/default/ci-runners"])
def test_where_nothing_came_it_is_no_traffic_everywhere(client: Client, runners: Component, place: str) -> None:
    quiet = {"state": State.HEALTHY, "data": Standing.Data.QUIET, "good": 0, "total": 0, "coverage": 1.0}
    stands(make_slo.objective("taken", component=runners, type="response"), **quiet)
    said = text(signed_in(client, "linh").get(place).content).partition("Budget spent by day")[0]
    assert "no traffic" in said
    assert "no data" not in said.partition("taken")[2].partition("On call")[0]


def test_the_tiles_count_what_the_filter_leaves_and_keep_it(client: Client, build: Team, runners: Component) -> None:
    stands(make_slo.objective("a", component=runners), state=State.BURNING)
    stands(make_slo.objective("elsewhere"), state=State.BURNING)
    stands(make_slo.objective("calm"), state=State.HEALTHY)
    page = signed_in(client, "linh").get("/slos", {"team": build.ref, "state": "healthy"})
    assert (page.context["totals"].objectives, page.context["totals"].burning) == (1, 1)
    burning = client.get(page.context["state_urls"]["burning"])
    assert [line.row.name for line in burning.context["lines"]] == ["a"]
    nothing = client.get("/slos?team=group:default/nobody")
    assert nothing.context["totals"].objectives == 0
    assert "Nothing matches" in text(nothing.content)


def test_a_sweep_that_found_nothing_due_is_not_boasted_of(client: Client, runners: Component) -> None:
    make_slo.objective("a", component=runners)
    Sweep.objects.create(name="evaluate", at=db_now(), ledgers=0, queries=0)
    said = text(signed_in(client, "linh").get("/slos").content)
    assert "evaluated" in said
    assert "queries" not in said
    Sweep.objects.update(queries=1)
    assert "in 1 query" in text(client.get("/slos").content)


def test_a_hundred_objectives_cost_no_more_than_one(
    client: Client, runners: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = db_now()
    for number in range(120):
        objective = make_slo.objective(f"o{number:03}", component=runners, now=now)
        book = make_slo.open_ledger(objective, start=now - timedelta(minutes=5), now=now)
        Objective.objects.filter(pk=objective.pk).update(ledger=book)
    signed_in(client, "linh")
    with django_assert_max_num_queries(MOST):
        first = client.get("/slos?sort=name")
    assert len(first.context["lines"]) == 100
    second = client.get(first.context["next"])
    assert [line.row.name for line in second.context["lines"]] == [f"o{n:03}" for n in range(100, 120)]
    assert (second.context["next"], second.context["previous"]) == ("", "/slos?sort=name&page=1")


def test_page_and_api_say_the_same(client: Client, api: APIClient, runners: Component) -> None:
    objective = make_slo.objective("jobs", component=runners, target="0.99")
    stood = {"state": State.AT_RISK, "good": 95_939, "total": 96_840, "remaining": 0.0696, "burn": 1.4, "coverage": 1.0}
    stands(objective, **stood, period_start=db_now() - timedelta(days=30), bucket=db_now())
    signed_in(client, "linh")
    row = client.get("/slos").context["lines"][0].row
    detail = client.get(f"/slos/{objective.pk}").context["detail"]
    _, token = make.token()
    said: Mapping[str, Any] = make.signed(api, token).get("/api/v1/slos/jobs/status").json()
    for name in ("state", "current", "remaining", "burn", "coverage"):
        assert getattr(row, name) == getattr(detail.row, name) == said[name], name
    for name in ("good", "total", "bad", "allowed", "left"):
        assert getattr(detail, name) == said[name], name
    page = text(client.get(f"/slos/{objective.pk}").content)
    assert "99.07 % of 96,840 events were good in the last 30 days" in page
    assert "901 were bad of the 968 the budget allows, so 7.0 % is left." in page


# The form -----------------------------------------------------------------------------------------------------------

TYPED = {
    "component": "component:default/ci-runners",
    "title": "Jobs succeed",
    "name": "ci-jobs-succeed",
    "description": "What people wait for",
    "type": "events",
    "total": "ci_jobs_total",
    "bad": 'ci_jobs_total{result="failed"}',
    "good": "",
    "query": "up{job='left over'}",
    "condition": "",
    "combine": "all",
    "target": "99.5",
    "window": "30d",
    "policy": "workbook",
    "source": "",
}
WHO = [("elena", 403), ("nobody-of-no-team", 403), ("linh", 302), ("katrin", 302)]


def kept(page: bytes) -> bool:
    """Whether everything typed is still in the form."""
    said = html.unescape(page.decode())
    return all(value in said for value in TYPED.values())


@pytest.mark.parametrize(("who", "status"), WHO)
def test_only_the_owner_team_and_admins_promise_something(
    client: Client, runners: Component, who: str, status: int
) -> None:
    page = signed_in(client, who).post("/slos/new", TYPED)
    assert page.status_code == status
    assert Objective.objects.exists() == (status == 302)
    if status == 403:
        assert "Only members of the owner team" in text(page.content)
        assert kept(page.content)


@pytest.mark.usefixtures("runners")
def test_a_stranger_promises_nothing(client: Client) -> None:
    assert client.post("/slos/new", TYPED)["Location"] == "/sign-in?next=/slos/new"
    assert not Objective.objects.exists()


@pytest.mark.usefixtures("runners")
def test_a_new_objective_is_saved_counted_and_seen(client: Client) -> None:
    page = signed_in(client, "linh").post("/slos/new", TYPED, follow=True)
    objective = Objective.objects.get()
    assert page.redirect_chain == [(f"/slos/{objective.pk}", 302)]
    assert "could not be asked" in text(page.content), "the source does not answer, and that is only a warning"
    assert (str(objective.target.normalize()), objective.window_days) == ("0.995", 30)
    assert objective.definition.indicator == {"total": TYPED["total"], "bad": TYPED["bad"]}, "not the other type's"
    assert Ledger.objects.get().objective == objective
    assert names(client, "") == ["ci-jobs-succeed"]
    assert AuditEntry.objects.get().action == "objective.create"


@pytest.mark.usefixtures("runners")
@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"bad": "ci_jobs_total{result="}, "bad", ""),
        ({"bad": ""}, "total", "Give exactly two"),
        ({"target": "100"}, "target", "no budget at all"),
        ({"target": "0"}, "target", "above 0"),
        ({"target": "99,5"}, "target", "Enter a number"),
        ({"name": "Jobs succeed!"}, "name", "Use 1 to 63"),
        ({"type": "uptime", "query": "up{", "condition": ">= 1"}, "query", ""),
        ({"type": "uptime", "condition": "about one"}, "condition", ""),
        ({"component": "component:default/gone"}, "component", "Select a valid choice"),
        ({"title": "jobs\x00"}, "title", "Null characters"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    client: Client, changes: dict[str, str], field: str, words: str
) -> None:
    page = signed_in(client, "linh").post("/slos/new", {**TYPED, **changes})
    assert page.status_code == 400
    errors = page.context["form"].errors
    assert list(errors) == [field]
    assert words in errors[field][0]
    assert f'id="id_{field}_error"' in page.content.decode()
    if "component" not in changes:
        said = html.unescape(page.content.decode())
        assert all(value in said for value in {**TYPED, **changes}.values())
    assert not Objective.objects.exists()


@pytest.mark.usefixtures("runners")
def test_a_name_that_is_taken_overwrites_nothing(client: Client) -> None:
    signed_in(client, "linh").post("/slos/new", TYPED)
    page = client.post("/slos/new", {**TYPED, "target": "90"})
    assert page.status_code == 412
    assert "Choose another name" in page.context["form"].errors["name"][0]
    assert float(Objective.objects.get().target) == 0.995


@pytest.mark.usefixtures("runners")
def test_the_fields_of_each_type_stand_together(client: Client) -> None:
    page = signed_in(client, "linh").get("/slos/new?preset=&component=component:default/ci-runners").content.decode()
    uptime = page[page.index('data-for="uptime"') :]
    assert re.findall(r'name="(\w+)"', uptime[: uptime.index("</fieldset>")]) == ["query", "condition", "combine"]
    assert '<option value="component:default/ci-runners" selected>' in page
    assert "choose.js" in page


@pytest.fixture
def jobs(client: Client, runners: Component) -> Objective:
    """An objective that somebody wrote over the API, with more in it than the form asks for."""
    defined = {"title": "Jobs.V2", "no_data": "bad", "blind_after": timedelta(minutes=30), "labels": {"area": "ci"}}
    source = DataSource.objects.get()
    return make_slo.objective("jobs.v2", component=runners, source=source, definition=defined, window_days=14)


def form_of(client: Client, objective: Objective, **changes: str) -> dict[str, Any]:
    """What a browser would send back, with changes."""
    form = client.get(f"/slos/{objective.pk}/edit").context["form"]
    given = {field.html_name: field.value() for field in form if field.value() is not None}
    return {**given, **changes}


def test_a_form_sent_back_as_it_is_changes_nothing(client: Client, jobs: Objective) -> None:
    page = signed_in(client, "linh").post(f"/slos/{jobs.pk}/edit", form_of(client, jobs))
    assert page.status_code == 302, text(page.content)
    assert [entry.diff for entry in AuditEntry.objects.all()] == []
    assert Objective.objects.get().version == 1


def test_an_edit_changes_what_it_shows_and_keeps_name_and_the_rest(client: Client, jobs: Objective) -> None:
    typed = form_of(signed_in(client, "linh"), jobs, target="99.9", name="another")
    assert client.post(f"/slos/{jobs.pk}/edit", typed).status_code == 302
    objective = Objective.objects.select_related("definition").get()
    assert (objective.name, float(objective.target), objective.window_days) == ("jobs.v2", 0.999, 14)
    definition: Definition = objective.definition
    assert (definition.no_data, definition.labels, definition.revision) == ("bad", {"area": "ci"}, 1)
    assert definition.blind_after == timedelta(minutes=30)


def test_two_people_do_not_overwrite_each_other(client: Client, jobs: Objective) -> None:
    signed_in(client, "linh")
    mine, theirs = form_of(client, jobs, target="99.9"), form_of(client, jobs, target="95")
    assert client.post(f"/slos/{jobs.pk}/edit", theirs).status_code == 302
    page = client.post(f"/slos/{jobs.pk}/edit", mine)
    assert page.status_code == 412
    assert "Somebody else changed the objective" in text(page.content)
    assert 'value="99.9"' in page.content.decode()
    assert float(Objective.objects.get().target) == 0.95


@pytest.mark.parametrize(("who", "status"), WHO)
def test_only_the_owner_team_and_admins_edit(client: Client, jobs: Objective, who: str, status: int) -> None:
    typed = form_of(signed_in(client, "katrin"), jobs, target="99.9")
    signed_in(client, who)
    shown = client.get(f"/slos/{jobs.pk}/edit")
    sent = client.post(f"/slos/{jobs.pk}/edit", typed)
    assert (shown.status_code, sent.status_code) == ((200, 302) if status == 302 else (403, 403))
    assert (float(Objective.objects.get().target) == 0.999) == (status == 302)
    if status == 403:
        assert 'value="99.9"' in sent.content.decode()


@pytest.mark.parametrize(("who", "status"), WHO)
def test_only_the_owner_team_and_admins_retire(client: Client, jobs: Objective, who: str, status: int) -> None:
    assert signed_in(client, who).post(f"/slos/{jobs.pk}/retire").status_code == status
    assert bool(Objective.objects.get().retired_at) == (status == 302)
    assert names(client, "") == ([] if status == 302 else ["jobs.v2"])


def test_looking_at_the_address_of_retiring_retires_nothing(client: Client, jobs: Objective) -> None:
    assert signed_in(client, "linh").get(f"/slos/{jobs.pk}/retire").status_code == 405
    client.logout()
    for path in ("retire", "edit"):
        assert client.post(f"/slos/{jobs.pk}/{path}")["Location"].startswith("/sign-in")
    assert Objective.objects.get().retired_at is None


# Sources ------------------------------------------------------------------------------------------------------------


def test_sources_say_how_they_are_and_since_when(client: Client) -> None:
    signed_in(client, "linh")
    assert "No data source yet" in text(client.get("/settings/sources").content)
    make_slo.source(name="new")
    down = db_now() - timedelta(minutes=9)
    make_slo.source(name="dark", reachable=False, down_since=down, error="connection refused", secret="s3cret")
    make_slo.source(name="fine", reachable=True, version="3.5.0", latency=0.0021, ok_at=db_now(), warning="partial")
    page = client.get("/settings/sources").content
    said = text(page)
    assert "Not asked yet" in said
    assert "connection refused" in said
    assert "2 ms" in said
    assert "partial" in said
    assert "s3cret" not in page.decode()


def test_a_teams_page_says_what_the_team_promises_the_loudest_first(client: Client, runners: Component) -> None:
    for number in range(10):
        stands(make_slo.objective(f"calm-{number}", component=runners), state=State.HEALTHY)
    stands(make_slo.objective("loud", component=runners), state=State.EXHAUSTED)
    theirs = make.component("theirs", owner=make.team("others"))
    stands(make_slo.objective("foreign", component=theirs), state=State.BURNING)
    page = signed_in(client, "linh").get("/teams/default/build-ci").content
    promises = page[page.index(b'id="h-objectives"') :]
    assert [promises.count(name) > 0 for name in (b"/slos/", b"foreign")] == [True, False]
    names = re.findall(r'class="plain fw-semibold" href="/slos/(\d+)', promises.decode())
    assert len(names) == 8
    assert Objective.objects.get(pk=names[0]).name == "loud"
    assert b"All of them" in promises
