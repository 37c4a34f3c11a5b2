"""The frame around every page: navigation, live facts, and that a failing one takes nothing down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from catalog import registries
from portal.context_processors import EVALUATION_LATE, PAGING_LATE, Frame, Pulse
from tests import make

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def signed_in(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/docs/budgets")
    request.user = SimpleNamespace(is_authenticated=True, get_username=lambda: "ada")  # type: ignore[assignment]
    return request


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registries, "navigation", {})
    monkeypatch.setattr(registries, "frame", {})
    return iter(())


def test_a_failing_fact_is_left_out_and_the_others_stand(signed_in: HttpRequest) -> None:
    def fail(request: HttpRequest) -> object:
        raise RuntimeError("the database is away")

    registries.frame["on-call"] = fail
    registries.frame["open-incidents"] = lambda request: {"count": 4, "worst": 1, "url": "/incidents"}
    frame = Frame(signed_in)
    assert frame.on_call == {}
    assert frame.open_incidents["count"] == 4


def test_a_fact_is_asked_once_a_page(signed_in: HttpRequest) -> None:
    asked: list[HttpRequest] = []

    def count(request: HttpRequest) -> object:
        asked.append(request)
        return {"count": 1}

    registries.frame["open-incidents"] = count
    frame = Frame(signed_in)
    assert (frame.open_incidents, frame.open_incidents) == ({"count": 1}, {"count": 1})
    assert len(asked) == 1


def test_a_page_that_is_not_there_is_not_linked_and_the_section_read_now_is_marked(signed_in: HttpRequest) -> None:
    registries.navigation["docs"] = registries.NavEntry("Docs", "docs", "book", 90)
    registries.navigation["wiki"] = registries.NavEntry("Wiki", "nowhere:wiki", "book", 10)
    links = Frame(signed_in).navigation
    assert [(link.title, link.active) for link in links] == [("Docs", True)]


@pytest.mark.parametrize(("admin", "shown"), [(True, ["Docs", "Settings"]), (False, ["Docs"])])
def test_what_only_admins_can_do_something_about_is_in_their_menu_alone(
    signed_in: HttpRequest, admin: bool, shown: list[str]
) -> None:
    registries.navigation["docs"] = registries.NavEntry("Docs", "docs", "book", 90)
    registries.navigation["settings"] = registries.NavEntry("Settings", "settings", "settings", 91, admins=True)
    signed_in.user.person = SimpleNamespace(platform_admin=admin)  # type: ignore[union-attr]
    assert [link.title for link in Frame(signed_in).navigation] == shown


@pytest.mark.parametrize(
    ("path", "shown", "marked"),
    [
        ("/docs/budgets", ["Catalog", "Docs"], "Docs"),
        ("/catalog", ["Catalog", "Teams", "Docs"], "Catalog"),
        ("/components/component/default/ci", ["Catalog", "Teams", "Docs"], "Catalog"),
        ("/teams/default/build", ["Catalog", "Teams", "Docs"], "Teams"),
        ("/teamsters", ["Catalog", "Docs"], ""),
    ],
)
def test_the_pages_of_a_part_are_shown_while_it_is_open(
    rf: RequestFactory, path: str, shown: list[str], marked: str
) -> None:
    request = rf.get(path)
    request.user = SimpleNamespace(is_authenticated=True, get_username=lambda: "ada")  # type: ignore[assignment]
    registries.navigation |= {
        "catalog": registries.NavEntry("Catalog", "catalog:components", "packages", 20, also=("/components",)),
        "teams": registries.NavEntry("Teams", "catalog:teams", "users", 21, within="catalog"),
        "docs": registries.NavEntry("Docs", "docs", "book", 90),
    }
    frame = Frame(request)
    assert [link.title for link in frame.sidebar] == shown
    assert next((link.title for link in frame.navigation if link.active), "") == marked
    assert [link.title for link in frame.navigation] == ["Catalog", "Teams", "Docs"]  # the palette leads to all


@pytest.mark.parametrize(("worst", "urgent"), [(1, True), (2, True), (3, False), (5, False)])
def test_open_incidents_are_counted_in_red_where_one_is_urgent(
    signed_in: HttpRequest, worst: int, urgent: bool
) -> None:
    registries.navigation["docs"] = registries.NavEntry("Docs", "docs", "book", 90, badge="open-incidents")
    registries.frame["open-incidents"] = lambda request: {"count": 1, "worst": worst, "url": "/incidents"}
    (link,) = Frame(signed_in).navigation
    assert (link.badge, link.urgent) == ("1", urgent)
    assert ("is-bad" in render_to_string("components/nav_entry.html", {"entry": link})) is urgent


def test_a_page_within_a_part_says_where_it_is(signed_in: HttpRequest) -> None:
    registries.navigation["docs"] = registries.NavEntry("Docs", "search", "book", 90)
    registries.navigation["texts"] = registries.NavEntry("Texts", "docs", "book", 91, within="docs")
    assert Frame(signed_in).trail == [("Docs", "/search"), ("Texts", "/docs")], "a page below it leads back to it"
    signed_in.path = "/docs"
    assert Frame(signed_in).trail == [("Docs", "/search"), ("Texts", "")]
    signed_in.path = "/search"
    assert Frame(signed_in).trail == []


def test_a_stranger_is_told_nothing(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleNamespace(is_authenticated=False)  # type: ignore[assignment]
    registries.frame["open-incidents"] = lambda request: {"count": 4}
    assert Frame(request).open_incidents == {}


@pytest.mark.parametrize(
    ("paging", "evaluation", "late"),
    [
        (PAGING_LATE, EVALUATION_LATE, False),
        (PAGING_LATE + timedelta(seconds=1), timedelta(0), True),
        (timedelta(0), EVALUATION_LATE + timedelta(seconds=1), True),
    ],
)
def test_a_late_sweep_is_said(paging: timedelta, evaluation: timedelta, late: bool) -> None:
    assert Pulse(NOW - paging, NOW - evaluation, NOW).late is late


def test_a_sweep_never_seen_is_unknown_and_not_late() -> None:
    assert not Pulse(None, None, NOW).known
    assert not Pulse(None, None, NOW).late


def test_the_page_for_our_own_failure_needs_nothing_that_may_have_failed() -> None:
    html = render_to_string("500.html")
    assert "Something broke" in html
    assert "<form" not in html


@pytest.mark.django_db
def test_sign_in_leads_back_and_sign_out_is_a_post(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse battery")
    page = client.get("/docs/budgets")
    assert page.status_code == 302
    given = {"username": "ada", "password": "correct horse battery", "next": "/docs/budgets"}
    done = client.post(page["Location"], given)
    assert done["Location"] == "/docs/budgets"
    assert client.get("/docs/budgets").status_code == 200
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert client.get("/docs/budgets").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["../pyproject", "decisions/../../base", "secrets", "decisions/9999-none"])
def test_docs_answer_only_for_what_is_listed(admin_client: Client, name: str) -> None:
    assert admin_client.get(f"/docs/{name}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "/budgets", "/how-to/is-it-me", "/decisions/0001-pages-without-a-build-step"])
def test_docs_are_read_with_the_list_of_all_beside_them(admin_client: Client, name: str) -> None:
    page = admin_client.get(f"/docs{name}").content.decode()
    assert page.count("<h1") == 1
    assert page.count('aria-current="page">') >= 1
    assert 'href="/docs/budgets"' in page
    assert 'href="/docs/decisions/0002-missing-is-a-word"' in page


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "told"), [("Asia/Kolkata", "Asia/Kolkata"), ("Mars/Olympus", "UTC"), ("", "UTC")])
def test_times_are_told_in_the_readers_zone(client: Client, zone: str, told: str) -> None:
    client.force_login(make.account_of(make.person("ada", time_zone=zone)))
    assert f"Times in {told}" in client.get("/docs").content.decode()
