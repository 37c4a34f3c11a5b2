"""Badges, cards and the feed: who sees them by which link, what they say, and what nobody gets by guessing."""

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Person, Sharing, Team
from portal.lib.clock import db_now
from slo.models import Objective
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
HOST = "http://localhost:8000"
RUNNERS = "component:default/ci-runners"
SHOWS = {"owner", "health", "slo", "on-call"}


@pytest.fixture
def ada() -> Person:
    return make.person("ada", display_name="Ada Okafor")


@pytest.fixture
def team(ada: Person) -> Team:
    made = make.team("build-ci", lead=ada, title="Build & CI")
    make_incidents.schedule(ada, team=made, since=db_now() - timedelta(days=9))
    return made


@pytest.fixture
def runners(team: Team) -> Component:
    return make.component("ci-runners", title="CI runners", owner=team, tier=1)


@pytest.fixture
def promise(runners: Component) -> Objective:
    made = make_slo.objective("runners-start", component=runners)
    made.standing.__class__.objects.filter(pk=made.standing.pk).update(remaining=0.421, state=0, data="ok")
    return made


@pytest.fixture
def lead(client: Client, ada: Person) -> Client:
    """Ada's browser."""
    client.force_login(make.account_of(ada))
    return client


def share(lead: Client, ref: str = RUNNERS) -> dict[str, str]:
    """The addresses, by kind and what, of a thing that is shared now."""
    answer = lead.put(f"/api/v1/sharing/{ref}")
    assert answer.status_code == 200, answer.content
    return {f"{one['kind']}/{one['what']}": one["url"].removeprefix(HOST) for one in answer.json()["links"]}


def said(answer: Any) -> str:
    assert answer["Content-Type"] == "image/svg+xml"
    return str(ElementTree.fromstring(answer.content).get("aria-label"))


def test_without_a_link_nobody_learns_even_that_it_is_there(runners: Component, promise: Objective) -> None:
    asked = (
        f"/badge/{RUNNERS}/owner.svg",
        "/badge/component:default/none/owner.svg",
        "/badge/x/y.svg",
        "/badge/slo:runners-start/budget.svg",
    )
    found = [Client().get(url) for url in asked]
    assert {(one.status_code, one.content, one["ETag"], one["Cache-Control"]) for one in found} == {
        (404, found[0].content, found[0]["ETag"], "no-cache")
    }
    assert said(found[0]) == "portico: unknown"
    cards = [Client().get(f"/embed/{ref}/overview") for ref in (RUNNERS, "component:default/none")]
    assert {(one.status_code, one.content) for one in cards} == {(404, cards[0].content)}


def test_a_component_says_of_its_objectives_the_least_that_is_left(
    lead: Client, runners: Component, promise: Objective
) -> None:
    other = make_slo.objective("runners-answer", component=runners)
    other.standing.__class__.objects.filter(pk=other.standing.pk).update(remaining=0.577, burn=2, state=0, data="ok")
    assert said(lead.get(f"/badge/{RUNNERS}/slo.svg")) == "error budget: 42.1 % left", "not of what burns faster"


def test_whoever_has_a_link_sees_what_it_was_made_for(lead: Client, runners: Component, promise: Objective) -> None:
    urls = share(lead)
    badges = {what: said(Client().get(urls[f"badge/{what}"])) for what in SHOWS}
    assert badges == {
        "owner": "owner: Build & CI", "health": "health: no SLO", "slo": "error budget: 42.1 % left",
        "on-call": "on call: Ada Okafor",
    }  # fmt: skip
    card = Client().get(urls["card/overview"]).content.decode()
    assert "CI runners" in card
    assert "Ada Okafor" in card
    assert "42.1" in card
    objective = share(lead, "slo:runners-start")
    assert said(Client().get(objective["badge/budget"])) == "error budget: 42.1 % left"
    assert "Promised" in Client().get(objective["card/overview"]).content.decode()
    promise.standing.__class__.objects.filter(pk=promise.standing.pk).update(data="quiet")
    assert "no traffic" in Client().get(objective["card/overview"]).content.decode()
    duty = Client().get(share(lead, "group:default/build-ci")["card/on-call"]).content.decode()
    assert "<b>Ada Okafor</b>" in duty


def test_a_link_opens_nothing_else(lead: Client, runners: Component, team: Team) -> None:
    make.component("vault", owner=team)
    urls, others = share(lead), share(lead, "component:default/vault")
    key = urls["badge/owner"].partition("?key=")[2]
    tried = [
        f"/badge/{RUNNERS}/on-call.svg?key={key}",
        f"/embed/{RUNNERS}/overview?key={key}",
        f"/badge/component:default/vault/owner.svg?key={key}",
        f"/badge/{RUNNERS}/owner.svg?key={key[:-1]}",
        f"/badge/{RUNNERS}/owner.svg?key={key[:-1]}{'A' if key[-1] != 'A' else 'B'}",
        f"/badge/{RUNNERS}/owner.svg?key={key}:{key}",
        f"/badge/{RUNNERS}/owner.svg?key=%C3%A9",
        f"/badge/{RUNNERS}/owner.svg?key=",
        others["badge/owner"].replace("vault", "ci-runners"),
        f"/status/feed?key={key}",
    ]
    assert {Client().get(url).status_code for url in tried[:-1]} == {404}
    assert Client().get(tried[-1]).status_code == 404
    assert Client().get(urls["badge/owner"]).status_code == 200


def test_links_that_were_ended_stay_ended_though_it_is_shared_again(lead: Client, runners: Component) -> None:
    old = share(lead)["badge/owner"]
    assert share(lead)["badge/owner"] == old, "sharing what is shared changes nothing"
    assert lead.delete(f"/api/v1/sharing/{RUNNERS}").status_code == 204
    assert Client().get(old).status_code == 404
    new = share(lead)["badge/owner"]
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)
    told = AuditEntry.objects.filter(action__startswith="sharing.").order_by("pk").values_list("action", "object_ref")
    assert list(told) == [(f"sharing.{what}", RUNNERS) for what in ("begin", "end", "begin")]


def test_an_outsider_neither_shares_nor_sees_the_links_of_others(lead: Client, runners: Component) -> None:
    key = share(lead)["badge/owner"].partition("?key=")[2]
    mallory = Client()
    mallory.force_login(make.account("mallory"))
    shown = mallory.get(f"/sharing/{RUNNERS}").content.decode()
    told = mallory.get(f"/api/v1/sharing/{RUNNERS}").json()
    assert "?key=" not in shown
    assert (told["shared"], told["signed"]) == (True, False)
    assert not [one for one in told["links"] if "key=" in one["url"]]
    assert mallory.get(f"/badge/{RUNNERS}/owner.svg").status_code == 200, "who is signed in reads anyway"
    assert mallory.put(f"/api/v1/sharing/{RUNNERS}").status_code == 403
    assert mallory.delete(f"/api/v1/sharing/{RUNNERS}").status_code == 403
    assert lead.put("/api/v1/sharing/status:all").status_code == 403, "the status page is for platform admins"
    assert key in lead.get(f"/sharing/{RUNNERS}").content.decode()
    assert Client().get(f"/sharing/{RUNNERS}").status_code == 302
    assert lead.get("/api/v1/sharing/slo:none").status_code == 404


def test_a_token_shares_what_its_scope_and_teams_allow(runners: Component, team: Team) -> None:
    tokens = (
        ("alerts:send", team, 403),
        ("components:write", make.team("others"), 403),
        ("components:write", team, 200),
    )
    for scope, of, code in tokens:
        _, text = make.token(scope, teams=[of])
        assert make.signed(APIClient(), text).put(f"/api/v1/sharing/{RUNNERS}").status_code == code


def test_badges_are_kept_by_caches_and_set_no_cookie(lead: Client, runners: Component) -> None:
    url = share(lead)["badge/owner"]
    with CaptureQueriesContext(connection) as asked:
        first = Client().get(url)
    assert len(asked) <= 3
    assert (first["Cache-Control"], first.cookies) == ("public, max-age=60", {})
    assert "default-src 'none'" in first["Content-Security-Policy"]
    again = Client().get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Team.objects.update(title="Builders")
    changed = Client().get(url, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, said(changed)) == (200, "owner: Builders")
    assert lead.get(url.partition("?")[0])["Cache-Control"] == "private, max-age=60"


def test_a_card_is_framed_by_those_who_may_and_runs_nothing(
    lead: Client, runners: Component, promise: Objective, settings: make.Settings
) -> None:
    settings.PORTAL_EMBED_ANCESTORS = ("'self'", "https://wiki.example.org")
    url = share(lead)["card/overview"]
    with CaptureQueriesContext(connection) as asked:
        card = Client().get(f"{url}&theme=dark&refresh=5&zone=Asia/Tokyo")
    assert len(asked) <= 10
    assert "frame-ancestors 'self' https://wiki.example.org" in card["Content-Security-Policy"]
    assert "script-src" not in card["Content-Security-Policy"]
    assert "X-Frame-Options" not in card
    assert (card["Refresh"], card.cookies) == ("30", {})
    html = card.content.decode()
    assert 'data-bs-theme="dark"' in html
    assert " JST ·" in html
    assert "<script" not in html
    assert "style=" not in html
    plain = Client().get(f"{url}&theme=%22x&zone=../../etc/passwd&refresh=1e9")
    assert "data-bs-theme" not in plain.content.decode()
    assert "Refresh" not in plain
    assert lead.get(runners.get_absolute_url())["X-Frame-Options"] == "DENY"


def test_names_are_words_wherever_they_are_shown(lead: Client, runners: Component, team: Team) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>](javascript:alert(1))'
    Team.objects.update(title=evil)
    Component.objects.update(title=evil)
    Person.objects.update(display_name=evil)
    urls = share(lead)
    for what in SHOWS:
        assert b"<script" not in Client().get(urls[f"badge/{what}"]).content
    for what in ("overview", "on-call"):
        card = Client().get(urls[f"card/{what}"]).content.decode()
        assert "<script" not in card
        assert "<img" not in card
    told = lead.get(f"/api/v1/sharing/{RUNNERS}").json()["links"]
    markdown = next(one["text"] for one in told if one["what"] == "owner")
    assert re.fullmatch(r"\[!\[[^\[\]()<>\"]*\]\(http://localhost:8000/badge/[^ ()]+\)\]\(http://[^ ()]+\)", markdown)
    html = next(one["text"] for one in told if one["kind"] == "card")
    assert re.fullmatch(
        r'<iframe src="[^"<>]+" title="[^"<>]+" width="320" height="\d+" style="border:0"></iframe>', html
    )


def test_missing_is_a_word(lead: Client, ada: Person) -> None:
    made = make.component("lost", owner=None, owner_ref="user:default/ada")
    make.component("bare", owner=make.team("quiet", ada))
    assert lead.get(made.get_absolute_url()).status_code == 200
    urls, bare = share(lead, "component:default/lost"), share(lead, "component:default/bare")
    assert said(Client().get(urls["badge/owner"])) == "owner: ada"
    assert said(Client().get(urls["badge/slo"])) == "error budget: no objective"
    assert said(Client().get(bare["badge/on-call"])) == "on call: no schedule"
    objective = make_slo.objective("blind", component=Component.objects.get(name="bare"))
    assert said(lead.get(f"/badge/slo:{objective.name}/budget.svg")).startswith("error budget: ")
    assert "%" not in said(lead.get(f"/badge/slo:{objective.name}/budget.svg"))
    Component.objects.filter(name="bare").update(retired_at=make.NOW)
    assert said(Client().get(bare["badge/owner"])) == "owner: retired"


def test_where_everybody_may_read_links_need_no_key(runners: Component, settings: make.Settings) -> None:
    settings.PORTAL_ANONYMOUS_READ = True
    answer = Client().get(f"/badge/{RUNNERS.upper()}/owner.svg")
    assert (said(answer), answer["Cache-Control"]) == ("owner: Build & CI", "public, max-age=60")
    assert Client().get(f"/embed/{RUNNERS}/overview").status_code == 200


def test_a_feed_reader_needs_no_sign_in_once_the_status_page_is_shared(client: Client, runners: Component) -> None:
    make_incidents.incident(runners, now=db_now())
    assert Client().get("/status/feed").status_code == 302
    assert Client().get("/status/feed?key=guessed").status_code == 404
    client.force_login(make.account("root", admin=True))
    url = share(client, "status:all")["feed/feed"]
    read = Client().get(url)
    assert read["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert b"Runs don" in read.content
    client.delete("/api/v1/sharing/status:all")
    assert Client().get(url).status_code == 404


def test_the_pages_of_things_lead_to_what_is_copied_and_the_list_to_all_of_it(
    lead: Client, runners: Component, promise: Objective
) -> None:
    for url, ref in (
        (runners.get_absolute_url(), RUNNERS),
        (promise.get_absolute_url(), "slo:runners-start"),
        ("/teams/default/build-ci", "group:default/build-ci"),
        ("/status", "status:all"),
    ):
        assert f'href="/sharing/{ref}"' in lead.get(url).content.decode()
        assert lead.get(f"/sharing/{ref}").status_code == 200
    assert "Nothing is shared" in lead.get("/sharing").content.decode()
    done = lead.post(f"/sharing/{RUNNERS}/begin", follow=True).content.decode()
    assert "End all links" in done
    assert f"]({HOST}/badge/{RUNNERS}/slo.svg?key=" in done.replace("&amp;", "&")
    with CaptureQueriesContext(connection) as asked:
        lead.get(f"/sharing/{RUNNERS}")
    assert len(asked) <= 30
    assert RUNNERS in lead.get("/sharing?q=runners").content.decode()
    assert "Nothing matches" in lead.get("/sharing?q=zzz").content.decode()
    assert [one["ref"] for one in lead.get("/api/v1/sharing").json()["results"]] == [RUNNERS]
    lead.post(f"/sharing/{RUNNERS}/end")
    assert not Sharing.objects.exists()
