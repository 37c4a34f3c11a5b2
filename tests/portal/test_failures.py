"""Pages of failures say what happened and have a way out; a failure of ours needs nothing that may have failed."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from portal import urls
from portal.lib.errors import Expected
from portal.middleware import ExpectedFailures
from portal.pages import failures
from tests import make

pytestmark = pytest.mark.django_db


class Gone(Expected):
    """The link was good until yesterday."""

    status = 410
    title = "The link has expired"


class Often(Expected):
    """Wait ten seconds."""

    status = 429
    title = "Too many requests"


def _break(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug of ours")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, settings: make.Settings) -> Iterator[None]:
    """Addresses behind which there is a bug."""
    settings.ROOT_URLCONF = "tests.portal.test_failures"
    monkeypatch.setitem(globals(), "urlpatterns", [path("bug", _break), path("api/v1/bug", _break), *urls.urlpatterns])
    monkeypatch.setitem(globals(), "handler500", urls.handler500)
    return iter(())


def failed(error: Expected, rf: RequestFactory, **more: str) -> str:
    request = rf.get("/catalog?tier=1", **more)  # type: ignore[arg-type]  # headers by their WSGI names
    request.user = AnonymousUser()
    answer = ExpectedFailures(lambda _: HttpResponse()).process_exception(request, error)
    assert answer is not None
    assert answer.status_code == error.status
    return answer.content.decode()


@pytest.mark.usefixtures("broken")
def test_a_bug_of_ours_has_a_number_and_a_way_out() -> None:
    client = Client(raise_request_exception=False, headers={"X-Request-ID": "abcdef0123456789"})
    page = client.get("/bug?a=1")
    assert page.status_code == 500
    shown = page.content.decode()
    assert "abcdef0123456789" in shown
    assert 'href="/bug?a=1"' in shown
    said = client.get("/api/v1/bug")
    assert (said["Content-Type"], said.json()["status"]) == ("application/problem+json", 500)
    assert said.json()["type"].endswith("/docs/problems#something-broke-on-our-side")


def test_when_even_the_page_is_broken_there_is_an_answer(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_template(*_: object) -> str:
        raise OSError("the disk is gone")

    monkeypatch.setattr(failures, "render_to_string", no_template)
    answer = failures.broken(rf.get("/"))
    assert (answer.status_code, b"broke on our side" in answer.content) == (500, True)


def test_what_is_over_and_what_is_too_often_say_so_and_lead_on(rf: RequestFactory) -> None:
    gone = failed(Gone(), rf, HTTP_REFERER="http://testserver/inbox")
    assert "good until yesterday" in gone
    assert 'href="http://testserver/inbox"' in gone
    assert 'href="/docs/problems#no-longer-there"' in gone
    often = failed(Often(), rf)
    assert 'href="/catalog?tier=1">Try again' in often
    assert "elsewhere" not in failed(Gone(), rf, HTTP_REFERER="http://elsewhere.example/")


@pytest.mark.parametrize(("where", "status", "words"), [
    ("/nowhere", 404, 'role="search"'), ("/settings/sources/new", 403, "Not allowed"), ("/\x00", 404, "Not found"),
])  # fmt: skip
def test_what_is_not_there_and_what_is_not_yours(browser_of_ada: Client, where: str, status: int, words: str) -> None:
    page = browser_of_ada.get(where)
    assert (page.status_code, words in page.content.decode()) == (status, True)


def test_a_form_of_another_session_says_that_nothing_was_saved() -> None:
    page = Client(enforce_csrf_checks=True).post("/sign-in", {"username": "ada"})
    assert page.status_code == 403
    assert "Nothing was saved" in page.content.decode()
    assert "sent no cookie" in page.content.decode()


@pytest.mark.parametrize(
    ("came_from", "leads"),
    [
        ("http://testserver/teams/new?a=1", True),
        ("https://evil.example/teams/new", False),
        ("http://testserver.evil.example/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_it_leads_back_to_the_form_it_came_from_and_nowhere_else(came_from: str, leads: bool) -> None:
    page = Client(enforce_csrf_checks=True, headers={"Referer": came_from}).post("/sign-in").content.decode()
    assert ("Back to the form" in page, f'href="{came_from}"' in page) == (leads, leads)
    assert 'href="/">Home</a>' in page
