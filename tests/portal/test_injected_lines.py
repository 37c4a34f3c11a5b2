"""A line that somebody breaks stays one line: headers, names of files, letters, logs; and nobody is led elsewhere."""

import logging
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from portal import logs
from tests import make
from tests.fakes.smtp import MailSink

pytestmark = pytest.mark.django_db
BROKEN = "x\r\nSet-Cookie: taken=1\r\n\r\n<script>"
IN_A_PATH = "x%0D%0ASet-Cookie:%20taken=1"
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    " //evil.example",
    "/\t/evil.example",
    "/catalog\r\nSet-Cookie: taken=1",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Counts of other tests hold nobody back."""
    cache.clear()


def stays_here(answer: Any) -> bool:
    """Whether an answer leads to a page of ours, and sets nothing it was told to."""
    assert "taken" not in answer.cookies
    assert not [value for value in answer.headers.values() if "\r" in value or "\n" in value]
    where = answer.headers.get("Location", "/")
    return where.startswith("/") and not where.startswith(("//", "/\\", "/\t"))


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_after_signing_in_nobody_is_led_elsewhere(client: Client, elsewhere: str) -> None:
    make.account("ada")
    shown = client.get("/sign-in", {"next": elsewhere})
    assert (shown.status_code, stays_here(shown)) == (200, True)
    for way in ({"path": "/sign-in", "next": elsewhere}, {"path": "/sign-in", "query": elsewhere}):
        browser = Client()
        said = {"username": "ada", "password": make.PASSWORD, "next": way.get("next", "")}
        answer = browser.post(way["path"], said, query_params={"next": way["query"]} if "query" in way else None)
        assert answer.status_code == 302
        assert stays_here(answer)


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
@pytest.mark.parametrize("path", ["/stars", "/catalog/views/1/delete", "/catalog/queue/fix", "/sign-out"])
def test_a_button_leads_back_to_our_own_pages_only(path: str, elsewhere: str) -> None:
    make.component("ci-runners")
    browser = Client(raise_request_exception=False)
    browser.force_login(make.account("ada"))
    said = {"ref": "component:default/ci-runners", "next": elsewhere, "back": elsewhere}
    answer = browser.post(path, said, headers={"Referer": elsewhere})
    assert answer.status_code < 500
    assert stays_here(answer)


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/components/component/default/{IN_A_PATH}",
        f"/api/v1/components/component/{IN_A_PATH}/x",
        f"/api/v1/systems/default/{IN_A_PATH}",
        f"/api/v1/teams/default/{IN_A_PATH}",
        f"/api/v1/people/default/{IN_A_PATH}",
        f"/api/v1/locations/default/{IN_A_PATH}",
    ],
)
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_no_name_breaks_a_line(path: str, method: str) -> None:
    client = make.signed(APIClient(raise_request_exception=False), make.token("components:write")[1])
    body = {} if method in {"get", "delete"} else {"data": {"title": BROKEN}, "format": "json"}
    answer = getattr(client, method)(path, **body)
    assert answer.status_code in {400, 403, 404}
    assert stays_here(answer)


@pytest.mark.parametrize(
    "path",
    [
        f"/components/component/default/{IN_A_PATH}/blast-radius.csv",
        f"/catalog/export.csv?q={IN_A_PATH}&tag={IN_A_PATH}",
        f"/changes.csv?object={IN_A_PATH}",
        f"/changes.jsonl?who={IN_A_PATH}",
        f"/api/v1/catalog-info.yaml?owner={IN_A_PATH}",
        f"/api/v1/rules?component={IN_A_PATH}",
        f"/catalog?q={IN_A_PATH}&cursor={IN_A_PATH}",
        f"/{IN_A_PATH}",
        f"/catalog/{IN_A_PATH}/",
    ],
)
def test_no_file_is_named_by_a_broken_line(path: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(make.account("root", admin=True))
    answer = browser.get(path)
    assert answer.status_code < 500
    assert stays_here(answer)


def test_what_a_client_names_its_request_comes_back_only_when_it_is_a_name() -> None:
    browser = Client()
    for given in ("x" * 8 + "\r\nSet-Cookie: taken=1", "a b c d e f", "<script>alert", "x" * 65):
        assert browser.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] not in given
    assert browser.get("/healthz", headers={"X-Request-ID": "run-4711-a"})["X-Request-ID"] == "run-4711-a"


def test_a_title_of_two_lines_adds_no_header_to_an_invitation(mailbox: MailSink) -> None:
    ada = make.person("ada", display_name="Ada\r\nBcc: evil@evil.example")
    make.team("build", lead=ada, title="Build\r\nBcc: evil@evil.example")
    browser = Client(raise_request_exception=False)
    browser.force_login(make.account_of(ada))
    said = {"email": "carol@example.org", "team": "group:default/build", "role": "member"}
    assert browser.post("/invitations", said).status_code in {200, 302}
    assert [one["To"] for one in mailbox.messages] == ["carol@example.org"]
    assert [(one["Bcc"], len(one["Subject"].splitlines())) for one in mailbox.messages] == [(None, 1)]


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x1b[2K"])
def test_whatever_is_logged_is_one_line(form: str, end: str) -> None:
    made = logs.config(form=form, level="INFO")["formatters"]["line"]  # type: ignore[index]
    formatter = made.pop("()")(**made)
    text = f"a{end}level=error event=forged"
    for record in (
        logging.LogRecord("django.request", logging.ERROR, "x", 1, "Not Found: %s", (text,), None),
        logging.LogRecord("portal", logging.ERROR, "x", 1, {"event": text, "path": text}, (), None),
    ):
        line = formatter.format(record)
        assert len(line.splitlines()) == 1
        assert "\x1b" not in line
