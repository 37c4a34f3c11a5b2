"""The docs in use: examples are applied, things are found in them, refusals and forms lead into them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml
from django.test import Client
from rest_framework.test import APIClient

from catalog import manifest, registries
from catalog.access import system
from catalog.operations.applying import Applied, SourceFile, apply_files
from portal.lib import conf, doc_text
from portal.pages import setup
from tests import make
from tests.make import NOW
from tests.portal.test_docs import NAMES, anchors_of, leads_nowhere, text_of

pytestmark = pytest.mark.django_db
KINDS_PAGE = "kinds"
AROUND = """
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: networking}
spec: {type: team, children: [], members: [ada]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: checkout}
spec: {type: team, children: []}
---
apiVersion: portico/v1
kind: EscalationPolicy
metadata: {name: networking}
spec: {team: networking, steps: [{targets: [group:networking], delay: 5m}]}
"""
"""What the examples of other pages name beside what the page of kinds has."""


@pytest.fixture
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quiet = {key: replace(one, look_up=None) for key, one in registries.apply_kinds.items()}
    monkeypatch.setattr(registries, "apply_kinds", quiet)
    return iter(())


def documents_of(name: str) -> str:
    """Every example of the page that `apply` takes, as one stream."""
    found = []
    for block in doc_text.blocks(text_of(name)):
        if block.language == "yaml" and block.code.startswith("apiVersion:"):
            found.append(block.code)
    return "\n---\n".join(found)


def applied(text: str, *, dry_run: bool = False) -> Applied:
    files = [SourceFile(address="docs", text=text)]
    return apply_files(files=files, actor=system("docs"), now=NOW, dry_run=dry_run)


def faults(answer: Applied) -> list[object]:
    return [problem for one in answer.documents for problem in one.problems]


@pytest.mark.usefixtures("_nobody_is_asked")
def test_every_document_that_is_shown_can_be_applied_and_twice_changes_nothing() -> None:
    whole = documents_of(KINDS_PAGE)
    assert faults(applied(whole)) == []
    assert {str(one.outcome) for one in applied(whole).documents} == {"unchanged"}
    assert faults(applied(AROUND)) == []
    for name in NAMES:
        if name != KINDS_PAGE and (text := documents_of(name)):
            assert faults(applied(text, dry_run=True)) == [], name


def test_every_step_of_the_setup_leads_to_its_explanation() -> None:
    assert [one.docs for one in setup.steps() if leads_nowhere(f"/docs/{one.docs}", "")] == []


def test_every_kind_that_apply_takes_has_its_example() -> None:
    shown = {one["kind"] for one in yaml.safe_load_all(documents_of(KINDS_PAGE))}
    assert shown == {*manifest.KINDS, *(kind for _, kind in registries.apply_kinds)}
    assert {kind.lower() for kind in shown} <= anchors_of(KINDS_PAGE)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("backtest", "/docs/budgets#trying-another-goal-or-policy"),
        ("idempotency key", "/docs/api#writing"),
        ("flappin", "/docs/escalation#one-cause-is-one-page"),
        ("PORTAL_BUNDLE_SECONDS", "/docs/settings#incidents-and-paging"),
        ("burn rate", "/docs/concepts#burn-rate-over-two-windows"),
        ("blast raduis", "/docs/catalog#blast-radius"),
        ("provisonal", "/docs/concepts#the-ledger-and-what-a-minute-can-be"),
    ],
)
def test_a_section_is_found_by_what_it_says_and_with_a_slip(browser_of_ada: Client, typed: str, found: str) -> None:
    assert f'href="{found}"' in browser_of_ada.get("/docs", {"q": typed}).content.decode()
    assert f'href="{found}"' in browser_of_ada.get("/search", {"q": typed, "kind": "doc"}).content.decode()


def test_what_the_docs_do_not_say_is_said(browser_of_ada: Client) -> None:
    page = browser_of_ada.get("/docs", {"q": "zwiebelkuchen"}).content.decode()
    assert "The docs say nothing about that" in page


def test_a_page_has_its_contents_what_comes_before_and_after_and_where_to_change_it(
    browser_of_ada: Client, settings: make.Settings
) -> None:
    settings.PORTAL_DOCS_EDIT_URL = "https://git.example.org/edit/docs/"
    page = browser_of_ada.get("/docs/concepts").content.decode()
    assert '<a href="#error-budget">Error budget</a>' in page
    assert 'href="#error-budget" aria-label="Link to “Error budget”"' in page
    assert 'href="/docs/getting-started" rel="prev"' in page
    assert 'href="/docs/how-to/is-it-me" rel="next"' in page
    assert 'href="https://git.example.org/edit/docs/concepts.md"' in page


@pytest.mark.parametrize(("path", "status", "anchor"), [
    ("/api/v1/nowhere", 404, "not-found"), ("/api/v1/me", 401, "not-signed-in"),
    ("/api/v1/components?limit=none", 400, "some-fields-need-attention"),
])  # fmt: skip
def test_a_refusal_leads_to_its_explanation(path: str, status: int, anchor: str, api: APIClient) -> None:
    if status == 400:
        make.signed(api, make.token("read")[1])
    said = api.get(path).json()
    assert (said["status"], said["type"]) == (status, f"{conf.base_url()}/docs/problems#{anchor}")
