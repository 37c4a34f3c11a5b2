"""What happens in `tests.chaos.everything`, and what must hold afterwards."""

import random
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.db.models import Count

from catalog.access import Actor
from catalog.models import ApiToken, Person
from incidents import operations
from incidents.intake import deliveries
from incidents.models import Alert, Delivery, Incident, Notification, NotificationAttempt, Page, PageStep
from portal.embedded import Server
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.benchmarks.table import Row, show
from tests.chaos import stack
from tests.chaos.arriving import arrivals
from tests.chaos.stack import Stack, wait_for
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink

TEAMS = 25
BROKER_GONE = 20.0
GRACE = 10.0
"""Seconds after the end of an outage, or after its due time, within which a step must be taken."""


@dataclass
class Ordeal:
    """One run: `incidents` open within `seconds`, about a fifth are acknowledged; steps are `apart` seconds apart."""

    server: Server
    folder: Path
    incidents: int
    seconds: float
    apart: float = 20.0
    outages: list[tuple[float, float]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(11))

    def run(self, *, as_json: bool) -> int:
        """Fill, break, wait, count; answers 1 where something does not hold."""
        call_command("migrate", verbosity=0)
        with (
            WebhookSink.running() as hook,
            MailSink.running() as mail,
            stack.running(self.folder, mail_url=mail.url) as run,
        ):
            hook.pause = 0.02  # so that kills meet messages on their way
            by = self._fill(hook)
            lanes = [run.worker("page", 1), run.worker("deliver", 1), run.beat(), run.beat()]
            opening = threading.Thread(target=self._open, args=(by,), daemon=True)
            opening.start()
            self._break(run, lanes, mail)  # here: PostgreSQL ends with the thread that started it
            opening.join()
            try:
                wait_for(lambda: self._patiently(self._over), seconds=240)
            except AssertionError:
                print(self._left(), run.output(), sep="\n")
                raise
            time.sleep(3)
            rows = list(self._verdict(hook, mail))
        show("chaos", rows, as_json=as_json)
        return 0 if all(row.holds is not False for row in rows) else 1

    def _fill(self, hook: WebhookSink) -> Actor:
        """Per team: the first is paged by webhook; the second by mail, and by webhook where that fails for good."""
        delay = timedelta(seconds=self.apart)
        for number in range(TEAMS):
            first, second = make.person(), make.person()
            make_incidents.method(first, f"{hook.url}/{number}/first", channel="webhook")
            make_incidents.method(second, f"second-{number}@example.org", order=0)
            make_incidents.method(second, f"{hook.url}/{number}/second", channel="webhook", order=1)
            team = make_incidents.paged(
                make.team(), make_incidents.step(first, delay=delay), make_incidents.step(second, delay=delay)
            )
            for one in range(-(-self.incidents // TEAMS)):
                make.component(f"c-{number}-{one}", owner=team, tier=1 + one % 4)
        token, _ = make.token("alerts:send")
        return Actor(token=ApiToken.objects.get(pk=token.pk), via="api")

    def _open(self, by: Actor) -> None:
        """Alerts come in as a web server would keep them: what can't be kept is not accepted, and is sent again."""
        began = time.monotonic()
        for number in range(self.incidents):
            body = {"key": f"alert-{number}", "component": f"c-{number % TEAMS}-{number // TEAMS}"}
            self._until_it_works(partial(_accept, body, by))
            self.accepted.append(body["key"])
            if self.dice.random() < 0.2:
                self._until_it_works(self._acknowledge_one)
            pause = began + (number + 1) * self.seconds / self.incidents - time.monotonic()
            time.sleep(max(0.0, pause))
        connections.close_all()

    def _acknowledge_one(self) -> None:
        page = Page.objects.filter(state="triggered").order_by("?").first()
        person = Person.objects.order_by("?").first()
        if page is None or person is None:
            return
        try:
            operations.acknowledge(page=page, by=person, via="web", now=db_now())
        except operations.AlreadyResolved:
            return

    def _break(self, run: Stack, lanes: list[subprocess.Popen[bytes]], mail: MailSink) -> None:
        """Kills at random moments; the great outages one after the other, spread over the time."""
        began = time.monotonic()
        great = self._great(run, mail)
        moments = [self.seconds * n / 7 for n in range(1, 7)]
        while time.monotonic() - began < self.seconds or moments:
            time.sleep(self.dice.uniform(0.3, 3))
            if moments and time.monotonic() - began > moments[0]:
                moments.pop(0)
                next(great)()
            victim = self.dice.randrange(len(lanes))
            run.kill(lanes[victim])
            lanes[victim] = run.worker(("page", "deliver")[victim], 1) if victim < 2 else run.beat()
        mail.hang = 0.0

    def _great(self, run: Stack, mail: MailSink) -> Iterator[Callable[[], None]]:
        yield run.flush
        yield lambda: setattr(mail, "refuse", "450 later, please")
        yield lambda: self._without(run.stop_broker, run.start_broker, BROKER_GONE)
        yield lambda: setattr(mail, "refuse", "550 nobody here by that name")
        yield lambda: self._without(self.server.stop, self.server.start, 1.0)
        yield lambda: self._hanging(mail)

    @staticmethod
    def _hanging(mail: MailSink) -> None:
        mail.refuse, mail.hang = "", 15.0

    def _without(self, stop: Callable[[], None], start: Callable[[], None], seconds: float) -> None:
        since = time.time()
        stop()
        time.sleep(seconds)
        start()
        self.outages.append((since, time.time()))

    def _until_it_works(self, act: Callable[[], object]) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                act()
            except DatabaseError:
                if time.monotonic() > until:
                    raise
                connections.close_all()
                time.sleep(0.2)
            else:
                return

    def _patiently(self, ask: Callable[[], bool]) -> bool:
        try:
            return ask()
        except DatabaseError:
            close_old_connections()
            return False

    def _over(self) -> bool:
        waiting = Delivery.objects.filter(state=Delivery.State.STORED).exists()
        pages = Page.objects.exclude(state__in=("exhausted", "acknowledged", "resolved")).exists()
        unsent = Notification.objects.filter(state__in=("pending", "leased")).exists()
        return not (waiting or pages or unsent)

    def _left(self) -> str:
        """What is not over, for whoever has to find out why."""
        pages = list(Page.objects.values_list("state").annotate(n=Count("pk")).order_by())
        notes = list(Notification.objects.values_list("state", "kind", "channel").annotate(n=Count("pk")).order_by())
        return f"deliveries {Delivery.objects.filter(state='stored').count()}, pages {pages}, messages {notes}"

    def _verdict(self, hook: WebhookSink, mail: MailSink) -> Iterator[Row]:
        arrived = arrivals(hook, mail)
        alerts = Alert.objects.filter(key__contains="alert-")
        lost = len(set(self.accepted)) - alerts.count()
        doubled = Incident.objects.count() - alerts.values("incident").distinct().count()
        yield Row("alerts accepted", len(self.accepted), "alerts")
        yield Row("accepted and without an incident", lost, "alerts", "none", lost == 0)
        yield Row("incidents too many", doubled, "incidents", "none", doubled == 0)
        skipped = [page for page in Page.objects.filter(state="exhausted") if page.steps.count() != 2 and page.team_id]
        yield Row("pages with a step skipped or taken twice", len(skipped), "pages", "none", not skipped)
        unheard = self._unheard(set(arrived))
        yield Row("people paged, and nothing arrived", unheard, "people", "none", unheard == 0)
        worst = max((self._late(step) for step in PageStep.objects.all()), default=0.0)
        yield Row("worst step after its due time or the outage", worst, "s", f"at most {GRACE:.0f} s", worst <= GRACE)
        after = self._after_acknowledgement()
        yield Row("sends begun over 1 s after it was taken", after, "sends", "none", after == 0)
        twice = {key: marks for key, marks in arrived.items() if len(marks) > 1}
        unmarked = sum(1 for marks in twice.values() if not all(marks[1:]))
        yield Row("messages that arrived", sum(map(len, arrived.values())), "")
        yield Row("of these a second time", len(twice), "")
        yield Row("second times without a mark", unmarked, "", "none", unmarked == 0)

    def _unheard(self, arrived: set[str]) -> int:
        """Steps' people of whom no message arrived, although nobody had taken the page."""
        missing = 0
        for step in PageStep.objects.select_related("page").prefetch_related("notifications"):
            keys, states = defaultdict(set), defaultdict(set)
            for note in step.notifications.all():
                keys[note.person_id].add(note.idempotency_key)
                states[note.person_id].add(note.state)
            for person, theirs in keys.items():
                if not theirs & arrived and "cancelled" not in states[person]:
                    missing += 1
        return missing

    def _late(self, step: PageStep) -> float:
        due = step.at - timedelta(milliseconds=step.late_ms)
        start, taken = due.timestamp(), step.at.timestamp()
        for since, until in self.outages:
            if since - 1 <= taken and start <= until + GRACE:  # it came due in the outage or was kept waiting by it
                start = max(start, until)
        return taken - start

    def _after_acknowledgement(self) -> int:
        tries = NotificationAttempt.objects.filter(notification__kind="page").select_related("notification__page")
        return sum(
            1
            for one in tries
            if (page := one.notification.page) and _before(page.acknowledged_at, one.started_at, timedelta(seconds=1))
        )


def _accept(body: dict[str, str], by: Actor) -> None:
    deliveries.accept(body=body, by=by, now=db_now())


def _before(one: datetime | None, other: datetime, by: timedelta) -> bool:
    return one is not None and other - one > by
