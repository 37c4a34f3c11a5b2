"""Analytics over 10,000 incidents of two years: the first byte of every page, of the CSV and of the API.

`bin/bench analytics [--json] [--incidents N] [--rounds N]`. The database named by DATABASE_URL is filled; use a fresh
one. Every page is asked for the whole two years, at the server, in this process, warm: requests go through all
middleware to the view and to the bytes of the answer, without a socket.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Component, Person, Team
from incidents.models import ActionItem, Incident, Notification, Page, PageStep, Review, TimelineEntry
from portal.lib.clock import db_now
from tests import make
from tests.benchmarks.table import Row, show

BAR, QUERIES_BAR = 300.0, 30
YEARS = timedelta(days=729)
TEAMS, PEOPLE, COMPONENTS = 50, 150, 300
ZONES = ("Europe/Berlin", "America/Chicago", "Asia/Kolkata")
SOURCES = ("slo", "alertmanager", "pagerduty", "manual")
MINUTE = timedelta(minutes=1)
ASKED = (
    ("overview", "/analytics?period=24"),
    ("teams", "/analytics/teams?period=24"),
    ("components", "/analytics/components?period=24&sort=restored"),
    ("people's load", "/analytics/people?period=24"),
    ("noise", "/analytics/noise?period=24"),
    ("action items", "/analytics/action-items?period=24"),
    ("overview, one team", "/analytics?period=24&team=group%3Adefault%2Fteam-7"),
    ("overview, as opened (6 months)", "/analytics"),
    ("CSV by component", "/analytics.csv?period=24&by=component"),
    ("API by month", "/api/v1/analytics/incidents?by=month&since={since}"),
    ("API people", "/api/v1/analytics/people?since={since}"),
)


def main() -> None:
    """Fill, measure, show."""
    asked = _arguments()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    print(f"filling {asked.incidents:,} incidents", file=sys.stderr, flush=True)
    now = db_now()
    reader = fill(asked.incidents, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    web = Client()
    web.force_login(reader)
    since = f"{now - YEARS:%Y-%m-%dT00:00:00Z}"
    rows = [row for name, url in ASKED for row in _rows(web, name, url.format(since=since), asked.rounds)]
    show("analytics", rows, as_json=asked.json)


def _rows(web: Client, name: str, url: str, rounds: int) -> Iterator[Row]:
    for _ in range(3):
        _ask(web, url)
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        _ask(web, url)
        taken.append(1000 * (time.perf_counter() - began))
    with CaptureQueriesContext(connection) as asked:
        _ask(web, url)
    p95, queries = statistics.quantiles(taken, n=20)[-1], len(asked)
    yield Row(f"{name}: p50", statistics.median(taken), "ms")
    yield Row(f"{name}: p95", p95, "ms", f"p95 < {BAR:.0f} ms", p95 < BAR)
    yield Row(f"{name}: queries", queries, "queries", f"at most {QUERIES_BAR}", queries <= QUERIES_BAR)


def _ask(web: Client, url: str) -> None:
    answer: Any = web.get(url)
    if answer.status_code != 200:
        raise SystemExit(f"{url} answered {answer.status_code}")
    if answer.streaming:
        next(iter(answer.streaming_content))


def fill(count: int, *, now: datetime) -> Any:  # whatever the account model is
    """Incidents as they are: most are taken after minutes, some are noise, reopen, go past step one, are symptoms."""
    dice = random.Random(6)
    people = [make.person(f"person-{n}", time_zone=ZONES[n % 3]) for n in range(PEOPLE)]
    teams = [make.team(f"team-{n}", *people[3 * n : 3 * n + 3]) for n in range(TEAMS)]
    components = [make.component(f"component-{n}", owner=teams[n % TEAMS]) for n in range(COMPONENTS)]
    incidents = Incident.objects.bulk_create(
        (_incident(dice, components, opened, now) for opened in _moments(dice, count, now)), batch_size=2000
    )
    for number in range(2, count, 33):  # symptoms, of the one before
        incidents[number].root = incidents[number - 1]
    Incident.objects.bulk_update(incidents[2::33], ["root"], batch_size=2000)
    pages = Page.objects.bulk_create((page for one in incidents for page in _pages(dice, one, teams)), batch_size=2000)
    steps = PageStep.objects.bulk_create(
        (step for page in pages for step in _steps(dice, page, people)), batch_size=2000
    )
    _written(Notification, (sent for step in steps for sent in _sent(dice, step, people)))
    first = {page.incident_id: page for page in reversed(pages)}
    _written(TimelineEntry, (entry for one in incidents for entry in _told(dice, one, first[one.pk], people)))
    reviews = Review.objects.bulk_create(
        (Review(incident=one, generation=0, drafted_at=now, saved_at=now) for one in incidents[::5]), 2000
    )
    _written(ActionItem, (_item(dice, review, people) for review in reviews))
    account = get_user_model().objects.create_user(username="bench")
    people[0].account = account
    people[0].save(update_fields=["account"])
    return account


def _written[T: Model](of: type[T], rows: Iterator[T]) -> None:
    manager: Any = of._default_manager
    while some := [row for row, _ in zip(rows, range(5000), strict=False)]:
        manager.bulk_create(some)


def _moments(dice: random.Random, count: int, now: datetime) -> list[datetime]:
    return sorted(now - YEARS * dice.random() for _ in range(count))


def _incident(dice: random.Random, components: Sequence[Component], opened: datetime, now: datetime) -> Incident:
    component = components[int(len(components) * dice.random() ** 2)]
    lasted = MINUTE * (dice.uniform(1, 5) if dice.random() < 0.15 else min(3000.0, dice.lognormvariate(3.7, 1)))
    over = opened + lasted < now and dice.random() > 0.002
    alone = lasted <= 5 * MINUTE
    return Incident(
        title="Runs don't start", component=component, component_ref=component.ref, owner=component.owner,
        severity=dice.choices((1, 2, 3, 4), (1, 3, 4, 2))[0], severity_reason="By rule", source=dice.choice(SOURCES),
        state="resolved" if over else "triggered", opened_at=opened, resolved_at=opened + lasted if over else None,
        acknowledged_at=None if alone else opened + lasted * dice.uniform(0.02, 0.5),
        people_blocked=dice.choice((None, 0, 4, 12, 60)), generation=int(dice.random() < 0.05 and over and not alone),
        is_drill=dice.random() < 0.01,
    )  # fmt: skip


def _pages(dice: random.Random, one: Incident, teams: Sequence[Team]) -> Iterator[Page]:
    """The owner's, and where it is bad those of two responders."""
    called = [one.owner, *(dice.sample(teams, 2) if one.severity == 1 else [])]
    for place, team in enumerate(dict.fromkeys(called)):
        yield Page(
            incident=one, team=team, role="responder" if place else "owner", state="resolved", opened_at=one.opened_at,
            acknowledged_at=one.acknowledged_at, resolved_at=one.resolved_at,
        )  # fmt: skip


def _steps(dice: random.Random, page: Page, people: Sequence[Person]) -> Iterator[PageStep]:
    for step in range(1 + (dice.random() < 0.25) + (dice.random() < 0.05)):
        who = people[(3 * int((page.team.name if page.team else "-0").rpartition("-")[2]) + step) % len(people)]
        yield PageStep(
            page=page, generation=0, cycle=0, step=step, repeat=0, at=page.opened_at + 5 * step * MINUTE,
            people=[who.ref], words="asked",
        )  # fmt: skip


def _sent(dice: random.Random, step: PageStep, people: Sequence[Person]) -> Iterator[Notification]:
    who = next(one for one in people if one.ref == step.people[0])
    for way in range(1 + (dice.random() < 0.3)):
        at = step.at + 2 * way * MINUTE
        yield Notification(
            kind="page", incident_id=step.page.incident_id, page=step.page, step=step, person=who, channel="email",
            address="a@example.org", rule=f"{way}", idempotency_key=f"{step.pk}-{way}", state="sent",
            created_at=step.at, due_at=at, next_attempt_at=at, sent_at=at,
        )  # fmt: skip


def _told(dice: random.Random, one: Incident, page: Page, people: Sequence[Person]) -> Iterator[TimelineEntry]:
    who = people[one.pk % len(people)]

    def said(at: datetime, kind: str, by: Person | None = None) -> TimelineEntry:
        return TimelineEntry(incident=one, page=page, at=at, kind=kind, person=by, words="It was so, and it is told")

    yield from (said(one.opened_at, kind) for kind in ("opened", "alert", "routed", "paged"))
    if one.acknowledged_at:
        yield said(one.acknowledged_at, "acknowledged", who)
        yield from (said(one.acknowledged_at, kind, who) for kind in ("note", "update"))
    if one.resolved_at is None:
        return
    if one.generation and one.acknowledged_at:
        middle = one.acknowledged_at + (one.resolved_at - one.acknowledged_at) / 2
        yield said(middle, "resolved")
        yield said(middle + (one.resolved_at - middle) / 3, "reopened")
        yield said(middle + (one.resolved_at - middle) / 2, "acknowledged", who)
    yield said(one.resolved_at, "alert-cleared")
    yield said(one.resolved_at, "resolved", who if dice.random() < 0.4 and one.acknowledged_at else None)


def _item(dice: random.Random, review: Review, people: Sequence[Person]) -> ActionItem:
    """Due in a month, and done about then."""
    due = review.incident.opened_at + timedelta(days=30)
    done = due + timedelta(days=dice.gauss(-3, 6)) if dice.random() < 0.9 else None
    return ActionItem(
        review=review, title="Drain nodes first", owner_ref=dice.choice(people).ref, due_on=due.date(), done_at=done,
        state="done" if done else "open", closed_at=done, created_at=review.incident.opened_at,
        component=review.incident.component, component_ref=review.incident.component_ref,
    )  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench analytics")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40)
    return parser.parse_args()


if __name__ == "__main__":
    main()
