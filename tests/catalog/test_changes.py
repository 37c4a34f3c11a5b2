"""The change log: who, when, what, from where; filtered, paged, exported."""

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog import registries
from catalog.access import Actor, system
from catalog.models import AuditEntry
from catalog.operations import record_audit
from catalog.operations.audit import prune_changes
from catalog.queries.called import called, refs_called
from catalog.templatetags.changes import actor, did, did_alone, fields, object_url, object_words
from tests import make

pytestmark = pytest.mark.django_db
RUNNERS, CI = "component:default/ci-runners", "group:default/build-ci"


def entry(**said: Any) -> None:
    said = {"action": "component.update", "object_ref": RUNNERS, "diff": {"title": ("a", "b")}, "now": make.NOW, **said}
    record_audit(**{"actor": system("sweep"), **said})


@pytest.fixture
def api() -> APIClient:
    """A token that reads."""
    return make.signed(APIClient(), make.token("read")[1])


def listed(api: APIClient, **asked: str) -> list[str]:
    answer = api.get("/api/v1/changes", asked)
    assert answer.status_code == 200, answer.json()
    return [row["object"] for row in answer.json()["results"]]


def test_every_filter_leaves_what_fits_and_nothing_else(api: APIClient) -> None:
    ada = make.person("ada")
    entry(actor=Actor(person=ada, via="web"), owner_ref=CI)
    entry(object_ref=CI, action="team.retire", now=make.NOW + timedelta(days=1))
    entry(object_ref="token:CI", action="token.create", now=make.NOW + timedelta(days=2))
    assert listed(api) == ["token:CI", CI, RUNNERS]
    for asked, found in (
        ({"actor": "ada"}, [RUNNERS]),
        ({"actor": "user:default/ada"}, [RUNNERS]),
        ({"actor": "system:sweep"}, ["token:CI", CI]),
        ({"kind": "group"}, [CI]),
        ({"object": RUNNERS.upper()}, [RUNNERS]),
        ({"object": "token:CI"}, ["token:CI"]),
        ({"team": "build-ci"}, [CI, RUNNERS]),
        ({"action": "retire"}, [CI]),
        ({"action": "team.retire"}, [CI]),
        ({"via": "web"}, [RUNNERS]),
        ({"since": "2026-11-23", "until": "2026-11-24"}, [CI]),
        ({"since": "2026-11-23T12:00:00Z"}, ["token:CI", CI]),
        ({"since": "2026-11-23T13:00:01+01:00"}, ["token:CI"]),
        ({"actor": "ada", "kind": "group"}, []),
    ):
        assert listed(api, **asked) == found, asked


@pytest.mark.parametrize(
    "asked",
    [
        {"via": "telepathy"},
        {"since": "yesterday"},
        {"until": "2026-13-45"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"kind": "%"},
        {"object": "a" * 301},
    ],
)
def test_a_filter_that_cannot_be_is_named_by_api_and_page(api: APIClient, asked: dict[str, str]) -> None:
    answer = api.get("/api/v1/changes", asked)
    assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (400, list(asked))
    client = Client()
    client.force_login(make.account("ada"))
    page = client.get("/changes", asked)
    assert (page.status_code, "This filter can't be used" in page.content.decode()) == (400, True)


def test_pages_follow_each_other_without_gap_or_repetition_even_within_one_moment(api: APIClient) -> None:
    for number in range(130):
        entry(object_ref=f"component:default/c-{number:03}", now=make.NOW + timedelta(seconds=number // 10))
    client, seen, url = Client(), [], "/changes"
    client.force_login(make.account("ada"))
    while url:
        page = client.get(url).content.decode()
        seen += re.findall(r">component (c-\d+)</a>", page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        url = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [f"c-{number:03}" for number in reversed(range(130))]
    again, link = [], "/api/v1/changes?limit=40"
    while link:
        answer = api.get(link).json()
        again += [row["object"].rpartition("/")[2] for row in answer["results"]]
        link = answer["next"]
    assert again == seen


@pytest.mark.parametrize("cursor", ["nonsense", "WyIrIiwgIngiLCAxXQ", "WyIrIiwgIjIwMjYiLCAieCJd"])
def test_a_made_up_cursor_is_the_first_page(cursor: str) -> None:
    entry()
    client = Client()
    client.force_login(make.account("ada"))
    assert RUNNERS in client.get("/changes", {"cursor": cursor}).content.decode()


def test_long_texts_are_cut_and_can_be_seen_whole() -> None:
    entry(diff={"docs": ("short", "word " * 200 + "the end"), "tier": (None, 1)})
    client = Client()
    client.force_login(make.account("ada"))
    page = client.get("/changes").content.decode()
    assert "the end</pre>" in page
    assert page.count('<details class="fold fs-12">') == 1


def test_what_is_written_by_others_is_text_on_the_page() -> None:
    entry(object_ref="component:default/<b>", diff={"<i>": ("<script>", "<script>" * 40)})
    client = Client()
    client.force_login(make.account("ada"))
    main = client.get("/changes").content.decode().partition("<main")[2]
    assert not re.search(r"<b>component|<script>&|<i>", main.replace("<script type", ""))
    assert "&lt;script&gt;" in main


def test_exports_hold_all_that_the_filter_leaves() -> None:
    ada = make.person("ada")
    for number in range(60):
        entry(object_ref=f"component:default/c-{number}", actor=Actor(person=ada, via="web"))
    entry(object_ref=CI, diff={"title": ("", "=cmd()")})
    client = Client()
    client.force_login(make.account_of(ada))
    said: Any = client.get("/changes.csv", {"actor": "ada"})
    rows = list(csv.DictReader(io.StringIO(said.getvalue().decode())))
    assert (len(rows), rows[0]["actor_name"], json.loads(rows[0]["diff"])) == (60, "Ada", {"title": ["a", "b"]})
    lines: Any = client.get("/changes.jsonl", {"team": CI})
    [line] = [json.loads(text) for text in lines.getvalue().decode().splitlines()]
    assert (line["object"], line["diff"]["title"]) == (CI, ["", "=cmd()"])
    assert client.get("/changes.xml").status_code == 404
    assert client.get("/changes.csv", {"via": "x"}).status_code == 400


def test_a_cell_is_never_a_formula() -> None:
    root = make.person("root", display_name="=HYPERLINK(1)", admin=True)
    entry(actor=Actor(person=root))
    client = Client()
    client.force_login(make.account_of(root))
    said: Any = client.get("/changes.csv")
    [row] = csv.DictReader(io.StringIO(said.getvalue().decode()))
    assert row["actor_name"] == "'=HYPERLINK(1)"


def test_only_readers_read() -> None:
    for path in ("/changes", "/changes.csv", "/changes.jsonl"):
        assert Client().get(path).status_code == 302
    assert APIClient().get("/api/v1/changes").status_code == 401


def test_component_and_team_lead_to_their_own() -> None:
    ada = make.person("ada")
    make.component("ci-runners", owner=make.team("build-ci", ada))
    entry(owner_ref=CI)
    client = Client()
    client.force_login(make.account_of(ada))
    assert "/changes?team=group%3Adefault%2Fbuild-ci" in client.get("/teams/default/build-ci").content.decode()
    tab = client.get("/components/component/default/ci-runners?tab=changes").content.decode()
    assert "/changes?object=component%3Adefault%2Fci-runners" in tab


def test_changes_are_kept_for_ever_unless_a_setting_ends_them(settings: make.Settings) -> None:
    entry()
    entry(now=make.NOW - timedelta(days=31))
    assert prune_changes(now=make.NOW) == 0
    settings.PORTAL_CHANGES_KEPT_DAYS = 30
    assert prune_changes(now=make.NOW) == 1
    assert AuditEntry.objects.get().at == make.NOW


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("token:ci", "token ci"),
        ("system:demo", "Portico (demo)"),
        ("system:portico", "Portico"),
        ("system:location:default/platform", "import platform"),
        ("user:default/ada", "ada"),
        ("shop", "shop"),
    ],
)
def test_who_is_no_person_has_a_name_too(ref: str, said: str) -> None:
    assert actor(ref) == said


def test_a_log_speaks_of_fields_as_people_do() -> None:
    assert fields({"depends_on": 1, "chat_url": 2, "provides_apis": 3}) == "depends on, chat, provides APIs"
    assert [did(action) for action in ("policy.edit", "contact.put", "contact.test", "wiki.page")] == [
        "Changed",
        "Changed a contact of",
        "Sent a test page to",
        "wiki.page",
    ]


def test_in_a_list_of_one_object_the_object_is_not_missed() -> None:
    said = [did_alone(action) for action in ("drill-plan.set", "contact.test", "component.create")]
    assert said == ["Set when there are fire drills", "Sent a test page", "Registered"]


@pytest.mark.parametrize(
    ("ref", "said", "url"),
    [
        ("policy:secrets", "escalation policy secrets", "/escalation-policies/secrets"),
        ("alert-policy:workbook", "alert policy workbook", "/alert-policies/workbook"),
        ("budget-policy:freeze", "budget policy freeze", "/budget-policies/freeze"),
        ("schedule:build-ci", "schedule build-ci", "/on-call/build-ci"),
        ("slo:ci-queue & more", "objective ci-queue & more", "/slos?q=ci-queue+%26+more"),
        ("source:prometheus", "data source prometheus", "/settings/sources"),
        ("window:7", "maintenance window 7", "/maintenance"),
        ("invitation:7", "invitation 7", "/invitations"),
        ("token:ci", "API token ci", "/settings/tokens"),
        ("delivery:7", "delivery 7", "/deliveries/7"),
        ("policy:no slug", "escalation policy no slug", ""),
        ("sli:x", "indicator x", ""),
        ("severity-rules", "severity rules", "/severity-rules"),
        (RUNNERS, "component ci-runners", "/components/component/default/ci-runners"),
        ("group:ops/night", "team ops/night", "/teams/ops/night"),
        ("demo:b0d442c705a5f14e", "the demo", ""),
        ("nobody-knows:x", "nobody-knows:x", ""),
    ],
)
def test_what_was_changed_has_a_name_and_where_it_can_a_page(ref: str, said: str, url: str) -> None:
    assert (object_words(ref), object_url(ref)) == (said, url)


def test_what_has_a_title_is_called_by_it_and_found_by_it_without_a_question_a_row() -> None:
    ada = make.person("ada", display_name="Ada Okafor")
    make.component("ci-runners", title="CI runners")
    for number in range(5):
        component = make.component(f"c-{number}", title=f"Cache {number}")
        entry(object_ref=component.ref, actor=Actor(person=ada, via="web"))
    entry()
    client = Client()
    client.force_login(make.account("ben"))
    with CaptureQueriesContext(connection) as few:
        page = client.get("/changes").text
    assert ">component CI runners</a>" in page
    assert ">component Cache 4</a>" in page
    for number in range(5, 25):
        entry(object_ref=make.component(f"c-{number}", title=f"Cache {number}").ref)
    with CaptureQueriesContext(connection) as many:
        client.get("/changes")
    assert len(many) == len(few)
    for words, found in (("runners", 1), ("okafor", 5), ("CACHE", 25), (RUNNERS, 1), ("nothing of the kind", 0)):
        assert len(client.get("/changes", {"q": words}).context["rows"]) == found, words


def test_a_difference_is_told_as_set_cleared_or_changed_with_names_of_people_and_fields() -> None:
    make.person("ada", display_name="Ada Okafor")
    runners = make.component("ci-runners", title="CI runners")
    entry(
        diff={"runbook": (None, "https://x.example"), "docs": ("# Docs", ""), "email": ("a@x.example", "b@x.example")}
    )
    entry(action="component.create", diff={"name": ("", "ci-runners"), "dependency_of": ([], ["user:default/ada"])})
    entry(action="person.test", diff={"mail": (None, "mail:25 took it")})
    client = Client()
    client.force_login(make.account("ben"))
    for url in ("/changes", f"{runners.get_absolute_url()}?tab=changes"):
        said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", client.get(url).content.decode()))
        assert "Runbook set to https://x.example" in said
        assert "Docs cleared, was # Docs" in said
        assert "E-mail a@x.example → b@x.example" in said
        assert "nothing →" not in said
        assert "Test mail" not in said
        assert ("Needed by Ada Okafor" if url == "/changes" else "with needed by") in said
        assert "Name ci-runners" not in said


def test_every_title_of_what_is_no_entity_can_be_asked_for() -> None:
    titled = {kind: subject.titled for kind, subject in registries.subjects.items() if subject.titled}
    assert {"slo", "integration", "policy", "schedule", "incident", "campaign"} <= titled.keys()
    assert called([f"{kind}:{name}" for kind in titled for name in ("7", "none", "9" * 30)]) == {}
    assert {f"{kind}:x" for kind in titled} <= refs_called("x")


def test_every_kind_that_is_written_down_has_words() -> None:
    """Or it is an entity of the catalog."""
    kinds = {kind for path in ("catalog", "slo", "incidents") for kind in refs_in(Path(path))}
    known = registries.subjects.keys() | {"component", "group", "user", "system", "domain", "location"}
    assert kinds
    assert kinds <= known


def refs_in(folder: Path) -> set[str]:
    """Kinds in `object_ref=f"kind:…"` of an app's operations."""
    found = re.compile(r'object_ref=f?"([a-z-]+)[:"]')
    root = Path(__file__).resolve().parents[2]
    return {kind for file in (root / folder).rglob("*.py") for kind in found.findall(file.read_text())}
