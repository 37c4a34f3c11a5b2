"""One incident of the demo's past: what the document says of it, as things done one after the other."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from catalog.access import Actor
from catalog.models import Component, Person, Team
from incidents import operations
from incidents.models import Alert, Incident, Page, PageStep, Severity, Task
from incidents.operations.changes import Told, record_changes
from portal.demo import past_alerts, past_burning

Act = Callable[[datetime], None]
At = Callable[[datetime, Act], None]
BEFORE = timedelta(minutes=18)
"""How long before an incident the change was made that it came of."""


@dataclass(slots=True)
class Story:
    """An incident from its first alert to its end. `incident` is there once it has begun."""

    number: int
    item: Mapping[str, Any]
    began: datetime
    rng: random.Random
    incident: Incident | None = None
    taken_by: Person | None = None

    @property
    def key(self) -> str:
        """Of its alert."""
        return f"demo-past:{self.number}"

    @property
    def title(self) -> str:
        """As the reviews of the document name it."""
        return str(self.item.get("title") or f"Error budget of {self.item['dip']}")

    @property
    def ends(self) -> datetime:
        """When it is over, but for what comes again."""
        return self._after(self.item["lasts"])

    def write_into(self, at: At) -> None:
        """Put down everything that happens, by its moment."""
        item = self.item
        if "change" in item:
            at(self.began - BEFORE, self._changed)
        at(self.began, self._begin)
        for number, symptom in enumerate(item.get("symptoms", ())):
            self._symptom(number, symptom, at)
        if "ack" in item:
            at(self._after(item["ack"]), self._take)
        at(self._after(item.get("ack", 0)) + timedelta(seconds=40), self._gather_people)
        for minute, text in item.get("notes", {}).items():
            at(self._after(minute), partial(self._note, text))
        for minute, (state, text) in item.get("updates", {}).items():
            at(self._after(minute), partial(self._update, state, text))
        if "worse" in item:
            at(self._after(item["worse"][0]), self._worsen)
            at(self._after(item["worse"][0] + 3), self._others_take)
        if "engage" in item:
            at(self._after(item["engage"][0]), self._call_in)
            at(self._after(item["engage"][0] + 1), self._others_take)
        self._over(self.ends, at)
        if "again" in item:
            at(self.ends + timedelta(minutes=item["again"]), self._begin)
            self._over(self.ends + timedelta(minutes=item["again"] + 5), at)

    def _over(self, moment: datetime, at: At) -> None:
        at(moment, self._end)
        at(moment + timedelta(seconds=45), self._clear)

    def _begin(self, now: datetime) -> None:
        if "declared" in self.item:
            said = self.item["declared"]
            self.incident = operations.declare(
                title=self.title,
                by=_actor(said["by"]),
                now=now,
                component=_component(self.item["on"]),
                severity=said["severity"],
            )
        elif "dip" in self.item:
            self.incident = past_burning.fire(objective=self.item["dip"], burn=self.item["burns"], now=now)
        else:
            said = {"component": self.item["on"], "rule": self.item.get("rule", Alert.Rule.PAGE)}
            self.incident = past_alerts.fire(key=self.key, title=self.title, now=now, **said)

    def _symptom(self, number: int, symptom: Mapping[str, Any], at: At) -> None:
        key = f"{self.key}:{number}"
        component = symptom["on"]

        def begin(now: datetime) -> None:
            past_alerts.fire(key=key, title=symptom["title"], component=component, now=now)

        def end(now: datetime) -> None:
            past_alerts.clear(key=key, now=now)

        at(self._after(symptom["after"]), begin)
        at(self._after(symptom["after"] + symptom["lasts"]), end)

    def _changed(self, now: datetime) -> None:
        component = _component(self.item["on"])
        told = Told(
            component=component,
            kind="deployment",
            title=self.item["change"],
            at=now,
            source="argo-cd",
            url=f"https://argo.acme.example/applications/{component.name}",
            actor="deploy-bot",
            external_id=f"demo-past-{self.number}",
        )
        record_changes(told=[told], now=now)

    def _take(self, now: datetime) -> None:
        """Whoever was asked last takes it, by the link in the message or in the portal."""
        incident = self._incident()
        page = incident.pages.filter(role__in=(Page.Role.OWNER, Page.Role.CATCH_ALL)).order_by("pk").last()
        self.taken_by = self._asked(page)
        if page is None or page.state not in Page.UNTAKEN:
            operations.acknowledge_incident(incident=incident, by=Actor(person=self.taken_by), now=now)
        else:
            via = self.rng.choice(("link", "link", "web"))
            operations.acknowledge(page=page, by=self.taken_by, via=via, now=now)
        self._others_take(now)

    def _others_take(self, now: datetime) -> None:
        """Whoever else was asked says that they are there."""
        for page in self._incident().pages.filter(state__in=Page.UNTAKEN):
            operations.acknowledge(page=page, by=self._asked(page), via="link", now=now)

    def _asked(self, page: Page | None) -> Person:
        step = PageStep.objects.filter(page=page).exclude(people=[]).order_by("at", "pk").last()
        if step is not None:
            return Person.objects.get(ref=self.rng.choice(step.people))
        team = page.team if page is not None and page.team is not None else self._incident().owner
        return Person.objects.filter(memberships__team=team).order_by("pk")[0]

    def _gather_people(self, now: datetime) -> None:
        """Who leads, who talks, who listens, where they meet, and what is to be done."""
        item, incident, by = self.item, self._incident(), Actor(person=self.taken_by)
        for name in item.get("follow", ()):
            operations.follow(incident=incident, person=_person(name), now=now)
        for role in ("commander", "communications"):
            if role in item:
                operations.assign_role(incident=incident, role=role, person=_person(item[role]), by=by, now=now)
        if "room" in item:
            operations.add_link(incident=incident, url=item["room"], title="Room", room=True, by=by, now=now)
        for text in item.get("tasks", ()):
            operations.add_task(incident=incident, text=text, by=by, now=now)

    def _note(self, text: str, now: datetime) -> None:
        operations.add_note(incident=self._incident(), by=Actor(person=self.taken_by), text=text, now=now)

    def _update(self, state: str, text: str, now: datetime) -> None:
        who = self.item.get("communications")
        by = _actor(who) if who else Actor(person=self.taken_by)
        operations.post_update(incident=self._incident(), state=state, text=text, by=by, now=now)

    def _worsen(self, now: datetime) -> None:
        _, severity, reason = self.item["worse"]
        by = Actor(person=self.taken_by)
        operations.change_severity(incident=self._incident(), severity=severity, reason=reason, by=by, now=now)

    def _call_in(self, now: datetime) -> None:
        team = Team.objects.get(ref=f"group:default/{self.item['engage'][1]}")
        operations.engage(incident=self._incident(), by=Actor(person=self.taken_by), team=team, now=now)

    def _end(self, now: datetime) -> None:
        """Mended by somebody who says what it was, and then it clears; or it clears by itself."""
        incident = self._incident()
        by = Actor(person=self.taken_by)
        for task in Task.objects.filter(incident=incident, done_at=None):
            operations.change_task(task=task, by=by, done=True, now=now)
        if incident.is_open and "said" in self.item:
            operations.resolve(incident=incident, by=by, now=now, cause=self.item["said"])
        else:
            self._clear(now)

    def _clear(self, now: datetime) -> None:
        """By whoever told of it; what somebody declared has no alert."""
        if "dip" in self.item:
            past_burning.clear(objective=self.item["dip"], now=now)
        elif "declared" not in self.item:
            past_alerts.clear(key=self.key, now=now)

    def _incident(self) -> Incident:
        if self.incident is None:
            raise ValueError(f"{self.title} has not begun")
        self.incident.refresh_from_db()
        return self.incident

    def _after(self, minutes: float) -> datetime:
        """That minute of it, and some seconds: nobody acts on the minute."""
        return self.began + timedelta(minutes=minutes, seconds=(self.number * 37 + int(minutes * 17)) % 50)


def reviewed(incident: Incident) -> bool:
    """Whether the product drafts a review of it."""
    return incident.severity <= Severity.P2 and incident.root_id is None


def _component(name: str) -> Component:
    return Component.objects.select_related("owner").get(ref=f"component:default/{name}")


def _person(name: str) -> Person:
    return Person.objects.get(ref=f"user:default/{name}")


def _actor(name: str) -> Actor:
    return Actor(person=_person(name))
