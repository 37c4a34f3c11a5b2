"""The on-call pages, used by a member of the team, a platform admin, and somebody from elsewhere."""

import re
from datetime import time, timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.access import system
from catalog.models import Person, Team
from incidents import rota
from incidents.models import LayerVersion, Override, Schedule
from incidents.operations.absences import enter_absence
from incidents.operations.schedules import Turns, add_override, create_schedule
from incidents.queries import oncall
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("ci", ada, make.person("bo"))


@pytest.fixture
def schedule(team: Team, ada: Person) -> Schedule:
    """Ada and Bo by turns of a day."""
    now = db_now()
    turns = Turns((ada.ref, "user:default/bo"), now - 2 * DAY, unit="day", handoff=time(9))
    return create_schedule(name="Build & CI", team=team, time_zone="Europe/Berlin", turns=turns, by=BY, now=now)


BY = system("test")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(person))
    return client


@pytest.fixture
def member(ada: Person) -> Client:
    return signed_in(ada)


@pytest.fixture
def outsider() -> Client:
    return signed_in(make.person("olga"))


def local(moment: object) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"  # type: ignore[arg-type]  # a datetime of the test's own


def test_the_board_says_who_has_what_until_when_and_where_nobody_is(member: Client, schedule: Schedule) -> None:
    LayerVersion.objects.update(ends_at=db_now() + 3 * DAY)
    page = member.get("/on-call").content.decode()
    assert "Build &amp; CI" in page
    assert '<rect class="hole"' in page
    assert "Build &amp; CI: nobody from" in page


@pytest.mark.parametrize("address", ["/on-call", "/on-call/build-ci"])
def test_that_every_moment_has_a_name_is_no_good_news_where_somebody_is_away(
    member: Client, schedule: Schedule, ada: Person, address: str
) -> None:
    for person in Person.objects.all():
        make_incidents.method(person)
    assert "No gaps." in member.get(address).content.decode()
    now = db_now()
    enter_absence(person=ada, starts_at=now, ends_at=now + 5 * DAY, by=BY, now=now)
    page = member.get(address).content.decode()
    assert "Ada is away while on call for Build &amp; CI" in page
    assert "No gaps." not in page
    assert "every moment has somebody’s name" in page


def test_a_rotation_reads_as_turns_and_not_as_a_chain(member: Client, schedule: Schedule) -> None:
    page = member.get(f"/on-call/{schedule.slug}").content.decode()
    assert "by turns: Ada, Bo, then from the beginning" in page


def test_a_rotation_says_by_whose_clock_it_is_where_the_reader_s_is_another(member: Client, schedule: Schedule) -> None:
    said = '<span class="t-2">(Europe/Berlin)</span>'
    assert said in member.get(f"/on-call/{schedule.slug}").text
    Schedule.objects.update(time_zone="UTC")
    assert said not in member.get(f"/on-call/{schedule.slug}").text


def test_who_has_it_without_an_end_has_it_on(schedule: Schedule, ada: Person) -> None:
    now = db_now()
    turns = Turns((ada.ref,), now, handoff=time(9))
    found = rota.preview(turns, zone="UTC", shown_in="UTC", now=now)
    assert [(one.name, one.end) for one in found.shifts] == [("Ada", None)]


def test_the_board_costs_as_many_queries_for_many_schedules(
    member: Client, schedule: Schedule, ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = db_now()
    for number in range(12):
        turns = Turns((make.person(f"p{number}").ref,), now)
        create_schedule(name=f"S {number}", team=None, time_zone="UTC", turns=turns, by=BY, now=now)
    with django_assert_max_num_queries(30):
        assert member.get("/on-call").status_code == 200


def test_an_empty_board_says_what_to_do(member: Client) -> None:
    assert "New schedule" in member.get("/on-call").content.decode()


@pytest.mark.parametrize("asked", ["?range=month", "?range=2weeks&start=2026-10-20", "?start=nonsense", "?range=eon"])
def test_any_period_can_be_looked_at(member: Client, schedule: Schedule, asked: str) -> None:
    assert member.get(f"/on-call{asked}").status_code == 200
    assert member.get(f"/on-call/{schedule.slug}{asked}").status_code == 200


def test_a_gap_can_be_filled_from_its_link(member: Client, schedule: Schedule) -> None:
    start = db_now() + DAY
    link = f"/on-call/build-ci?from={quote(start.isoformat())}&until={quote((start + HOUR).isoformat())}"
    assert f'value="{local(start)}"' in member.get(link).content.decode()


def test_a_member_puts_somebody_else_in_and_takes_it_back(member: Client, schedule: Schedule) -> None:
    eve, start = make.person("eve"), db_now() + HOUR
    form = {"person": "Eve (user:default/eve)", "starts_at": local(start), "ends_at": local(start + HOUR)}
    assert member.post("/on-call/build-ci/overrides", form).status_code == 302
    made = Override.objects.get()
    assert made.person == eve
    assert member.post(f"/on-call/build-ci/overrides/{made.pk}/withdraw").status_code == 302
    assert Override.objects.get().withdrawn_at is not None


def test_nobody_on_purpose_is_typed_as_such(member: Client, schedule: Schedule) -> None:
    start = db_now() + HOUR
    form = {"person": "nobody", "starts_at": local(start), "ends_at": local(start + HOUR)}
    assert member.post("/on-call/build-ci/overrides", form).status_code == 302
    assert Override.objects.get().person is None


def test_a_wrong_name_keeps_what_was_typed_and_says_what_to_do(member: Client, schedule: Schedule) -> None:
    start = db_now() + HOUR
    form = {"person": "Zorro", "starts_at": local(start), "ends_at": local(start + HOUR), "reason": "a swap"}
    answer = member.post("/on-call/build-ci/overrides", form)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Nobody is known as “Zorro”" in page
    assert 'value="a swap"' in page


def test_two_people_of_one_name_are_told_apart_by_reference(member: Client, schedule: Schedule) -> None:
    make.person("kim-a", display_name="Kim Lee")
    make.person("kim-b", display_name="Kim Lee")
    start = db_now() + HOUR
    form = {"person": "Kim Lee", "starts_at": local(start), "ends_at": local(start + HOUR)}
    assert "More than one person" in member.post("/on-call/build-ci/overrides", form).content.decode()


def test_i_take_over_now_is_one_button(member: Client, schedule: Schedule, ada: Person) -> None:
    now = db_now()
    eve = make.person("eve")
    add_override(schedule=schedule, person=eve, starts_at=now, ends_at=now + DAY, by=BY, now=now)
    assert member.post("/on-call/build-ci/take-over").status_code == 302
    found = oncall.on_call_now([oncall.schedule_by_slug("build-ci")], now=db_now())[0]
    assert found.person == ada


def test_a_rotation_is_previewed_before_it_is_saved(member: Client, schedule: Schedule) -> None:
    make.person("eve")
    form = {
        "people_0": "eve", "people_1": "Bo", "length": "2", "unit": "week", "handoff": "10:00", "weekday": "1",
        "starts_at": local(db_now() + DAY),
    }  # fmt: skip
    preview = member.post("/on-call/build-ci/rotation", form | {"preview": "1"}).content.decode()
    assert "As it will be" in preview
    assert LayerVersion.objects.count() == 1
    assert "00:00</time>" not in preview, "a shift ends at its handoff, not where the preview ends"
    assert member.post("/on-call/build-ci/rotation", form | {"save": "1"}).status_code == 302
    saved = LayerVersion.objects.get(starts_at__gt=db_now())
    assert (saved.people, saved.length, saved.weekday) == (["user:default/eve", "user:default/bo"], 2, 1)


@pytest.mark.parametrize("address", ["/on-call/new", "/drills/plans/new", "/escalation-policies/new"])
def test_teams_to_choose_from_go_by_their_names(member: Client, team: Team, address: str) -> None:
    Team.objects.filter(pk=team.pk).update(title="Build & CI")
    shown = member.get(address).content.decode()
    assert (">Build &amp; CI</option>" in shown, f">{team.ref}</option>" in shown) == (True, False)


def test_only_the_line_that_names_nobody_is_wrong_and_hours_before_a_schedule_are_no_gap(member: Client) -> None:
    form = {
        "name": "CI nights", "time_zone": "UTC", "people_0": "ada", "people_1": "nobody-known", "people_2": "who",
        "length": "1", "unit": "day", "handoff": "20:00", "weekday": "0", "starts_at": local(db_now()),
    }  # fmt: skip
    refused = member.post("/on-call/new", form | {"preview": "1"}).content.decode()
    wrong = re.findall(r'<input[^>]*name="(people_\d)"[^>]*aria-invalid', refused)
    assert wrong == ["people_1", "people_2"]
    assert all(f"Nobody is known as “{text}”" in refused for text in ("nobody-known", "who"))
    empty = member.post("/on-call/new", form | {"people_0": "", "people_1": "", "people_2": ""}).content.decode()
    assert re.findall(r'<input[^>]*name="(people_\d)"[^>]*aria-invalid', empty) == ["people_0"]
    form |= {"people_1": "", "people_2": ""}
    for page in (
        member.post("/on-call/new", form | {"preview": "1"}),
        member.post("/on-call/new", form | {"save": "1"}, follow=True),
    ):
        assert 'class="hole"' not in page.content.decode()


def test_a_member_makes_a_schedule_for_the_team_but_not_for_another(member: Client, team: Team) -> None:
    other = make.team("other")
    form = {
        "name": "CI nights", "time_zone": "UTC", "people_0": "ada", "length": "1", "unit": "day", "handoff": "20:00",
        "weekday": "0", "starts_at": local(db_now()), "save": "1",
    }  # fmt: skip
    refused = member.post("/on-call/new", form | {"team": str(other.pk)})
    assert "Select a valid choice" in refused.content.decode()
    nobodys = member.post("/on-call/new", form | {"team": ""})
    assert nobodys.status_code == 403
    assert "Name a team of your own" in nobodys.content.decode()
    assert 'value="CI nights"' in nobodys.content.decode(), "what was written stays"
    assert member.post("/on-call/new", form | {"team": str(team.pk)}).headers["Location"] == "/on-call/ci-nights"


def test_an_outsider_looks_but_changes_nothing(outsider: Client, schedule: Schedule) -> None:
    page = outsider.get("/on-call/build-ci")
    assert page.status_code == 200
    assert "I take over now" not in page.content.decode()
    start = db_now() + HOUR
    form = {"person": "nobody", "starts_at": local(start), "ends_at": local(start + HOUR)}
    for address in ("overrides", "take-over", "rotation"):
        assert outsider.post(f"/on-call/build-ci/{address}", form).status_code == 403
    assert not Override.objects.exists()
    assert LayerVersion.objects.count() == 1


def test_a_platform_admin_may_change_any_schedule(schedule: Schedule) -> None:
    assert signed_in(make.person("root", admin=True)).post("/on-call/build-ci/take-over").status_code == 302


@pytest.mark.parametrize("address", ["/on-call", "/on-call/new", "/on-call/build-ci", "/on-call/build-ci/rotation"])
def test_nothing_is_shown_before_signing_in(client: Client, schedule: Schedule, address: str) -> None:
    assert "/sign-in" in client.get(address).headers["Location"]


def test_a_name_is_escaped_wherever_it_is_drawn(member: Client, schedule: Schedule) -> None:
    LayerVersion.objects.update(people=["user:default/<script>alert(1)</script>"])
    for address in ("/on-call", "/on-call/build-ci"):
        assert "<script>alert" not in member.get(address).content.decode()


def test_where_anybody_may_read_nothing_to_press_is_shown(
    client: Client, schedule: Schedule, settings: make.Settings
) -> None:
    settings.PORTAL_ANONYMOUS_READ = True
    for address in ("/on-call", "/on-call/build-ci", "/teams/default/ci"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "I take over now" not in answer.content.decode()
    assert "/sign-in" in client.post("/on-call/build-ci/take-over").headers["Location"]


def test_the_team_page_says_who_is_on_call_and_who_is_next(member: Client, schedule: Schedule) -> None:
    now_and_next = oncall.on_call_now([oncall.schedule_by_slug("build-ci")], now=db_now())[0]
    page = member.get("/teams/default/ci").content.decode()
    assert f"then {now_and_next.next_name}" in page


def test_a_layer_is_previewed_added_changed_and_ended(member: Client, schedule: Schedule) -> None:
    page = f"/on-call/{schedule.slug}/layers"
    given = {
        "layer_name": "Nights", "people_0": "bo", "length": "1", "unit": "week", "handoff": "09:00", "weekday": "0",
        "starts_at": local(db_now() + HOUR), "window_start": "22:00", "window_end": "06:00", "window_days": ["4", "5"],
    }  # fmt: skip
    previewed = member.post(f"{page}/new", {**given, "preview": "1"})
    assert ("As it will be" in previewed.text, LayerVersion.objects.count()) == (True, 1)
    assert member.post(f"{page}/new", {**given, "save": "1"}).status_code == 302
    added = LayerVersion.objects.get(position=1)
    assert (added.name, added.restrictions) == ("Nights", [{"start": "22:00", "end": "06:00", "days": [4, 5]}])
    later = {**given, "starts_at": local(db_now() + DAY), "layer_name": "Late"}
    assert member.post(f"{page}/1", {**later, "save": "1"}).status_code == 302
    shown = member.get(f"/on-call/{schedule.slug}").text
    assert "22:00 to 06:00 on Fri, Sat" in shown
    assert "Late" in shown
    assert member.post(f"{page}/1/end").status_code == 302
    assert LayerVersion.objects.filter(position=1, people=[]).count() == 1


def test_the_form_keeps_the_times_of_day_that_it_does_not_show(member: Client, schedule: Schedule) -> None:
    LayerVersion.objects.create(
        schedule=schedule, position=1, name="Nights", people=["user:default/bo"], handoff=time(9), created_at=NOW,
        starts_at=NOW,
        restrictions=[
            {"start": "18:00", "end": "08:00", "days": [0]}, {"start": "00:00", "end": "00:00", "days": [5, 6]},
        ],
    )  # fmt: skip
    page = f"/on-call/{schedule.slug}/layers/1"
    assert "A further time of day of this layer stay" in member.get(page).text
    given = {
        "layer_name": "Nights", "people_0": "bo", "length": "1", "unit": "week", "handoff": "09:00", "weekday": "0",
        "starts_at": local(db_now() + HOUR), "window_start": "19:00", "window_end": "08:00", "window_days": ["0"],
    }  # fmt: skip
    assert member.post(page, {**given, "save": "1"}).status_code == 302
    newest = LayerVersion.objects.filter(position=1).latest("starts_at")
    assert [window["start"] for window in newest.restrictions] == ["19:00", "00:00"]


def test_half_a_time_of_day_is_refused(member: Client, schedule: Schedule) -> None:
    given = {
        "layer_name": "N", "people_0": "bo", "length": "1", "unit": "week", "handoff": "09:00", "weekday": "0",
        "starts_at": local(db_now() + HOUR), "window_start": "22:00", "save": "1",
    }  # fmt: skip
    answer = member.post(f"/on-call/{schedule.slug}/layers/new", given)
    assert "fill in both, or none" in answer.text
    assert LayerVersion.objects.count() == 1


def test_an_outsider_changes_no_layer(outsider: Client, schedule: Schedule) -> None:
    for address in ("layers/new", "layers/0", "layers/0/end"):
        assert outsider.post(f"/on-call/{schedule.slug}/{address}").status_code == 403
