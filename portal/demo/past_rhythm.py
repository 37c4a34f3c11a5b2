"""What teams of the demo did in its past beside mending: drills, runbooks, a campaign, planned work, swaps, absences.

Each is done by the product's own operation at its moment, like everything else in `portal.demo.past`.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from catalog.access import Actor
from catalog.models import Component, Person, Team
from catalog.operations import patch_component
from catalog.operations.campaigns import CampaignSpec, begin_campaign
from catalog.operations.scores import begin_scores, record_day, score_due
from catalog.operations.windows import WindowSpec, declare_window
from incidents.models import Drill, Page, PageStep, Schedule
from incidents.operations import acknowledge
from incidents.operations.absences import enter_absence
from incidents.operations.changes import Told, record_changes
from incidents.operations.drill_plans import Rhythm, put_plan
from incidents.operations.drills import begin_drill, end_due
from incidents.operations.handoff_notes import add_handoff_note
from incidents.operations.schedules import add_override
from incidents.operations.swaps import Period, accept_swap, ask_swap
from portal.demo.past_story import At
from slo.models import Objective
from slo.operations import ExclusionSpec, declare_exclusion

Item = Mapping[str, Any]
WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
A_DRILL = timedelta(minutes=62)
"""After which one that nobody answered is over."""


def live_by(said: Mapping[str, Any], at: At, *, now: datetime) -> None:
    """Put down all that the document says, by its moment."""
    for item in said["written"]:
        _written(item, at, now)
    for day in said["scored"]:
        at(now - day * DAY + HOUR, _score)
    for day in range(max(said["scored"]) - 1, 0, -1):  # as the beat does; where it was scored it finds it done
        at(now - day * DAY + 2 * HOUR, _sum_up)
    at(now - said["campaign"]["begun"] * DAY, lambda moment: _begin(said["campaign"], moment, now))
    for item in said["drills"]:
        _drill(item, at, now)
    for name, act in _ONCE.items():
        for item in said[name]:
            at(now - item["said"] * DAY, _later(act, item, now))


def _later(act: Any, *said: Any) -> Any:  # noqa: ANN401 - an act of any kind
    return lambda moment: act(*said, moment)


def moment_of(text: str, now: datetime) -> datetime:
    """`41 09:30`: that hour (UTC), so many days before `now`; `-4 14:00` is still to come."""
    days, _, clock = text.partition(" ")
    return datetime.combine(_day(int(days), now), time.fromisoformat(clock), UTC)


def _day(days: int, now: datetime) -> date:
    return (now - timedelta(days=days)).date()


def _written(item: Item, at: At, now: datetime) -> None:
    ref = f"component:default/{item['component']}"
    runbook = Component.objects.get(ref=ref).runbook
    owner = Component.objects.select_related("owner").get(ref=ref).owner
    lead = Person.objects.filter(memberships__team=owner, memberships__role="lead").order_by("pk")[0]

    def say(text: str) -> Any:  # noqa: ANN401 - as `_later`
        return lambda moment: patch_component(ref=ref, changes={"runbook": text}, actor=Actor(person=lead), now=moment)

    at(now - 60 * DAY, say(""))
    at(now - item["day"] * DAY, say(runbook))


def _score(moment: datetime) -> None:
    begin_scores()
    score_due(now=moment)
    _sum_up(moment)


def _sum_up(moment: datetime) -> None:
    record_day(now=moment)


def _begin(said: Item, moment: datetime, now: datetime) -> None:
    spec = CampaignSpec(
        name=said["name"],
        why=said["why"],
        level=said["level"],
        tiers=tuple(said["tiers"]),
        due_on=_day(said["due"], now),
        owner=f"user:default/{said['owner']}",
    )
    begin_campaign(spec=spec, actor=_actor(said["by"]), now=moment)


def _drill(item: Item, at: At, now: datetime) -> None:
    component = _component(item["component"])
    began = moment_of(item["at"], now)
    if "hole" in item:
        at(began - DAY, lambda moment: _nobody(item["hole"], began, item["by"], moment))
    at(began, lambda moment: _begun(component, item["by"], moment))
    over = began + A_DRILL
    if "ack" in item:
        taken = began + timedelta(minutes=item["ack"], seconds=11)
        at(taken, lambda moment: _answer(component, moment))
        at(taken + timedelta(seconds=5), lambda moment: _over(moment))
        over = taken + timedelta(minutes=10)  # a team that was asked later answers later
        at(over, lambda moment: _answer(component, moment))
    at(over + timedelta(seconds=5), lambda moment: _over(moment))


def _nobody(schedule: str, began: datetime, by: str, moment: datetime) -> None:
    add_override(
        schedule=Schedule.objects.get(slug=schedule), person=None, starts_at=began - HOUR, ends_at=began + 3 * HOUR,
        by=_actor(by), now=moment, reason="Team day",
    )  # fmt: skip


def _begun(component: Component, by: str, moment: datetime) -> None:
    begin_drill(component=component, by=_actor(by), now=moment)


def _answer(component: Component, moment: datetime) -> None:
    """Whoever was asked last, for every team that was called."""
    drill = Drill.objects.filter(component=component).latest("begun_at")
    for page in drill.incident.pages.filter(state__in=Page.UNTAKEN):
        step = PageStep.objects.filter(page=page).exclude(people=[]).order_by("at", "pk").last()
        if step is not None:
            acknowledge(page=page, by=Person.objects.get(ref=step.people[0]), via="link", now=moment)


def _over(moment: datetime) -> None:
    end_due(now=moment)


def _plan(item: Item, now: datetime, moment: datetime) -> None:
    of = Team.objects.get(ref=f"group:default/{item['team']}") if "team" in item else _component(item["component"])
    rhythm = Rhythm(item["every"], item["weekday"], time.fromisoformat(item["at"]), item["time_zone"])
    put_plan(of=of, rhythm=rhythm, by=_actor(item["by"]), now=moment)


def _window(item: Item, now: datetime, moment: datetime) -> None:
    start = moment_of(item["at"], now)
    spec = WindowSpec(
        title=item["title"],
        starts_at=start,
        ends_at=start + timedelta(minutes=item["minutes"]),
        rrule=item.get("rrule", ""),
        excludes_budget=item.get("excludes", False),
    )
    declare_window(spec=spec, target=_component(item["component"]), actor=_actor(item["by"]), now=moment)


def _exclusion(item: Item, now: datetime, moment: datetime) -> None:
    start = moment_of(item["at"], now)
    spec = ExclusionSpec(title=item["title"], starts_at=start, ends_at=start + timedelta(minutes=item["minutes"]))
    target = Objective.objects.get(name=item["objective"]) if "objective" in item else _component(item["component"])
    declare_exclusion(spec=spec, target=target, actor=_actor(item["by"]), now=moment)


def _absence(item: Item, now: datetime, moment: datetime) -> None:
    starts_at, ends_at = now - item["from"] * DAY, now - item["to"] * DAY
    person = _person(item["person"])
    enter_absence(
        person=person, starts_at=starts_at, ends_at=ends_at, by=Actor(person=person), now=moment, note=item["note"]
    )


def _swap(item: Item, now: datetime, moment: datetime) -> None:
    """Of the rotation's second week and its third, which are still to come."""
    asker, asked = _person(item["asker"]), _person(item["asked"])
    swap = ask_swap(
        schedule=Schedule.objects.select_related("team").get(slug=item["schedule"]),
        asker=asker,
        asked=asked,
        gives=Period(now + HOUR, now + 2 * WEEK),
        takes=Period(now + HOUR, now + 3 * WEEK),
        by=Actor(person=asker),
        now=moment,
        reason=item["reason"],
    )
    if item.get("accepted"):
        accept_swap(swap=swap, by=Actor(person=asked), now=moment + 3 * HOUR)


def _note(item: Item, now: datetime, moment: datetime) -> None:
    schedule = Schedule.objects.get(slug=item["schedule"])
    add_handoff_note(schedule=schedule, text=item["text"], by=_actor(item["by"]), now=moment)


def _deployed(item: Item, now: datetime, moment: datetime) -> None:
    component = _component(item["component"])
    told = Told(
        component=component,
        kind="deployment",
        title=item["title"],
        at=moment,
        source="argo-cd",
        url=f"https://argo.acme.example/applications/{component.name}",
        actor=item["actor"],
        external_id=f"demo-deployed-{component.name}",
    )
    record_changes(told=[told], now=moment)


def _component(name: str) -> Component:
    return Component.objects.select_related("owner").get(ref=f"component:default/{name}")


def _person(name: str) -> Person:
    return Person.objects.get(ref=f"user:default/{name}")


def _actor(name: str) -> Actor:
    return Actor(person=_person(name))


_ONCE = {
    "planned_drills": _plan,
    "windows": _window,
    "exclusions": _exclusion,
    "absences": _absence,
    "swaps": _swap,
    "notes": _note,
    "deployments": _deployed,
}
"""How each list of the document is done, at its `said`."""
