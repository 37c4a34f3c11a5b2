"""One of everything that the incidents app keeps, all of Build & CI, and those who are outside of it."""

from collections.abc import Iterable
from datetime import time, timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import ApiToken, Person
from incidents import operations
from incidents.models import (
    Absence,
    Delivery,
    HandoffNote,
    InboxMessage,
    LayerVersion,
    Notification,
    Override,
    Review,
    Swap,
)
from incidents.operations import feeds
from incidents.operations.action_items import ItemSpec
from incidents.operations.drill_plans import Rhythm, put_plan
from incidents.operations.drills import begin_drill
from portal.lib.clock import db_now
from tests import make, make_incidents

DAY = timedelta(days=1)


class World:
    """Ada leads Build & CI, Ben is its member; Mallory is in Networking, Root is a platform admin."""

    def __init__(self) -> None:
        self.now = db_now()
        self.ada, self.ben = make_incidents.reachable("ada"), make_incidents.reachable("ben")
        self.mallory, self.root = make_incidents.reachable("mallory"), make_incidents.reachable("root", admin=True)
        self.build = make.team("build-ci", self.ben, lead=self.ada)
        self.networking = make_incidents.paged(make.team("networking", self.mallory), make_incidents.step(self.mallory))
        self.by = Actor(person=self.ada, via="web")
        make_incidents.paged(self.build, make_incidents.step(self.ada), make_incidents.step(self.ben))
        make_incidents.catch_all(self.root)
        self.runners = make.component("ci-runners", owner=self.build, tier=1)
        self._schedules()
        self._incidents()
        self._drills()
        self._intake()
        self._own()
        for somebody in (self.ada, self.ben, self.mallory, self.root):
            make.account_of(somebody)

    def _schedules(self) -> None:
        now = self.now
        self.schedule = make_incidents.schedule(self.ada, self.ben, team=self.build)
        LayerVersion.objects.create(
            schedule=self.schedule, position=1, name="Days", people=[self.ada.ref], handoff="09:00",
            starts_at=now - DAY, created_at=now,
        )  # fmt: skip
        self.spare = make_incidents.policy(make_incidents.step(self.ada), team=self.build)
        self.override = Override.objects.create(
            schedule=self.schedule, person=self.ben, starts_at=now + 40 * DAY, ends_at=now + 41 * DAY, created_at=now
        )
        gives = [[(now + 20 * DAY).isoformat(), (now + 21 * DAY).isoformat()]]
        self.swap = Swap.objects.create(
            schedule=self.schedule, asker=self.ada, asked=self.ben, gives=gives, first_at=now + 20 * DAY,
            last_at=now + 21 * DAY, created_at=now,
        )  # fmt: skip
        self.note = HandoffNote.objects.create(
            schedule=self.schedule, text="Look", created_at=now, created_by=self.ada, by_name="Ada"
        )
        self.absence = Absence.objects.create(
            person=self.ada, starts_at=now + 50 * DAY, ends_at=now + 51 * DAY, created_at=now, created_by=self.ada
        )

    def _incidents(self) -> None:
        now, by = self.now, self.by
        self.review, self.told = self._reviewed(2), self._reviewed(4)
        operations.publish_review(review=self.told, by=by, now=now)
        spec = ItemSpec(title="Drain first", owner=self.ada, due_on=(now + 10 * DAY).date())
        self.item = operations.add_action_item(review=self.review, spec=spec, by=by, now=now)
        self.closed = operations.add_action_item(
            review=self.review,
            spec=ItemSpec(title="Count", owner=self.ada, due_on=(now + 9 * DAY).date()),
            by=by,
            now=now,
        )
        operations.close_action_item(item=self.closed, state="done", by=by, now=now)
        self.unreviewed = make_incidents.incident(self.runners, now=now - 3 * DAY, rule="ticket")
        operations.resolve(incident=self.unreviewed, by=by, now=now - 3 * DAY + timedelta(hours=1))
        self.incident = make_incidents.incident(self.runners, now=now)
        self.page = make_incidents.page_of(self.incident)
        self.taken = make_incidents.page_of(
            make_incidents.incident(now=now, component=make.component(owner=self.build))
        )
        operations.acknowledge_incident(incident=self.taken.incident, by=by, now=now)
        self.entry = operations.add_note(incident=self.incident, by=by, text="I look", now=now)
        self.task = operations.add_task(incident=self.incident, text="Drain", by=by, now=now)
        self.link = operations.add_link(incident=self.incident, url="https://example.org/board", by=by, now=now)

    def _reviewed(self, days: int) -> Review:
        then = self.now - days * DAY
        incident = make_incidents.incident(self.runners, now=then, rule="ticket")
        operations.resolve(incident=incident, by=self.by, now=then + timedelta(hours=1))
        review = operations.draft_review(incident=incident, by=self.by, now=self.now)
        said = {"summary": "Jobs waited.", "causes": "A drain."}
        return operations.save_review(review=review, sections=said, version=review.version, by=self.by, now=self.now)

    def _drills(self) -> None:
        docs = make.component("docs", owner=self.build, tier=2)
        self.drill = begin_drill(component=docs, by=self.by, now=self.now).drill
        rhythm = Rhythm("month", 1, time(10), "UTC")
        self.plan, _ = put_plan(of=docs, rhythm=rhythm, by=self.by, now=self.now)

    def _intake(self) -> None:
        self.integration, self.key = make_incidents.integration("own", team=self.build, now=self.now)
        self.kept = self.integration.keys.get()
        self.delivery = Delivery.objects.create(
            kind="own", integration=self.integration, received_at=self.now, due_at=self.now, state="done",
            raw='{"key": "x", "summary": "Down"}', body={"key": "x", "summary": "Down"},
        )  # fmt: skip

    def _own(self) -> None:
        self.method = make_incidents.method(self.ada, "second@example.org", order=1)
        self.fresh = make_incidents.method(self.ada, "third@example.org", order=2, confirmed=False)
        self.feed = feeds.make_feed(person=self.ada, schedule=None, now=self.now).feed
        self.message = InboxMessage.objects.create(
            person=self.ada, kind=Notification.Kind.PAGE, key="x", subject="Down", at=self.now
        )

    @property
    def soon(self) -> str:
        """An hour ahead."""
        return (self.now + timedelta(hours=1)).isoformat()

    def at(self, days: int) -> str:
        """A moment so many days ahead."""
        return (self.now + days * DAY).isoformat()


def signed_in(somebody: Person) -> APIClient:
    """A client of this person."""
    client = APIClient()
    client.force_login(make.account_of(somebody))
    return client


def guests(world: World, scope: str) -> dict[str, APIClient]:
    """Those who must not write; `scope` is what the address asks of a token."""

    def holding(*scopes: str, **more: Any) -> APIClient:
        return make.signed(APIClient(), make.token(*scopes, **more)[1])

    return {
        "nobody": APIClient(),
        "made up": make.signed(APIClient(), "portico_guessed"),
        "wrong scope": holding(*(one for one in ApiToken.Scope.values if one != scope)),
        "other team": holding("read", scope, teams=[world.networking]),
        "other member": signed_in(world.mallory),
    }


def everything(but: Iterable[str] = ("catalog_apitoken",)) -> dict[str, tuple[int, str]]:
    """Of every table of the apps how many rows it has and a sum over all their columns, in one query.

    That a token was used is written beside it, so tokens are left out.
    """
    labels = ("catalog", "slo", "incidents")
    tables = {model._meta.db_table for label in labels for model in apps.get_app_config(label).get_models()}
    asked = " UNION ALL ".join(
        f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {name} t"
        for name in sorted(tables - set(but))
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return {name: (rows, total) for name, rows, total in cursor.fetchall()}
