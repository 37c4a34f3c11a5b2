"""The figures: a worked example to the second, the edges one by one, and SQL against a plain definition."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import analytics, operations
from incidents.analytics import Disturbed, Figures, Spread, disturbed
from incidents.asking import asked_on_page, months_back, wanted
from incidents.models import ActionItem, Incident, Page, Review, TimelineEntry
from incidents.operations import clear_alert
from incidents.queries.analytics import OVERALL, Wanted
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.effort import examples
from tests.incidents.analytics_world import (
    ACKNOWLEDGED,
    PAGED,
    REOPENED,
    RESOLVED,
    Event,
    Told,
    by_hand,
    called,
    cast,
    page_of,
    percentile,
)
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
COUNTS = (
    "incidents", "symptoms", "openings", "still_open", "untaken", "waiting", "blocked_unknown", "paged", "noisy",
)  # fmt: skip
NONE = Spread(0, None, None)
DOC = Path(__file__).parents[2] / "templates/docs/analytics.md"


def at(text: str) -> datetime:
    """`05T02:10:00` of November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}+00:00")


def november(now: datetime = NOW, **filters: Any) -> Wanted:
    return wanted(since=SINCE, until=UNTIL, now=now, zone="UTC", **filters)


def overall(asked: Wanted | None = None) -> Figures:
    return analytics.figures(asked or november(), (OVERALL,))[OVERALL][0]


def close(found: Spread, expected: Spread) -> bool:
    """But for what floating point does to a proportion."""
    assert found.count == expected.count
    assert found.median == pytest.approx(expected.median)
    return found.p90 == pytest.approx(expected.p90)


# The worked example of the documentation -----------------------------------------------------------------------------


@pytest.fixture
def example(db: None) -> tuple[Person, Person]:
    """The six incidents of templates/docs/analytics.md."""
    ada, ben, team, runners, registry = cast()
    on_runners: dict[str, Any] = {"component": runners, "owner": team}
    on_registry: dict[str, Any] = {"component": registry, "owner": team}
    paged = Event(timedelta(), PAGED)
    a = Told(
        at("02T09:00:00"), (paged, Event(timedelta(seconds=200), ACKNOWLEDGED, ada), Event(HOUR, RESOLVED, ada)),
        severity=1, people=30, **on_runners,
    ).write()  # fmt: skip
    b = Told(
        at("05T02:10:00"),
        (
            paged, Event(4 * MINUTE, RESOLVED), Event(20 * MINUTE, REOPENED), Event(20 * MINUTE, PAGED),
            Event(31 * MINUTE, ACKNOWLEDGED, ben), Event(HOUR, RESOLVED, ben),
        ),
        people=10, **on_runners,
    ).write()  # fmt: skip
    c = Told(
        at("09T14:00:00"),
        (Event(timedelta(seconds=30), ACKNOWLEDGED, ada), Event(timedelta(minutes=45, seconds=30), RESOLVED, ada)),
        **on_registry,
    ).write()
    d = Told(at("20T11:00:00"), (paged,), severity=3, people=2, **on_runners).write()
    e = Told(at("15T08:00:00"), (paged, Event(30 * MINUTE, RESOLVED)), people=4, source="slo", **on_registry).write()
    Told(at("02T09:05:00"), (Event(50 * MINUTE, RESOLVED),), people=9, owner=team, symptom_of=a).write()
    Told(at("03T09:00:00"), (paged,), people=500, drill=True, **on_runners).write()
    for incident in (a, d, e):
        called(page_of(incident, team=team), incident.opened_at, ada, ways=2)
    page = page_of(b, team=team)
    called(page, at("05T02:10:00"), ada)
    called(page, at("05T02:30:00"), ada)
    called(page, at("05T02:40:00"), ben, step=1)
    page_of(c, team=team)  # held by maintenance: taken before its first step
    return ada, ben


def test_the_worked_example_comes_to_what_was_reckoned_by_hand(example: tuple[Person, Person]) -> None:
    found = overall()
    assert (found.incidents, found.symptoms, found.openings, found.still_open) == (5, 1, 6, 1)
    assert close(found.taken, Spread(3, 200, 568))
    assert (found.untaken, found.waiting) == (2, 1)
    assert found.restored == Spread(4, 3165, 3600)
    assert close(found.apart, Spread(3, 496_800, 1_161_600))
    assert (found.blocked, found.blocked_unknown) == (8240, 1)
    assert (found.paged, found.noisy, found.noise) == (5, 1, 0.2)


def test_the_worked_example_is_what_the_documentation_says(example: tuple[Person, Person]) -> None:
    found, text = overall(), DOC.read_text(encoding="utf-8")
    for name, spread in (
        ("Time to acknowledge", found.taken),
        ("Time to restore", found.restored),
        ("Time between failures", found.apart),
    ):  # fmt: skip
        assert f"| {name} | {spread.count} | {spread.median:,.0f} s | {spread.p90:,.0f} s |" in text
    assert f"**{found.blocked:,.0f} developer-minutes**" in text
    assert f"**{found.noisy} of {found.paged}**" in text


def test_the_worked_example_by_person_and_by_step(example: tuple[Person, Person]) -> None:
    ada, ben = example
    people = analytics.people(november())
    assert [(one.person, one.disturbed) for one in people.loads] == [
        (ada, Disturbed(pages=5, at_night=2, nights=1, at_weekends=1, weekends=1)),
        (ben, Disturbed(pages=1, at_night=0, nights=0, at_weekends=0, weekends=0)),
    ]
    assert (people.pages, people.at_night, people.nights, people.weekends) == (6, 2, 1, 1)
    (past,) = analytics.escalations(november(), ("team",))["team"]
    assert (past.label, past.pages, past.past, past.share) == ("Build Ci", 4, 1, 0.25)


def test_groups_are_parts_of_the_whole(
    example: tuple[Person, Person], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        found = analytics.figures(november(), (OVERALL, "team", "component", "severity", "source", "month"))
    assert [(one.key, one.incidents) for one in found["severity"]] == [("P1", 1), ("P2", 3), ("P3", 1)]
    assert [(one.key, one.incidents) for one in found["source"]] == [("api", 4), ("slo", 1)]
    assert [(one.label, one.incidents, one.symptoms) for one in found["component"]] == [
        ("ci-runners", 3, 0), ("registry", 2, 0), ("No component", 0, 1),
    ]  # fmt: skip
    assert [(one.key, one.incidents) for one in found["month"]] == [("2026-11", 5)]
    assert found["team"][0].taken == found[OVERALL][0].taken


# Edges, as the operations leave them ---------------------------------------------------------------------------------


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    return make.component("runners", owner=make_incidents.paged(make.team("ci", ada), make_incidents.step(ada)))


def opened(of: Component | None, minutes: float = 0, key: str = "k") -> Incident:
    return make_incidents.incident(of, now=NOW + minutes * MINUTE, key=key)


def later(minutes: float = 600) -> Wanted:
    return november(now=NOW + minutes * MINUTE)


def test_no_incident_at_all_is_none_of_everything_and_every_month_is_there() -> None:
    asked = wanted(since=at("01T00:00:00") - 60 * DAY, until=UNTIL, now=NOW, zone="UTC")
    found = analytics.figures(asked, (OVERALL, "month", "team"))
    none = found[OVERALL][0]
    assert (none.incidents, none.taken, none.restored, none.apart) == (0, NONE, NONE, NONE)
    assert (none.blocked, none.noise) == (None, None)
    assert [one.key for one in found["month"]] == ["2026-09", "2026-10", "2026-11"]
    assert found["team"] == []


def test_an_empty_month_between_two_stands_there_with_nothing(runners: Component) -> None:
    Told(at("02T00:00:00") - 62 * DAY, component=runners).write()
    Told(at("02T00:00:00"), component=runners).write()
    asked = wanted(since=at("01T00:00:00") - 62 * DAY, until=UNTIL, now=NOW, zone="UTC")
    months = analytics.figures(asked, ("month",))["month"]
    assert [(one.key, one.incidents, one.taken) for one in months] == [
        ("2026-08", 0, NONE), ("2026-09", 1, NONE), ("2026-10", 0, NONE), ("2026-11", 1, NONE),
    ]  # fmt: skip


def test_still_open_and_never_acknowledged_is_counted_and_has_no_time(runners: Component) -> None:
    opened(runners)
    found = overall(later())
    assert (found.incidents, found.still_open, found.waiting, found.untaken) == (1, 1, 1, 0)
    assert (found.taken, found.restored) == (NONE, NONE)


@pytest.mark.parametrize("over", [True, False])
def test_what_is_for_information_waits_for_nobody_and_pages_nobody(runners: Component, over: bool) -> None:
    events = (Event(timedelta(0), PAGED), *([Event(MINUTE, RESOLVED)] if over else []))
    Told(NOW, events, severity=5, people=3, component=runners).write()
    found = overall(later())
    assert (found.openings, found.untaken, found.waiting, found.paged, found.noisy) == (1, 0, 0, 0, 0)


def test_what_ended_by_itself_was_not_answered(runners: Component) -> None:
    opened(runners)
    clear_alert(key="k", now=NOW + 9 * MINUTE)
    found = overall(later())
    assert (found.untaken, found.waiting, found.taken.count, found.restored.median) == (1, 0, 0, 540)


def test_a_person_who_resolves_it_has_answered(runners: Component, ada: Person) -> None:
    operations.resolve(incident=opened(runners), by=Actor(person=ada), now=NOW + 2 * MINUTE)
    assert overall(later()).taken == Spread(1, 120, 120)


def test_acknowledged_before_anybody_was_paged_counts_from_the_opening(runners: Component, ada: Person) -> None:
    operations.acknowledge_incident(incident=opened(runners), by=Actor(person=ada), now=NOW + timedelta(seconds=7))
    assert not TimelineEntry.objects.filter(kind=PAGED).exists()
    found = overall(later())
    assert (found.taken, found.paged) == (Spread(1, 7, 7), 0)


def test_an_answer_from_before_the_opening_took_no_time_and_not_less(runners: Component, ada: Person) -> None:
    Told(NOW, (Event(-MINUTE, ACKNOWLEDGED, ada),), component=runners).write()
    assert overall(later()).taken == Spread(1, 0, 0)


def test_a_reopened_incident_calls_twice_and_is_restored_at_its_last_end(runners: Component, ada: Person) -> None:
    incident = opened(runners)
    operations.acknowledge_incident(incident=incident, by=Actor(person=ada), now=NOW + MINUTE)
    clear_alert(key="k", now=NOW + 10 * MINUTE)
    again = opened(runners, 20)
    assert (again.pk, again.generation) == (incident.pk, 1)
    operations.acknowledge_incident(incident=again, by=Actor(person=ada), now=NOW + 23 * MINUTE)
    clear_alert(key="k", now=NOW + 40 * MINUTE)
    Incident.objects.update(people_blocked=3)
    found = overall(later())
    assert (found.incidents, found.openings, found.still_open) == (1, 2, 0)
    assert close(found.taken, Spread(2, 120, 60 + 0.9 * 120))
    assert found.restored == Spread(1, 2400, 2400)
    assert found.blocked == 3 * (10 + 20)


def test_a_responders_own_answer_is_none_of_the_owner(runners: Component, ada: Person) -> None:
    Told(NOW, (Event(MINUTE, ACKNOWLEDGED, ada, Page.Role.RESPONDER),), component=runners).write()
    Told(NOW, (Event(MINUTE, ACKNOWLEDGED, ada, Page.Role.CATCH_ALL),), component=runners).write()
    assert overall(later()).taken.count == 1


def test_drills_are_in_no_figure(runners: Component, ada: Person) -> None:
    drill = Told(NOW, (Event(timedelta(), PAGED), Event(MINUTE, ACKNOWLEDGED, ada)), component=runners, drill=True)
    called(page_of(drill.write()), NOW, ada, step=1)
    found = analytics.figures(later(), (OVERALL, "component"))
    assert (found[OVERALL][0].incidents, found["component"]) == (0, [])
    assert analytics.people(later()).loads == ()
    assert analytics.escalations(later(), (OVERALL,))[OVERALL][0].pages == 0


def test_who_was_called_for_a_symptom_was_called(runners: Component, ada: Person) -> None:
    cause = Told(NOW, component=runners).write()
    called(page_of(Told(NOW, symptom_of=cause).write()), NOW, ada)
    assert [one.disturbed.pages for one in analytics.people(later()).loads] == [1]


def test_noise_is_five_minutes_at_most_and_paged_somebody(runners: Component) -> None:
    paged, exactly, longer = (
        Event(timedelta(), PAGED),
        Event(5 * MINUTE, RESOLVED),
        Event(301_000 * MINUTE / 60_000, RESOLVED),
    )
    for events in ((paged, exactly), (paged, longer), (exactly,)):
        Told(NOW, events, component=runners).write()
    found = overall(later())
    assert (found.paged, found.noisy, found.noise) == (2, 1, 0.5)


def test_failures_are_apart_by_component_and_may_begin_before_the_stretch(runners: Component) -> None:
    other = make.component("other")
    for component, day in ((runners, 0), (other, 1), (runners, 30)):
        Told(SINCE - 10 * DAY + day * DAY, component=component).write()
    Told(SINCE + DAY).write()  # of no component
    assert overall().apart == Spread(1, 30 * 86_400, 30 * 86_400)


def test_filters_leave_what_they_say(example: tuple[Person, Person]) -> None:
    team = "group:default/build-ci"
    counts = {
        "team": overall(november(team=team)).incidents,
        "nobody's": overall(november(team="group:default/x")).incidents,
        "component": overall(november(component="registry")).incidents,
        "severity": overall(november(severities=[1, 3])).incidents,
        "source": overall(november(source="slo")).incidents,
    }
    assert counts == {"team": 5, "nobody's": 0, "component": 2, "severity": 2, "source": 1}
    assert analytics.people(november(component="registry")).pages == 1


def test_past_step_one_is_a_later_step_a_further_round_or_the_end(runners: Component, ada: Person) -> None:
    def page(role: str = Page.Role.OWNER) -> Page:
        return page_of(Told(NOW, component=runners).write(), role)

    called(page(), NOW, ada)
    called(page(), NOW, ada, step=1)
    called(page(), NOW, ada, cycle=1)
    called(page(Page.Role.CATCH_ALL), NOW, ada)
    page()
    ran_out = page()
    called(ran_out, NOW)
    TimelineEntry.objects.create(incident=ran_out.incident, page=ran_out, at=NOW, kind="exhausted", words="")
    found = analytics.escalations(later(), (OVERALL,))[OVERALL][0]
    assert (found.pages, found.past) == (4, 3)


# Action items --------------------------------------------------------------------------------------------------------


def test_action_items_are_held_to_their_day(runners: Component, ada: Person) -> None:
    review = Review.objects.create(
        incident=Told(NOW, component=runners, owner=runners.owner).write(), generation=0, drafted_at=NOW, saved_at=NOW
    )

    def item(due: int, done: datetime | None = None, state: str = "", about: Component | None = None) -> None:
        state = state or ("done" if done else "open")
        ActionItem.objects.create(
            review=review, title="Mend it", owner_ref=ada.ref, due_on=date(2026, 11, due), state=state, done_at=done,
            created_at=NOW, closed_at=None if state == "open" else NOW, component=about,
            component_ref=about.ref if about else "",
        )  # fmt: skip

    other = make.component("registry", owner=make.team("other"))
    item(10, at("10T23:59:59"))
    item(10, at("11T00:00:00"))  # late by a second
    item(12, at("02T08:00:00"), about=other)  # early
    item(21)  # overdue since midnight
    item(22)  # today: not yet
    item(23)
    item(15, state="dropped")
    found = analytics.follow_up(november(), (OVERALL, "team", "month", "severity"))
    (everything,) = found[OVERALL]
    assert (everything.due, everything.in_time, everything.late) == (4, 2, 1)
    assert (everything.overdue, everything.dropped) == (1, 1)
    assert everything.share == 0.5
    assert [(one.label, one.due, one.in_time) for one in found["team"]] == [("Ci", 3, 1), ("Other", 1, 1)]
    assert [(one.key, one.due) for one in found["month"]] == [("2026-11", 4)]
    assert [(one.key, one.due) for one in found["severity"]] == [("P2", 4)]
    assert analytics.follow_up(november(component="registry"), (OVERALL,))[OVERALL][0].due == 1
    assert analytics.follow_up(november(team="group:default/ci"), (OVERALL,))[OVERALL][0].due == 3
    Incident.objects.update(is_drill=True)
    nothing = analytics.follow_up(november(), (OVERALL, "month"))
    assert (nothing[OVERALL][0].due, nothing[OVERALL][0].share, len(nothing["month"])) == (0, None, 1)


# Nights and weekends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "moments", "expected"),
    [
        ("UTC", [], Disturbed(0, 0, 0, 0, 0)),
        ("UTC", ["2026-11-17T21:59:59"], Disturbed(1, 0, 0, 0, 0)),
        ("UTC", ["2026-11-17T22:00:00", "2026-11-18T06:59:59"], Disturbed(2, 2, 1, 0, 0)),
        ("UTC", ["2026-11-18T07:00:00"], Disturbed(1, 0, 0, 0, 0)),
        ("UTC", ["2026-11-18T06:00:00", "2026-11-18T23:00:00"], Disturbed(2, 2, 2, 0, 0)),
        ("UTC", ["2026-11-20T23:59:59"], Disturbed(1, 1, 1, 0, 0)),
        ("UTC", ["2026-11-21T12:00:00", "2026-11-22T12:00:00", "2026-11-28T12:00:00"], Disturbed(3, 0, 0, 3, 2)),
        ("UTC", ["2026-11-23T00:00:00"], Disturbed(1, 1, 1, 0, 0)),
        ("Asia/Kolkata", ["2026-11-17T16:30:00", "2026-11-17T16:29:59"], Disturbed(2, 1, 1, 0, 0)),
        # Berlin leaves summer time on 25 October 2026 at 01:00 UTC: seven is 05:00 UTC before, 06:00 after
        ("Europe/Berlin", ["2026-10-24T05:00:00"], Disturbed(1, 0, 0, 1, 1)),
        ("Europe/Berlin", ["2026-10-25T05:59:59"], Disturbed(1, 1, 1, 1, 1)),
        # the hour that comes twice is one night
        ("Europe/Berlin", ["2026-10-25T00:30:00", "2026-10-25T01:30:00"], Disturbed(2, 2, 1, 2, 1)),
        # and enters it on 29 March 2026 at 01:00 UTC: ten in the evening is 21:00 UTC before, 20:00 after
        ("Europe/Berlin", ["2026-03-28T20:00:00", "2026-03-29T20:00:00"], Disturbed(2, 1, 1, 2, 1)),
        ("Australia/Lord_Howe", ["2026-10-03T11:30:00", "2026-10-04T11:00:00"], Disturbed(2, 2, 2, 2, 1)),
    ],
)
def test_nights_and_weekends_go_by_the_persons_own_clock(zone: str, moments: list[str], expected: Disturbed) -> None:
    calls = [int(datetime.fromisoformat(f"{text}+00:00").timestamp()) for text in moments]
    assert disturbed(calls, ZoneInfo(zone)) == expected


def test_a_zone_that_is_none_is_utc(runners: Component, ada: Person) -> None:
    Person.objects.update(time_zone="Mars/Olympus")
    called(page_of(Told(NOW, component=runners).write()), at("17T22:00:00"), ada)
    assert analytics.people(later()).at_night == 1


# What is asked -------------------------------------------------------------------------------------------------------


def test_months_are_those_of_the_zone() -> None:
    asked = asked_on_page({"period": "3"}, now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC), zone="Europe/Berlin")
    assert [f"{month:%Y-%m %z}" for month in asked.months] == ["2026-11 +0100", "2026-12 +0100", "2027-01 +0100"]
    assert asked.since == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert months_back(14, now=NOW, zone="UTC") == datetime(2025, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("zone", {"zone": "Mars/Olympus"}),
        ("zone", {"zone": "../etc"}),
        ("until", {"since": NOW, "until": NOW}),
        ("since", {"since": NOW - 6 * 366 * DAY}),
        ("since", {"since": datetime(1, 1, 1, tzinfo=UTC)}),
        ("until", {"until": datetime(9999, 12, 31, tzinfo=UTC)}),
    ],
)
def test_what_can_not_be_asked_is_named(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        wanted(**{"since": None, "until": None, "zone": "UTC", **given}, now=NOW)
    assert [one.field for one in refused.value.errors] == [field]


# SQL against the plain definition ------------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to a dozen incidents of three components or none, each opening paged or not, taken or not, ended or not."""
    made = []
    for _ in range(draw(st.integers(0, 12))):
        after, events = 0, list[tuple[int, str, bool | None, str]]()
        for opening in range(draw(st.integers(1, 3))):
            if opening:
                events.append((after := after + draw(st.integers(0, 2000)), REOPENED, None, "owner"))
            for kind in draw(st.lists(st.sampled_from([PAGED, ACKNOWLEDGED]), max_size=3)):
                role = draw(st.sampled_from(["owner", "catch-all", "responder"])) if kind == ACKNOWLEDGED else "owner"
                who = draw(st.booleans()) if kind == ACKNOWLEDGED else None
                events.append((after := after + draw(st.integers(0, 400)), kind, who or None, role))
            events.append((after := after + draw(st.integers(0, 700)), RESOLVED, draw(st.booleans()) or None, "owner"))
        if draw(st.booleans()):
            events.pop()
        made.append({
            "opened": draw(st.integers(-40 * 86_400, 40 * 86_400)), "events": events,
            "component": draw(st.integers(0, 3)), "source": draw(st.sampled_from(["api", "slo"])),
            "people": draw(st.none() | st.integers(0, 50)), "drill": draw(st.integers(0, 5)) == 0,
            "symptom": draw(st.integers(0, 5)) == 0, "severity": draw(st.integers(1, 5)),
        })  # fmt: skip
    return made


@settings(max_examples=examples(40))
@given(drawn=histories())
def test_sql_says_what_the_plain_definition_says(drawn: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        somebody = make.person()
        components = [None, *(make.component() for _ in range(3))]
        cause = Told(SINCE - 300 * DAY).write()
        told = [_told(one, components, somebody, cause) for one in drawn]
        for one in told:
            one.write()
        asked = november(now=UNTIL + 60 * DAY)
        found = analytics.figures(asked, (OVERALL, "month"))
        _agree(found[OVERALL][0], told, asked)
        assert sum(one.incidents for one in found["month"]) == found[OVERALL][0].incidents
        only = november(now=UNTIL + 60 * DAY, source="api")
        _agree(overall(only), [one for one in told if one.source == "api"], only)
        transaction.set_rollback(True)


def _told(one: dict[str, Any], components: list[Component | None], somebody: Person, cause: Incident) -> Told:
    events = [
        Event(timedelta(seconds=after), kind, somebody if by else None, role) for after, kind, by, role in one["events"]
    ]
    return Told(
        SINCE + timedelta(seconds=one["opened"]), events, component=components[one["component"]], source=one["source"],
        people=one["people"], drill=one["drill"], symptom_of=cause if one["symptom"] else None,
        severity=one["severity"],
    )  # fmt: skip


def _agree(found: Figures, told: list[Told], asked: Wanted) -> None:
    expected = by_hand(told, since=asked.since, until=asked.until, now=asked.now)
    for name in (
        "incidents",
        "symptoms",
        "openings",
        "still_open",
        "untaken",
        "waiting",
        "blocked_unknown",
        "paged",
        "noisy",
    ):
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("taken", "restored", "apart"):
        spread, values = getattr(found, name), getattr(expected, name)
        assert spread.count == len(values), name
        assert spread.median == (pytest.approx(percentile(values, 0.5)) if values else None), name
        assert spread.p90 == (pytest.approx(percentile(values, 0.9)) if values else None), name
    assert found.blocked == (None if expected.blocked is None else pytest.approx(expected.blocked))
