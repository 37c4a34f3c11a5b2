"""Reviews and action items as pages: read by everybody, written by those it is theirs to, nothing typed is lost."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Person
from incidents import operations
from incidents.models import ActionItem, Review
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.incidents.review_world import DAY, MINUTE, TOLD, World

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def review(world: World) -> Review:
    now = db_now()
    return world.review(world.incident(at=now - 60 * MINUTE, summary="Jobs wait"), now=now)


def signed_in(who: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(who))
    return client


def at(review: Review, name: str = "review") -> str:
    return reverse(f"incidents:{name}", args=[review.pk])


def text_of(client: Client, url: str, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, url
    return answer.content.decode()


def typed(client: Client, review: Review, **said: str) -> dict[str, str]:
    """What the opened form sends."""
    page = text_of(client, at(review, "edit-review"))
    hidden = dict(re.findall(r'<input type="hidden" name="(version|form|was-\w+)" value="(\w+)"', page))
    shown = dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    return {**hidden, **{name: html.unescape(text) for name, text in shown.items()}, **said}


def test_everybody_signed_in_reads_and_only_its_people_write(world: World, review: Review) -> None:
    item = world.item(review, now=db_now())
    pages = ["review", "review-history", "review-markdown"]
    closed = [
        ("edit-review", {"version": "1", "summary": "x"}), ("publish-review", {}), ("draft-review", {}),
        ("unpublish-review", {"reason": "x"}), ("new-action-item", {"title": "x"}),
    ]  # fmt: skip
    bob = signed_in(world.bob)
    for url in [*(at(review, name) for name in pages), reverse("incidents:reviews"), item.get_absolute_url()]:
        text_of(bob, url)
        assert Client().get(url)["Location"].startswith(reverse("sign-in"))
    for name, body in closed:
        assert bob.post(at(review, name), body).status_code == 403, name
        assert Client().post(at(review, name), body)["Location"].startswith(reverse("sign-in"))
    for name in ("edit-action-item", "close-action-item", "reopen-action-item"):
        url = reverse(f"incidents:{name}", args=[item.pk])
        assert bob.post(url, {"state": "done"}).status_code == 403, name
        assert Client().post(url)["Location"].startswith(reverse("sign-in"))
    shown = text_of(bob, at(review)).partition("<main")[2]
    assert "Write" not in shown
    assert re.search(r"Still a draft: <a [^>]*>[^<]*</a>, and whoever was paged for it, write and publish it", shown)
    assert "Still a draft" not in text_of(signed_in(world.ada), at(review))
    review.refresh_from_db()
    assert (review.version, ActionItem.objects.get().state) == (1, "open")


def test_whoever_is_to_do_it_ends_it_though_the_review_is_not_theirs(world: World, review: Review) -> None:
    item = world.item(review, owner=world.bob, now=db_now())
    bob = signed_in(world.bob)
    url = reverse("incidents:close-action-item", args=[item.pk])
    assert bob.post(url, {"state": "dropped", "outcome": ""}).status_code == 400
    assert bob.post(url, {"state": "done", "outcome": "It drains"}).status_code == 302
    text = text_of(bob, item.get_absolute_url())
    assert "It drains" in text
    assert "0 in the 30 days before" not in text  # the incident itself was before
    assert "1 in the 30 days before" in text
    assert bob.post(reverse("incidents:reopen-action-item", args=[item.pk])).status_code == 302


def test_from_the_incident_to_what_is_published(world: World) -> None:
    now = db_now()
    incident = world.incident(at=now - 60 * MINUTE, rule="ticket", cause="A disk")
    ada = signed_in(world.ada)
    assert "Write the review" in text_of(ada, incident.get_absolute_url())
    assert "Write the review" not in text_of(signed_in(world.bob), incident.get_absolute_url())
    begun = ada.post(reverse("incidents:draft-review", args=[incident.pk]), follow=True)
    assert "A disk" in begun.content.decode()
    review = Review.objects.get()
    saved = ada.post(at(review, "edit-review"), typed(ada, review, **TOLD))
    assert saved["Location"] == f"{at(review)}#main", "or a browser would scroll to where it was in the form"
    shown = text_of(ada, at(review))
    assert TOLD["summary"] in shown
    assert "Acknowledged after" in shown
    version = re.search(r'name="version" value="(\d+)"', shown)
    assert version
    ada.post(at(review, "publish-review"), {"version": version[1]})
    assert "Take back" in text_of(ada, at(review))
    assert "Read the review" in text_of(ada, incident.get_absolute_url())
    assert ada.get(at(review, "edit-review")).status_code == 302
    assert ada.post(at(review, "unpublish-review"), {"reason": "A name in it"}).status_code == 302
    assert "A name in it" in text_of(ada, at(review, "review-history"))
    assert TOLD["causes"] in text_of(ada, at(review, "review-history"), version="2")
    assert "attachment" in ada.get(at(review, "review-markdown"))["Content-Disposition"]


def test_what_was_measured_stands_where_nobody_wrote_and_becomes_the_text_with_one_click(
    world: World, review: Review
) -> None:
    ada = signed_in(world.ada)
    shown = text_of(ada, at(review))
    assert "open for 30 min" in shown
    assert "Take it over as the text" in shown
    assert "Take it over" not in text_of(signed_in(world.bob), at(review))
    sent = typed(ada, review, summary="Jobs waited") | {"measured": "yes"}
    answer = ada.post(at(review, "edit-review"), sent)
    assert answer["Location"] == f"{at(review, 'edit-review')}#impact"
    review.refresh_from_db()
    assert review.summary == "Jobs waited"
    assert "open for 30 min" in review.impact
    assert "Measured:" not in text_of(ada, at(review))
    ada.post(at(review, "edit-review"), typed(ada, review, impact="Nobody built") | {"measured": "yes"})
    review.refresh_from_db()
    assert review.impact == "Nobody built"


def test_before_it_is_published_it_says_which_parts_are_empty(world: World, review: Review) -> None:
    ada = signed_in(world.ada)
    assert "Still empty" not in text_of(ada, at(review))  # it can't be published yet
    ada.post(at(review, "edit-review"), typed(ada, review, impact="None", **TOLD))
    shown = text_of(ada, at(review))
    assert "Still empty: <b>What went well, What went badly</b>" in shown
    assert "Publish it with 2 empty parts" in shown
    ada.post(at(review, "edit-review"), typed(ada, review, went_well="x", went_badly="y"))
    assert "Still empty" not in text_of(ada, at(review))


def test_an_open_incident_offers_no_review(world: World) -> None:
    incident = make_incidents.incident(world.runners, now=db_now())
    ada = signed_in(world.ada)
    assert "Write the review" not in text_of(ada, incident.get_absolute_url())
    assert ada.post(reverse("incidents:draft-review", args=[incident.pk])).status_code == 409


def test_what_is_typed_is_saved_by_itself_on_the_version_it_said_last(world: World, review: Review) -> None:
    ada, sent = signed_in(world.ada), {}
    sent = typed(ada, review, summary="Jobs")
    answer = ada.post(at(review, "edit-review"), sent, headers=HTMX)
    assert answer.status_code == 200
    assert 'name="version" value="2"' in answer.content.decode()
    assert "Saved" in answer.content.decode()
    ada.post(at(review, "edit-review"), {**sent, "summary": "Jobs wait", "version": "2"}, headers=HTMX)
    review.refresh_from_db()
    assert (review.summary, review.version, review.versions.count()) == ("Jobs wait", 3, 2)


def test_two_who_write_at_once_lose_nothing(world: World, review: Review) -> None:
    ada, ben = signed_in(world.ada), signed_in(world.ben)
    hers, his = typed(ada, review, summary="Ada's words"), typed(ben, review, summary="Ben's words", impact="All")
    assert ada.post(at(review, "edit-review"), hers).status_code == 302
    auto = ben.post(at(review, "edit-review"), his, headers=HTMX)
    assert auto.status_code == 409
    assert 'name="version" value="1"' in auto.content.decode()
    assert "Not saved" in auto.content.decode()
    answer = ben.post(at(review, "edit-review"), his)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ada saved meanwhile" in text
    assert "Ada&#x27;s words</li>" in text  # theirs, beside
    assert "Ben&#x27;s words</textarea>" in text  # mine, in the form
    assert "All</textarea>" in text
    assert 'name="version" value="2"' in text
    assert ben.post(at(review, "edit-review"), {**his, "version": "2"}).status_code == 302
    review.refresh_from_db()
    assert (review.summary, review.impact) == ("Ben's words", "All")


def test_two_who_write_different_sections_are_no_conflict_and_what_one_did_not_touch_stays(
    world: World, review: Review
) -> None:
    operations.save_review(review=review, sections=TOLD, version=1, by=world.by, now=db_now())
    ada, ben = signed_in(world.ada), signed_in(world.ben)
    hers, his = typed(ada, review, summary="Ada's words"), typed(ben, review, impact="All of CI")
    more = typed(ben, review, summary="Ben's words", went_well="Luck")
    assert ada.post(at(review, "edit-review"), hers).status_code == 302
    assert ben.post(at(review, "edit-review"), his, headers=HTMX).status_code == 409  # nobody would see it by itself
    assert ben.post(at(review, "edit-review"), his).status_code == 302
    review.refresh_from_db()
    assert (review.summary, review.impact, review.causes) == ("Ada's words", "All of CI", TOLD["causes"])
    answer = ben.post(at(review, "edit-review"), more)
    text = answer.content.decode()
    assert answer.status_code == 409
    for kept in ("Ben&#x27;s words</textarea>", "All of CI</textarea>", "Luck</textarea>", "Ada&#x27;s words</li>"):
        assert kept in text


def test_what_was_typed_outlives_publishing_signing_out_and_being_too_long(world: World, review: Review) -> None:
    ada = signed_in(world.ada)
    sent = typed(ada, review, summary="Mine to keep")
    long = ada.post(at(review, "edit-review"), {**sent, "impact": "x" * 50_001})
    assert (long.status_code, "Mine to keep</textarea>" in long.content.decode()) == (400, True)
    out = Client().post(at(review, "edit-review"), sent, headers=HTMX)
    assert (out.status_code, "signed out" in out.content.decode()) == (401, True)
    saved = operations.save_review(review=review, sections=TOLD, version=1, by=world.by, now=db_now())
    operations.publish_review(review=saved, by=world.by, now=db_now())
    late = ada.post(at(review, "edit-review"), sent)
    assert (late.status_code, "Mine to keep</textarea>" in late.content.decode()) == (409, True)
    assert ada.post(at(review, "edit-review"), {"summary": "x"}).status_code == 400


def test_an_action_item_is_written_down_with_the_objectives_it_is_to_help(world: World, review: Review) -> None:
    objective = make_incidents.objective(world.runners, "ci-wait")
    ada = signed_in(world.ada)
    url = at(review, "new-action-item")
    assert "ci-wait" in text_of(ada, url)
    due = (db_now() + 5 * DAY).date().isoformat()
    sent = {
        "title": "Drain first",
        "owner": "bob",
        "due_on": due,
        "component": "ci-runners",
        "objectives": objective.pk,
    }
    wrong = ada.post(url, {**sent, "owner": "nobody-known", "due_on": "2020-01-01"})
    assert wrong.status_code == 400
    assert "Drain first" in wrong.content.decode()
    assert "Nobody is known as" in wrong.content.decode()
    assert "Choose a day to come" in ada.post(url, {**sent, "due_on": "2020-01-01"}).content.decode()
    assert ada.post(url, sent)["Location"] == at(review)
    item = ActionItem.objects.get()
    assert (item.owner, list(item.objectives.all())) == (world.bob, [objective])
    edit = reverse("incidents:edit-action-item", args=[item.pk])
    assert "checked" in text_of(ada, edit)
    assert ada.post(edit, {**sent, "title": "Drain before"}).status_code == 302
    assert "Drain before" in text_of(ada, at(review))


def test_lists_filter_page_and_say_why_they_are_empty(world: World) -> None:
    ada = signed_in(world.ada)
    here, items = reverse("incidents:reviews"), reverse("incidents:action-items")
    assert "No review yet" in text_of(ada, here)
    assert "Nothing is left to be done" in text_of(ada, items)
    now = db_now()
    made = [world.review(world.incident(at=now - n * DAY, summary=f"Jobs wait {n}"), now=now) for n in range(1, 33)]
    world.item(made[0], now=now - 20 * DAY)
    first = text_of(ada, here)
    assert "Jobs wait 32<" in first
    assert "32 reviews in all, last drafted first" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = text_of(ada, following[1].replace("&amp;", "&"))
    assert ("Jobs wait 1<" in second, "Jobs wait 32<" in second) == (True, False)
    assert "32 reviews in all, last drafted first" in second
    for query, found in (
        ({"view": "published"}, False), ({"view": "mine"}, True), ({"q": "wait 7"}, True), ({"q": "zzz"}, False),
        ({"team": "group:default/ci"}, True), ({"severity": "5"}, False), ({"component": "ci-runners"}, True),
        ({"cursor": "xxx", "q": "\x00"}, True),
    ):  # fmt: skip
        assert ("Nothing matches" not in text_of(ada, here, **query)) is found, query
    for query, found in (
        ({"view": "mine"}, True), ({"view": "overdue"}, True), ({"state": "done"}, False), ({"view": "teams"}, True),
        ({"team": "group:default/networking"}, False), ({"view": "all", "q": "drain"}, True),
    ):  # fmt: skip
        assert ("Drain nodes first" in text_of(ada, items, **query)) is found, query


def test_what_is_due_and_drafts_to_write_wait_at_home_and_the_team_s_page_lists_them(
    world: World, review: Review
) -> None:
    item = world.item(review, now=db_now() - 9 * DAY)
    home = text_of(signed_in(world.ada), "/")
    assert item.title in home
    assert f"Review of INC-{review.pk} to write" in home
    assert item.title not in text_of(signed_in(world.bob), "/")
    assert item.title in text_of(signed_in(world.bob), world.team.get_absolute_url())
    assert reverse("incidents:reviews") in home


def test_no_page_asks_more_than_thirty_questions(world: World, review: Review) -> None:
    objective = make_incidents.objective(world.runners, "ci-wait")
    for n in range(6):
        item = world.item(
            review, title=f"Item {n}", owner=world.bob, component=world.runners, objectives=(objective,), now=db_now()
        )
        if n % 2:
            operations.close_action_item(item=item, state="done", by=world.by, now=db_now())
        operations.save_review(review=review, sections={"summary": str(n)}, version=n + 1, by=world.by, now=db_now())
        world.review(world.incident(at=db_now() - (n + 2) * DAY), now=db_now())
    ada = signed_in(world.ada)
    ada.get(at(review))
    pages = [
        at(review, name) for name in ("review", "edit-review", "review-history", "review-markdown", "new-action-item")
    ]
    pages += [item.get_absolute_url(), reverse("incidents:reviews"), reverse("incidents:action-items")]
    asked = {}
    for url in pages:
        with CaptureQueriesContext(connection) as counted:
            text_of(ada, url)
        asked[url] = len(counted)
    assert max(asked.values()) <= 30, asked
