"""The weekly digest: what a week was, the letter with its pictures, sent once a week and person, and who wants none."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import AuditEntry, Component, Person, Score, ScoreDay, ScoreStep, Team
from incidents import analytics
from incidents.asking import wanted
from incidents.digest import pictures, sending
from incidents.digest.facts import Facts, Load, week_before
from incidents.digest.gathering import gather
from incidents.digest.letters import compose
from incidents.digest.links import off_link
from incidents.digest.links import read as read_link
from incidents.digest.sending import Sender
from incidents.models import ActionItem, DigestChoice, DigestLetter, Incident, Notification, PageStep, Review, Schedule
from incidents.operations import digests
from slo.models import Standing
from tests import make, make_incidents, make_slo
from tests.fakes.smtp import MailSink

pytestmark = pytest.mark.django_db
BERLIN = "Europe/Berlin"
MONDAY = date(2026, 11, 23)
SENT_AT = datetime(2026, 11, 23, 7, tzinfo=UTC)  # 08:00 in Berlin
WEEK = week_before(MONDAY, ZoneInfo(BERLIN))
WEDNESDAY = datetime(2026, 11, 18, 10, tzinfo=UTC)
State = DigestLetter.State


class World:
    """Build & CI (Ada leads, Ben) by Berlin's clock has ci-runners; Root is a platform admin in no team."""

    def __init__(self) -> None:
        self.ada = make.person("ada", time_zone=BERLIN)
        self.ben = make.person("ben", time_zone="America/New_York")
        self.root = make.person("root", admin=True, email="")
        self.build = make.team("build-ci", self.ben, lead=self.ada)
        self.runners = make.component("ci-runners", owner=self.build, tier=1)
        self.schedule = make_incidents.schedule(self.ada, self.ben, team=self.build)
        Schedule.objects.filter(pk=self.schedule.pk).update(time_zone=BERLIN)

    def happened(self, at: datetime = WEDNESDAY, after: int = 3, **said: Any) -> Incident:
        """An incident, taken by Ada after so many minutes, over an hour later."""
        row = make_incidents.incident(self.runners)
        taken = {"acknowledged_at": at + timedelta(minutes=after), "acknowledged_by": self.ada}
        over = {"state": "resolved", "resolved_at": at + timedelta(hours=1)}
        Incident.objects.filter(pk=row.pk).update(**{"opened_at": at, **taken, **over, **said})
        return row

    def called(self, row: Incident, at: datetime, *people: Person, step: int = 0) -> None:
        """By one step of Build & CI's page, each by a message that was sent."""
        page = row.pages.filter(team=self.build).first() or row.pages.create(
            team=self.build, state="resolved", opened_at=at, policy_version=None
        )
        refs = [one.ref for one in people]
        made = PageStep.objects.create(page=page, generation=0, cycle=0, step=step, repeat=0, at=at, people=refs)
        for one in people:
            Notification.objects.create(
                kind="page", incident=row, page=page, step=made, person=one, channel="email", address=one.email,
                rule="x", idempotency_key=f"{made.pk}-{one.pk}", state="sent", created_at=at, due_at=at,
                next_attempt_at=at, sent_at=at,
            )  # fmt: skip


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


def facts(world: World, *, platform: bool = False) -> Facts:
    return gather(None if platform else world.build, WEEK, now=SENT_AT)


def planned(at: datetime = make.NOW) -> int:
    return digests.plan_letters(now=at)


def sent(at: datetime = SENT_AT) -> int:
    sender, n = Sender(), 0
    while sender.send_due(now=lambda: at):
        n += 1
    return n


# What a week was


def test_incidents_of_the_week_say_who_took_them_how_fast(world: World) -> None:
    world.happened(after=3, severity=3)
    world.happened(after=30, severity=1)
    world.happened(acknowledged_at=None, acknowledged_by=None, severity=2)
    world.happened(WEEK.start - timedelta(seconds=1))
    world.happened(WEEK.end)
    world.happened(is_drill=True)
    found = facts(world)
    assert (found.opened, found.answered) == (3, 2)
    assert found.median_answer == timedelta(minutes=16.5)
    assert [line.incident.severity for line in found.incidents] == [1, 2, 3]
    assert found.incidents[0].answered_after == timedelta(minutes=30)
    assert sum(line.answered_after is None for line in found.incidents) == 1
    assert [day.incidents for day in found.days] == [0, 0, 3, 0, 0, 0, 0]


def test_the_week_begins_and_ends_at_midnight_of_its_zone(world: World) -> None:
    world.happened(datetime(2026, 11, 15, 23, tzinfo=UTC))  # Monday, 00:00 in Berlin
    world.happened(datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC))
    assert [day.incidents for day in facts(world).days] == [1, 0, 0, 0, 0, 0, 1]


def test_calls_are_those_of_analytics_and_nights_by_the_clock_of_the_person(world: World) -> None:
    row = world.happened()
    at = datetime(2026, 11, 18, 2, tzinfo=UTC)  # 03:00 in Berlin, 21:00 the day before in New York
    world.called(row, at, world.ada, world.ben)
    world.called(row, at + timedelta(minutes=5), world.ada, step=1)
    weekend = world.happened()
    world.called(weekend, datetime(2026, 11, 21, 12, tzinfo=UTC), world.ada)
    drill = world.happened(is_drill=True)
    world.called(drill, at, world.ada)
    loads = {one.name: (one.pages, one.nights, one.weekends) for one in facts(world).loads}
    assert loads == {"Ada": (3, 2, 1), "Ben": (1, 0, 0)}
    assert [(day.pages, day.nights) for day in facts(world).days] == [
        (0, 0), (0, 0), (3, 2), (0, 0), (0, 0), (1, 0), (0, 0)
    ]  # fmt: skip
    asked = wanted(since=WEEK.start, until=WEEK.end, now=SENT_AT, zone=BERLIN, team=world.build.ref)
    assert loads == {
        one.person.label: (one.disturbed.pages, one.disturbed.at_night, one.disturbed.at_weekends)
        for one in analytics.people(asked).loads
    }


def test_what_the_team_was_called_into_stands_beside_its_own(world: World) -> None:
    world.happened(after=4)
    theirs = make_incidents.incident(make.component("dns", owner=make.team("net")))
    Incident.objects.filter(pk=theirs.pk).update(opened_at=WEDNESDAY, acknowledged_at=None)
    world.called(theirs, WEDNESDAY, world.ben)
    found, fleet = facts(world), facts(world, platform=True)
    assert (found.opened, found.helped, len(found.incidents), found.left_out) == (1, 1, 2, 0)
    assert (found.answered, found.median_answer) == (1, timedelta(minutes=4))
    assert (fleet.opened, fleet.helped) == (2, 0)
    letter = compose(world.ada, [found, fleet], off="")
    assert "Incidents: 1, and 1 of others that the team was called into" in letter.text
    said = "Build Ci: 1 incident of its own, 1 of others; 2 incidents on the whole platform, 16 Nov – 22 Nov"
    assert letter.subject == said


def test_budgets_gaps_and_components_without_owner_are_told(world: World) -> None:
    bad = make_slo.objective("late", component=world.runners)
    make_slo.objective("fine", component=world.runners)
    Standing.objects.filter(objective=bad).update(state=Standing.State.EXHAUSTED, remaining=-0.1)
    Component.objects.filter(pk=make.component("orphan").pk).update(owner=None)
    other = make.team("other", make.person("cyd"))
    make.component("theirs", owner=other)
    found, fleet = facts(world), facts(world, platform=True)
    assert (found.worrying, found.promised, [one.name for one in found.objectives]) == (1, 2, ["late"])
    assert ([gap.policy for gap in found.gaps], found.unowned) == ([False], 0)
    assert (fleet.unowned, {gap.team.name for gap in fleet.gaps}) == (1, {"build-ci", "other"})
    letter = compose(world.ada, [found], off="")
    assert "1 budget at risk or spent" in letter.subject
    assert "overspent by 10.0 %" in letter.text
    assert found.spent
    Standing.objects.filter(objective=bad).update(state=Standing.State.AT_RISK, remaining=0.1)
    assert not facts(world).spent


def test_how_many_were_paged_beside_those_listed_is_told(world: World) -> None:
    found = facts(world)
    loads = tuple(Load(f"P{n}", 20 - n, 0, 0) for n in range(10))
    letter = compose(world.ada, [replace(found, loads=loads, paged=12)], off="")
    assert "and 2 others, paged no more often" in letter.text
    assert "and 2 others, paged no more often" in letter.html
    assert "paged no more" not in compose(world.ada, [replace(found, loads=loads, paged=10)], off="").html


def test_scorecards_are_told_with_what_moved(world: World) -> None:
    for day, levels in ((MONDAY - timedelta(days=7), [2, 0, 0, 1]), (MONDAY, [1, 0, 1, 1])):
        ScoreDay.objects.create(day=day, team=world.build, levels=levels, checks={})
    said = {"passed": 1, "failed": 1, "unknown": 0}
    ScoreStep.objects.create(component=world.runners, day=MONDAY - timedelta(days=30), level=1, **said)
    Score.objects.create(component=world.runners, level=3, at=SENT_AT, changed_at=SENT_AT, **said)
    found = facts(world)
    assert (found.levels_before, found.levels) == ((2, 0, 0, 1), (1, 0, 1, 1))
    assert (found.up, found.down) == (1, 0)


def test_action_items_that_are_overdue_or_due_this_week_are_told(world: World) -> None:
    row = world.happened()
    review = Review.objects.create(incident=row, generation=0, drafted_at=WEDNESDAY, saved_at=WEDNESDAY)
    for title, days, state in (("late", -1, "open"), ("soon", 7, "open"), ("later", 8, "open"), ("done", -1, "done")):
        ended = {"closed_at": SENT_AT, "done_at": SENT_AT} if state == "done" else {}
        ActionItem.objects.create(
            review=review, title=title, owner=world.ada, owner_ref=world.ada.ref, state=state,
            due_on=SENT_AT.date() + timedelta(days=days), created_at=WEDNESDAY, **ended,
        )  # fmt: skip
    found = facts(world)
    assert ([one.title for one in found.items], found.due, found.overdue) == (["late", "soon"], 2, 1)
    letter = compose(world.ada, [found], off="https://portal.example/off")
    assert "late: Ada, by 22 Nov, overdue" in letter.text
    assert "Action items: 1 overdue, 1 due by next week" in letter.text
    assert "1 overdue, 1 due by next week" in letter.html
    assert "overdue since 22 Nov" in letter.html


def test_a_week_of_nothing_is_quiet() -> None:
    found = gather(make.team("new"), WEEK, now=SENT_AT)
    assert (found.opened, found.answered, found.median_answer, found.levels) == (0, 0, None, None)


def test_what_a_week_was_costs_the_same_however_much_happened(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        row = world.happened()
        world.called(row, WEDNESDAY + timedelta(hours=n), world.ada, world.ben)
        make_slo.objective(f"o{n}", component=world.runners)
    with django_assert_max_num_queries(30):
        facts(world, platform=True)


# The letter


def test_the_letter_says_it_all_twice_and_its_pictures_are_pictures(world: World) -> None:
    row = world.happened(title="Runs <b>don't</b> start")
    world.called(row, WEDNESDAY, world.ada)
    letter = compose(world.ada, [facts(world)], off="https://portal.example/off")
    for said in ("after 3", "Build Ci", "https://portal.example/off", row.label):
        assert said in letter.text.replace("\u00a0", " ").replace("\u202f", " "), said
        assert said in letter.html.replace("\u00a0", " ").replace("\u202f", " "), said
    assert "Runs <b>don't</b> start" in letter.text
    assert "<b>don" not in letter.html
    assert "<style" not in letter.html  # some clients drop it
    assert "<script" not in letter.html
    assert set(letter.pictures) == {"p0-days"}
    assert 'src="cid:p0-days"' in letter.html
    assert letter.subject == "Build Ci: 1 incident, 16 Nov – 22 Nov"


def test_a_picture_is_a_png_with_the_right_columns() -> None:
    drawn = pictures.columns(
        [[(1, pictures.ACCENT)], [], [(2, pictures.ACCENT), (2, pictures.NIGHT)]], width=90, height=44
    )
    assert drawn.at(15, 41) == pictures.ACCENT
    assert drawn.at(15, 20) == pictures.NOTHING  # a quarter of the tallest
    assert drawn.at(45, 40) == pictures.NOTHING
    assert (drawn.at(75, 30), drawn.at(75, 10)) == (pictures.ACCENT, pictures.NIGHT)
    png = drawn.png()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (90, 44)
    length = struct.unpack(">I", png[33:37])[0]
    assert len(zlib.decompress(png[41 : 41 + length])) == 44 * (1 + 4 * 90)


def test_an_empty_picture_divides_by_nothing() -> None:
    assert pictures.columns([], width=10, height=10).at(0, 9) == pictures.LINE
    assert pictures.shares([[(0, pictures.ACCENT)], []], width=10, height=10).at(5, 5) == pictures.NOTHING


# Once a week and person


@pytest.mark.parametrize(
    ("zone", "now", "monday", "due"),
    [
        ("UTC", "2026-11-22T12:00", "2026-11-23", "2026-11-23T08:00"),
        (BERLIN, "2026-11-22T12:00", "2026-11-23", "2026-11-23T07:00"),
        ("America/New_York", "2026-11-23T02:00", "2026-11-23", "2026-11-23T13:00"),
        ("Pacific/Auckland", "2026-11-22T12:00", "2026-11-23", "2026-11-22T19:00"),
        ("UTC", "2026-11-24T07:59", "2026-11-23", "2026-11-23T08:00"),
        ("UTC", "2026-11-24T08:01", "2026-11-30", "2026-11-30T08:00"),
        (BERLIN, "2027-03-27T12:00", "2027-03-29", "2027-03-29T06:00"),
        ("Not/AZone", "2026-11-22T12:00", "2026-11-23", "2026-11-23T08:00"),
    ],
)
def test_the_next_monday_at_eight_by_its_clock(zone: str, now: str, monday: str, due: str) -> None:
    found = digests.monday_of(zone, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == (date.fromisoformat(monday), datetime.fromisoformat(due).replace(tzinfo=UTC))


def test_everybody_of_a_team_gets_one_by_the_clock_of_its_schedule(world: World) -> None:
    make.team("gone", make.person("dan"), retired_at=make.NOW)
    make.person("elsewhere")
    make.team("west", make.person("eve", time_zone="America/New_York"))
    make.person("left", retired_at=make.NOW)
    make.team("mute", make.person("fay", email=""))
    assert planned() == 3
    assert planned() == 0
    due = dict(DigestLetter.objects.values_list("person__name", "due_at"))
    at = SENT_AT
    assert due == {"ada": at, "ben": at, "eve": at + timedelta(hours=6)}
    assert planned(make.NOW + timedelta(days=7)) == 3


def test_nothing_goes_out_before_its_time_and_each_only_once(world: World, mailbox: MailSink) -> None:
    planned()
    assert sent(SENT_AT - timedelta(seconds=1)) == 0
    assert sent() == 2
    assert sent(SENT_AT + timedelta(hours=1)) == 0
    planned(SENT_AT + timedelta(hours=1))
    assert sent(SENT_AT + timedelta(hours=2)) == 0
    assert sorted(str(one["To"]) for one in mailbox.messages) == ["ada@example.org", "ben@example.org"]


def test_what_arrives_is_text_html_and_pictures_with_one_click_to_stop(world: World, mailbox: MailSink) -> None:
    world.called(world.happened(), WEDNESDAY, world.ada)
    planned()
    sent()
    (mail,) = [one for one in mailbox.messages if "ada" in str(one["To"])]
    assert mail.get_content_type() == "multipart/alternative"
    text, related = mail.iter_parts()
    assert isinstance(related, EmailMessage)
    assert (text.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    html, picture = related.iter_parts()
    assert isinstance(picture, EmailMessage)
    assert picture["Content-ID"] == "<p0-days>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content().startswith(b"\x89PNG")
    assert isinstance(html, EmailMessage)
    assert "cid:p0-days" in html.get_content()
    link = str(mail["List-Unsubscribe"])
    assert link.startswith("<http")
    assert link.endswith(">")
    assert read_link(link.strip("<>").rpartition("/")[2]) == world.ada  # it tells when it was signed
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"].startswith("<digest-20261123-")
    assert "X-Portico-Possible-Duplicate" not in mail


def test_a_worker_that_dies_between_sending_and_marking_doubles_it_once_and_says_so(
    world: World, mailbox: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """As a kill: nothing after it runs."""

    def die(*_: object, **__: object) -> None:
        raise Died

    digests.choose_digest(person=world.ben, wanted=False, actor=Actor(person=world.ben), now=make.NOW)
    planned()
    at = SENT_AT
    with monkeypatch.context() as patched:
        patched.setattr(digests, "mark_sent", die)
        for _ in range(2):
            with pytest.raises(Died):
                sent(at)
            assert sent(at + timedelta(minutes=4)) == 0  # its lease holds
            at += timedelta(minutes=6)
    assert sent(at) == 0
    assert ["X-Portico-Possible-Duplicate" in one for one in mailbox.messages] == [False, True]
    assert len({str(one["Message-ID"]) for one in mailbox.messages}) == 1
    row = DigestLetter.objects.get()
    assert (row.state, row.maybe_duplicate, row.error) == (State.FAILED, True, digests.GONE)


def test_a_mail_server_that_is_away_is_asked_again_and_a_refused_address_is_not(
    world: World, mailbox: MailSink
) -> None:
    planned()
    mailbox.refuse = "451 4.3.0 Try again later"
    assert sent() == 2
    assert set(DigestLetter.objects.values_list("state", "attempts")) == {(State.PENDING, 1)}
    mailbox.refuse = "550 5.1.1 No such user"
    assert sent(SENT_AT + timedelta(minutes=1)) == 0
    assert sent(SENT_AT + timedelta(minutes=6)) == 2
    assert {(row.state, "No such user" in row.error) for row in DigestLetter.objects.all()} == {(State.FAILED, True)}
    assert sent(SENT_AT + timedelta(days=1)) == 0


def test_one_that_cannot_be_composed_keeps_nobody_else_from_theirs(
    world: World, mailbox: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compose

    def broken(person: Person, *rest: Any, **more: Any) -> Any:
        if person == world.ada:
            raise ZeroDivisionError
        return whole(person, *rest, **more)

    monkeypatch.setattr(sending, "compose", broken)
    planned()
    sent()
    assert [str(one["To"]) for one in mailbox.messages] == ["ben@example.org"]


def test_who_left_their_team_after_it_was_planned_gets_none(world: World, mailbox: MailSink) -> None:
    planned()
    world.build.memberships.filter(person=world.ben).delete()
    sent()
    assert len(mailbox.messages) == 1
    assert DigestLetter.objects.get(person=world.ben).state == State.DROPPED


def test_a_platform_lead_hears_of_the_whole_platform(world: World, mailbox: MailSink) -> None:
    Person.objects.filter(pk=world.root.pk).update(email="root@example.org")
    world.happened()
    planned()
    sent(SENT_AT + timedelta(hours=1))
    (mail,) = [one for one in mailbox.messages if "root" in str(one["To"])]
    assert "The platform: 1 incident" in str(mail["Subject"])


def test_who_leads_a_team_of_teams_hears_of_the_whole_platform_too(world: World, mailbox: MailSink) -> None:
    boss = make.person("boss", time_zone=BERLIN)
    Team.objects.filter(pk=world.build.pk).update(parent=make.team("platform", lead=boss))
    planned()
    sent()
    (mail,) = [one for one in mailbox.messages if "boss" in str(one["To"])]
    text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(decode=True)
    assert "THE WHOLE PLATFORM" in bytes(text).decode()


# Who wants none


def test_the_link_of_a_letter_stops_them_only_by_its_button(world: World, client: Client) -> None:
    url = off_link(world.ada).partition("//")[2].partition("/")[2]
    page = client.get(f"/{url}")
    assert (page.status_code, DigestChoice.objects.exists()) == (200, False)
    assert client.post(f"/{url}", {"wanted": "0"}).status_code == 302
    assert "is off" in client.get(f"/{url}").content.decode()
    assert planned() == 1
    assert client.post(f"/{url}", {"wanted": "1"}).status_code == 302
    assert planned() == 1
    actions = AuditEntry.objects.filter(action="person.digest").order_by("pk").values_list("via", "actor_ref")
    assert list(actions) == [("link", world.ada.ref)] * 2


def test_a_mail_provider_stops_them_by_one_click(world: World) -> None:
    guest = Client(enforce_csrf_checks=True)
    url = off_link(world.ada).partition("//")[2].partition("/")[2]
    answer = guest.post(f"/{url}", {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.content) == (200, b"Done.")
    assert DigestChoice.objects.get().off_since is not None


@pytest.mark.parametrize("token", ["made-up", "MQ:1abc:xyz"])
def test_a_made_up_link_stops_nobody(world: World, client: Client, token: str) -> None:
    assert client.post(f"/digest/off/{token}").status_code == 404
    assert not DigestChoice.objects.exists()


# The page and the API


def test_the_preview_shows_what_is_sent(world: World, client: Client) -> None:
    client.force_login(make.account_of(world.ada))
    page = client.get("/digest")
    said = page.content.decode()
    assert page.context["letter"].subject.startswith("Build Ci: ")
    assert "cid:" not in page.context["srcdoc"]
    assert "Stop sending it to me" in said
    assert f"every Monday at 08:00 ({page.context['letter'].text.splitlines()[0].split('times in ')[1]})" in said
    assert client.get("/digest?team=group:default/nobody").status_code == 404
    client.post("/digest/choose", {"wanted": "0"})
    assert "Send it to me" in client.get("/digest").content.decode()


def test_who_is_in_no_team_is_told_so(browser_of_ada: Client) -> None:
    assert "You are in no team" in browser_of_ada.get("/digest").content.decode()


def test_the_api_has_the_same(world: World) -> None:
    make_incidents.incident(world.runners)
    client = APIClient()
    assert client.get("/api/v1/digest").status_code == 401
    client.force_login(make.account_of(world.ada))
    found = client.get("/api/v1/digest?team=build-ci&zone=Europe/Berlin").json()
    assert (found["team"], found["promised"], found["gaps"][0]["policy"]) == (world.build.ref, 0, False)
    assert client.get("/api/v1/digest?zone=Mars").json()["errors"][0]["field"] == "zone"
    assert client.get("/api/v1/digest?team=/").json()["errors"][0]["field"] == "team"
    assert client.get("/api/v1/me/digest").json()["wanted"] is True
    assert client.put("/api/v1/me/digest", {"wanted": False}, format="json").json()["wanted"] is False
    assert client.put("/api/v1/me/digest", {"wanted": "perhaps"}, format="json").status_code == 400


def test_pages_of_the_digest_ask_at_most_thirty_questions(
    world: World, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.called(world.happened(), WEDNESDAY, world.ada)
    client.force_login(make.account_of(world.ada))
    with django_assert_max_num_queries(30):
        client.get("/digest?team=platform")
