"""An incident that is over, with people around it: Ada's team owns it, Bob is elsewhere."""

from datetime import datetime, timedelta
from typing import Any

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import operations
from incidents.models import ActionItem, Incident, Review
from incidents.operations.action_items import ItemSpec
from tests import make, make_incidents
from tests.make import NOW

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class World:
    """CI owns ci-runners; Ada is on its policy, Ben its lead; Bob is in Networking."""

    def __init__(self) -> None:
        self.ada, self.ben = make_incidents.reachable("ada"), make_incidents.reachable("ben")
        self.bob = make_incidents.reachable("bob")
        self.team = make_incidents.paged(make.team("ci", self.ada, lead=self.ben), make_incidents.step(self.ada))
        make.team("networking", self.bob)
        self.runners: Component = make.component("ci-runners", owner=self.team, tier=1)

    @property
    def by(self) -> Actor:
        """Ada."""
        return Actor(person=self.ada)

    def incident(
        self, *, at: datetime = NOW, lasts: timedelta = 30 * MINUTE, cause: str = "", **fields: Any
    ) -> Incident:
        """One of ci-runners, taken by Ada after two minutes and resolved by her."""
        made = make_incidents.incident(self.runners, now=at, **fields)
        operations.acknowledge_incident(incident=made, by=self.by, now=at + 2 * MINUTE)
        return operations.resolve(incident=made, by=self.by, cause=cause, now=at + lasts)

    def review(self, incident: Incident | None = None, *, now: datetime = NOW + 31 * MINUTE) -> Review:
        """The review of an incident."""
        return operations.draft_review(incident=incident or self.incident(), now=now)

    def item(
        self, review: Review, *, now: datetime = NOW + DAY, owner: Person | None = None, **fields: object
    ) -> ActionItem:
        """An action item, due in ten days unless said otherwise."""
        given: dict[str, Any] = {"title": "Drain nodes first", "due_on": (now + 10 * DAY).date(), **fields}
        spec = ItemSpec(owner=owner or self.ada, **given)
        return operations.add_action_item(review=review, spec=spec, by=self.by, now=now)


TOLD: dict[str, Any] = {
    "summary": "Jobs waited for 30 minutes.",
    "causes": "The drain ran before the new pool was there.",
}
