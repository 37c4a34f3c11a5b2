"""Campaigns: who may begin them, how far they are, who is behind, and the reminders of those; levels over time."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog import registries
from catalog.access import Actor
from catalog.drawn_campaigns import burn_up, levels_of
from catalog.models import AuditEntry, Campaign, CampaignDay, Component, Person, Score, ScoreStep
from catalog.operations import begin_scores, record_day, score_due
from catalog.operations.campaigns import CampaignEnded, CampaignSpec, begin_campaign, change_campaign, end_campaign
from catalog.queries.campaigns import lagging, moved, reached_by, steps_of, to_remind_of
from incidents.models import InboxMessage
from incidents.operations.campaigning import remind_of_campaigns
from portal.lib.errors import Forbidden, Invalid
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
API = "/api/v1/campaigns"
DUE = date(2027, 3, 1)
MORNING = datetime(2027, 2, 22, 9, tzinfo=NOW.tzinfo)


class World:
    """Build & CI (Ada leads) has ci-runners (tier 1, gold) and cache (tier 1, silver); Networking the vpn (tier 2)."""

    def __init__(self) -> None:
        self.ada, self.mallory, self.root = make.person("ada"), make.person("mallory"), make.person("root", admin=True)
        self.build = make.team("build-ci", lead=self.ada)
        self.networking = make.team("networking", self.mallory)
        self.runners = scored(make.component("ci-runners", owner=self.build, tier=1, type="runner"), 3)
        self.cache = scored(make.component("cache", owner=self.build, tier=1), 2)
        self.vpn = scored(make.component("vpn", owner=self.networking, tier=2), 0)


def scored(component: Component, level: int) -> Component:
    said = {"passed": level, "failed": 3 - level, "unknown": 0, "at": NOW, "changed_at": NOW}
    Score.objects.create(component=component, level=level, answers={"owner": [level > 0, ""]}, **said)
    return component


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


def begin(by: Person, **said: Any) -> Campaign:
    spec = CampaignSpec(**{"name": "All gold", "level": "gold", "due_on": DUE, "tiers": (1,), **said})
    return begin_campaign(spec=spec, actor=Actor(person=by), now=NOW)


def how_far(row: Campaign) -> tuple[int, int]:
    found = reached_by([row.pk])[row.pk]
    return found.reached, found.total


def test_only_platform_admins_begin_change_and_end(world: World) -> None:
    with pytest.raises(Forbidden):
        begin(world.ada)
    row = begin(world.root)
    with pytest.raises(Forbidden):
        change_campaign(campaign_id=row.pk, changes={"name": "Mine"}, actor=Actor(person=world.ada), now=NOW)
    with pytest.raises(Forbidden):
        end_campaign(campaign_id=row.pk, actor=Actor(person=world.ada), now=NOW)
    assert [entry.action for entry in AuditEntry.objects.all()] == ["campaign.begin"]


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ({}, (1, 2)),
        ({"level": "silver"}, (2, 2)),
        ({"tiers": ()}, (1, 3)),
        ({"tiers": (), "types": ("runner",)}, (1, 1)),
        ({"tiers": (), "teams": ("networking",)}, (0, 1)),
        ({"tiers": (4,)}, (0, 0)),
    ],
)
def test_it_is_as_far_as_the_components_it_names(world: World, said: dict[str, Any], reached: tuple[int, int]) -> None:
    row = begin(world.root, **said)
    assert how_far(row) == reached
    assert [(one.reached, one.total) for one in CampaignDay.objects.all()] == [reached]  # kept from the first day on


def test_retired_and_never_scored_components_are_not_counted(world: World) -> None:
    row = begin(world.root)
    make.component("new", owner=world.build, tier=1)
    Component.objects.filter(pk=world.cache.pk).update(retired_at=NOW)
    assert how_far(row) == (1, 1)


def test_who_is_behind_is_named_with_those_who_lead(world: World) -> None:
    row = begin(world.root, tiers=())
    found = {one.team.name: (one.behind, one.total, [lead.name for lead in one.leads]) for one in lagging(row)}
    assert found == {"build-ci": (1, 2, ["ada"]), "networking": (1, 1, [])}
    assert [one.team.name for one in lagging(begin(world.root, name="Bronze", level="bronze", tiers=()))] == [
        "networking"
    ]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "  "}, "name"),
        ({"level": "platinum"}, "level"),
        ({"due_on": NOW.date() - timedelta(days=1)}, "due_on"),
        ({"due_on": date(2099, 1, 1)}, "due_on"),
        ({"tiers": (5,)}, "tiers"),
        ({"types": ("x" * 64,)}, "types"),
        ({"teams": ("ghosts",)}, "teams"),
        ({"owner": "nobody"}, "owner"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        begin(world.root, **said)
    assert [error.field for error in refused.value.errors] == [field]
    assert not Campaign.objects.exists()


def test_a_name_is_taken_while_the_other_runs(world: World) -> None:
    first = begin(world.root)
    with pytest.raises(Invalid, match="runs already"):
        begin(world.root)
    end_campaign(campaign_id=first.pk, actor=Actor(person=world.root), now=NOW)
    assert begin(world.root).pk != first.pk


def test_an_ended_one_stays_as_far_as_it_was(world: World) -> None:
    row, root = begin(world.root), Actor(person=world.root)
    end_campaign(campaign_id=row.pk, actor=root, now=NOW + timedelta(days=1))
    Score.objects.filter(component=world.cache).update(level=3)
    assert how_far(row) == (1, 2)
    end_campaign(campaign_id=row.pk, actor=root, now=NOW + timedelta(days=2))
    assert AuditEntry.objects.filter(action="campaign.end").count() == 1
    with pytest.raises(CampaignEnded):
        change_campaign(campaign_id=row.pk, changes={"name": "Other"}, actor=root, now=NOW)


def test_one_past_its_day_can_still_be_renamed_but_not_be_put_into_the_past(world: World) -> None:
    row, root = begin(world.root), Actor(person=world.root)
    later = NOW + timedelta(days=200)
    assert change_campaign(campaign_id=row.pk, changes={"name": "Gold"}, actor=root, now=later).name == "Gold"
    with pytest.raises(Invalid, match="due_on"):
        change_campaign(campaign_id=row.pk, changes={"due_on": date(2027, 3, 2)}, actor=root, now=later)


def test_the_days_sums_keep_how_far_running_ones_are(world: World) -> None:
    row = begin(world.root)
    ended = begin(world.root, name="Ended")
    end_campaign(campaign_id=ended.pk, actor=Actor(person=world.root), now=NOW)
    Score.objects.filter(component=world.cache).update(level=3)
    assert record_day(now=NOW + timedelta(days=1))
    days = CampaignDay.objects.order_by("campaign", "day").values_list("campaign", "reached", "total")
    assert list(days) == [(row.pk, 1, 2), (row.pk, 2, 2), (ended.pk, 1, 2)]


# Reminders


@pytest.mark.parametrize(
    ("before", "stages"),
    [(31, 0), (30, 1), (29, 1), (8, 1), (7, 1), (2, 1), (1, 1), (0, 1), (-1, 0)],
)
def test_a_lead_is_reminded_from_a_month_before_on(world: World, before: int, stages: int) -> None:
    begin(world.root)
    at = datetime.combine(DUE - timedelta(days=before), NOW.time(), tzinfo=NOW.tzinfo)
    assert remind_of_campaigns(now=at) == stages
    assert remind_of_campaigns(now=at + timedelta(hours=1)) == 0


def test_a_lead_hears_three_times_of_one_that_comes_near(world: World) -> None:
    begin(world.root)
    for days in range(40):
        for hour in (3, 9, 15):
            at = datetime(2027, 1, 25, hour, tzinfo=NOW.tzinfo) + timedelta(days=days)
            remind_of_campaigns(now=at)
    said = [(one.person.name, one.at.date(), one.subject) for one in InboxMessage.objects.order_by("at")]
    assert [(name, day) for name, day, _ in said] == [
        ("ada", date(2027, 1, 30)),
        ("ada", date(2027, 2, 22)),
        ("ada", date(2027, 2, 28)),
    ]
    assert said[1][2] == "All gold: due in 7 days, Build Ci misses 1 of 2"


def test_nobody_is_reminded_in_their_night_of_what_is_reached_or_ended(world: World) -> None:
    row = begin(world.root)
    Person.objects.filter(pk=world.ada.pk).update(time_zone="America/Los_Angeles")
    assert remind_of_campaigns(now=MORNING) == 0
    assert remind_of_campaigns(now=MORNING + timedelta(hours=8)) == 1
    InboxMessage.objects.all().delete()
    Score.objects.filter(component=world.cache).update(level=3)
    assert remind_of_campaigns(now=MORNING + timedelta(hours=8)) == 0
    Score.objects.filter(component=world.cache).update(level=0)
    end_campaign(campaign_id=row.pk, actor=Actor(person=world.root), now=NOW)
    assert remind_of_campaigns(now=MORNING + timedelta(hours=8)) == 0
    assert to_remind_of(now=MORNING) == []


# Levels over time


def test_a_component_keeps_a_step_only_when_its_sums_change(monkeypatch: pytest.MonkeyPatch) -> None:
    made = make.component("ci-runners")
    says = {"yes": False}
    check = registries.ScorecardCheck(
        "One", "bronze", lambda found, _: {one.pk: registries.Verdict(says["yes"], "") for one in found}
    )
    monkeypatch.setattr(registries, "scorecard_checks", {"one": check})
    begin_scores()
    for day, yes in enumerate([False, False, True, True, False]):
        says["yes"] = yes
        score_due(now=NOW + timedelta(days=day))
    steps = [((one.day - NOW.date()).days, one.level) for one in steps_of(made, now=NOW + timedelta(days=5))]
    assert steps == [(0, 0), (2, 3), (4, 0)]
    says["yes"] = True
    score_due(now=NOW + timedelta(days=4, hours=2))
    assert ScoreStep.objects.filter(component=made).count() == 3  # a day keeps its last word
    assert moved(NOW.date() + timedelta(days=1)) == {"up": 1, "down": 0}
    assert moved(NOW.date() + timedelta(days=2)) == {"up": 0, "down": 0}
    assert moved(NOW.date() - timedelta(days=1)) == {"up": 0, "down": 0}  # it was not there then


def test_the_drawings_have_their_numbers(world: World) -> None:
    row = begin(world.root)
    CampaignDay.objects.create(campaign=row, day=NOW.date() + timedelta(days=1), reached=2, total=2)
    drawn = burn_up(row, list(CampaignDay.objects.order_by("day")))
    assert drawn is not None
    assert (drawn.first, drawn.last) == (NOW.date(), DUE)
    assert [(one.y, one.height) for one in drawn.columns] == [("50.00%", "50.00%"), ("0.00%", "100.00%")]
    assert drawn.pace == ("0.00%", "50.00%", "100.00%", "0.00%")
    assert burn_up(row, []) is None
    step = ScoreStep(component=world.vpn, day=NOW.date(), level=1, passed=1, failed=1, unknown=0)
    levels = levels_of([step], today=NOW.date() + timedelta(days=30))
    assert levels is not None
    assert [(one.x, one.width) for one in levels.stretches] == [("0.00%", "100.00%")]
    assert levels.label.startswith(f"Bronze since {step.day.day} ")


def test_a_level_is_held_since_it_was_reached_whatever_its_sums_did_since(world: World) -> None:
    days = [NOW.date() + timedelta(days=n) for n in range(4)]
    steps = [
        ScoreStep(component=world.vpn, day=day, level=level, passed=passed, failed=1, unknown=0)
        for day, level, passed in zip(days, (1, 0, 1, 1), (3, 2, 3, 4), strict=True)
    ]
    drawn = levels_of(steps, today=days[-1])
    assert drawn is not None
    assert drawn.label.startswith(f"Bronze since {days[2].day} ")


# Over HTTP


def test_the_api_begins_reads_changes_and_ends(world: World) -> None:
    client = APIClient()
    client.force_login(make.account_of(world.root))
    said = {"name": "All gold", "level": "gold", "due_on": "2099-01-01", "tiers": [1]}
    refused = client.post(API, said, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "due_on")
    made = client.post(API, said | {"due_on": _soon()}, format="json")
    assert made.status_code == 201, made.json()
    one = f"{API}/{made.json()['id']}"
    assert client.patch(one, {"why": "Because."}, format="json").json()["why"] == "Because."
    reader = make.signed(APIClient(), make.token("read")[1])
    read = reader.get(one).json()
    assert (read["reached"], read["total"], read["owner"]) == (1, 2, "user:default/root")
    assert read["behind"] == [{"team": "group:default/build-ci", "behind": 1, "total": 2, "leads": [world.ada.ref]}]
    assert [row["id"] for row in reader.get(API).json()["results"]] == [read["id"]]
    assert client.delete(one).json()["ended_at"]
    assert reader.get(API).json()["results"] == []
    assert len(reader.get(f"{API}?state=over").json()["results"]) == 1
    assert reader.get(f"{API}?state=never").status_code == 400
    history = reader.get("/api/v1/components/component/default/vpn/scorecard/history").json()
    assert history == {"ref": "component:default/vpn", "steps": []}


def test_components_furthest_behind_come_first_with_what_failed_and_why(world: World, client: Client) -> None:
    row = begin(world.root, tiers=())
    for name, failed in (("one-missing", 1), ("two-missing", 2)):
        component = scored(make.component(name, owner=world.build), 2)
        answers = {"docs": [False, "Nothing to read yet."]}
        Score.objects.filter(component=component).update(failed=failed, answers=answers)
    client.force_login(make.account_of(world.mallory))
    answer = client.get(f"/scorecards/campaigns/{row.pk}")
    order = [score.component.name for score, *_ in answer.context["components"]]
    assert order == ["vpn", "two-missing", "cache", "one-missing"]
    assert "Has docs" in answer.text
    assert "Nothing to read yet." in answer.text


def test_pages_show_it_and_only_admins_get_the_buttons(world: World, client: Client) -> None:
    client.force_login(make.account_of(world.root))
    form = {"name": "All gold", "level": "gold", "due_on": _soon(), "tiers": ["1"]}
    wrong = client.post("/scorecards/campaigns/new", form | {"owner": "nobody"})
    assert (wrong.status_code, "nobody who is still here" in wrong.content.decode()) == (400, True)
    made = client.post("/scorecards/campaigns/new", form)
    page = client.get(made["Location"]).content.decode()
    assert "Teams behind" in page
    assert "cache" in page
    assert "New campaign" in client.get("/scorecards/campaigns").content.decode()
    client.force_login(make.account_of(world.mallory))
    assert "New campaign" not in client.get("/scorecards/campaigns").content.decode()
    assert "Change" not in client.get(made["Location"]).content.decode().split("page-head")[1].split("strip")[0]
    assert client.post(f"{made['Location']}/edit", form).status_code == 403
    assert client.get("/scorecards/campaigns/new").status_code == 403
    assert client.get("/scorecards/campaigns/999").status_code == 404
    scorecard = client.get("/components/component/default/vpn/scorecard").content.decode()
    assert "Level over time" in scorecard
    assert scorecard.index("Whoever is called at night finds none.") < scorecard.index("Has an owner")


def _soon() -> str:
    return (datetime.now(tz=NOW.tzinfo).date() + timedelta(days=60)).isoformat()
