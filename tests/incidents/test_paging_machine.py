"""Escalation as a model: whatever happens in whatever order, somebody has it, somebody is next, or it says so in red.

`PORTAL_TEST_EXAMPLES=2000` looks longer than CI does.
"""

import os
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from catalog.access import Actor
from incidents import operations
from incidents.escalation import Step
from incidents.models import Incident
from incidents.paging.outbox import Leased
from tests.incidents.paging_world import NAMES, ROOT, World, by_person

EXAMPLES = int(os.environ.get("PORTAL_TEST_EXAMPLES", "40"))
DEEDS = 40

who = st.sampled_from(NAMES)
outcomes = st.sampled_from(["sent", "temporary", "permanent"])
minutes = st.sampled_from([0, 1, 5, 10, 31])
steps = st.lists(
    st.builds(
        lambda names, wait, repeat, turns: by_person(
            *names, minutes=wait, repeat=repeat, round_robin=turns and len(names) > 1
        ),
        st.lists(st.sampled_from([*NAMES[:3], "all"]), min_size=1, max_size=2, unique=True),
        st.sampled_from([1, 5, 10]),
        st.integers(0, 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


class Paging(RuleBasedStateMachine):
    """One world, in a transaction that is rolled back at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.world: World
        self.slow: list[Leased] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(first=steps, second=steps, falls_back=st.booleans(), caught=st.booleans(), rota=st.booleans())
    def begin(self, first: list[Step], second: list[Step], falls_back: bool, caught: bool, rota: bool) -> None:
        self.world = World(first, second, falls_back=falls_back, caught=caught)
        if rota:
            self.world.put("ci", [self.world.on_call(), *first])
        self.world.fire("a0", 0, "page")
        self.world.sweep(50)

    @rule(minutes=minutes, limit=st.sampled_from([1, 50]), until_due=st.booleans())
    def time_passes(self, minutes: int, limit: int, until_due: bool) -> None:
        due = [page.next_step_at for page in self.world.open_pages() if page.next_step_at and until_due]
        self.world.now = max(self.world.now, min(due, default=self.world.now + timedelta(minutes=minutes)))
        self.world.sweep(limit)

    @rule(outcome=outcomes, slow=st.booleans())
    def a_courier_comes_by(self, outcome: str, slow: bool) -> None:
        """A slow one takes messages along and comes back later, whatever has happened meanwhile."""
        taken, self.slow = self.slow, []
        self.world.deliver(outcome, also=taken) if not slow else self.slow.extend([*taken, *self.world.leased()])

    @rule(key=st.sampled_from("ab"), component=st.integers(0, 2), level=st.sampled_from(["page", "ticket", "clears"]))
    def an_alert_fires_or_clears(self, key: str, component: int, level: str) -> None:
        if level == "clears":
            operations.clear_alert(key=f"{key}{component}", now=self.world.now)
        else:
            self.world.fire(f"{key}{component}", component, level)

    @rule(place=st.integers(0, 5), name=who, whole=st.booleans())
    def somebody_takes_it(self, place: int, name: str, whole: bool) -> None:
        pages, person = self.world.open_pages(), self.world.somebody(name)
        if not pages or person is None:
            return
        page = pages[place % len(pages)]
        if whole:
            operations.acknowledge_incident(incident=page.incident, by=Actor(person=person), now=self.world.now)
        else:
            operations.acknowledge(page=page, by=person, via="link", now=self.world.now)

    @rule(name=who, outcome=outcomes)
    def somebody_takes_it_while_its_message_is_on_its_way(self, name: str, outcome: str) -> None:
        sent, person = self.world.leased(), self.world.somebody(name)
        page = next((one.notification.page for one in sent if one.notification.page), None)
        if page is not None and person is not None:
            operations.acknowledge(page=page, by=person, via="link", now=self.world.now)
        self.world.settle(outcome, sent)

    @rule(place=st.integers(0, 5), name=who, what=st.sampled_from(["escalate", "call", "note", "apply"]))
    def somebody_works_on_it(self, place: int, name: str, what: str) -> None:
        pages, person = self.world.open_pages(), self.world.somebody(name)
        if not pages or person is None:
            return
        page, by, now = pages[place % len(pages)], Actor(person=person), self.world.now
        if what == "escalate":
            operations.escalate_now(page=page, by=by, now=now)
        elif what == "call":
            operations.engage(incident=page.incident, person=person, by=by, now=now)
        elif what == "note":
            operations.add_note(incident=page.incident, by=by, text="hm", now=now)
        else:
            self.world.apply_new(page)

    @rule(place=st.integers(0, 3), severity=st.integers(0, 5))
    def it_is_over_or_worse_or_milder(self, place: int, severity: int) -> None:
        found = self.world.open_incidents()
        if not found:
            return
        one, now = found[place % len(found)], self.world.now
        if severity == 0:
            operations.resolve(incident=one, by=ROOT, now=now)
        else:
            operations.change_severity(incident=one, severity=severity, reason="so", by=ROOT, now=now)

    @rule(steps=steps, low=st.none() | steps, name=st.sampled_from(["ci", "net"]), ack=st.sampled_from([None, 30]))
    def a_policy_is_edited(self, steps: list[Step], low: list[Step] | None, name: str, ack: int | None) -> None:
        timeout = timedelta(minutes=ack) if ack else None
        if self.world.all_there():
            self.world.put(name, steps, steps_low=tuple(low) if low else None, ack_timeout=timeout)

    @rule(name=who, what=st.sampled_from(["retired", "deleted", "gap", "method", "method"]))
    def somebody_is_not_there(self, name: str, what: str) -> None:
        if what == "gap":
            self.world.gap(minutes=20)
        elif what == "method":
            self.world.toggle_method(name)
        else:
            self.world.leaves(name, for_good=what == "deleted")

    @rule()
    def things_are_looked_at_again(self) -> None:
        self.world.look_again()

    @invariant()
    def nothing_is_silent(self) -> None:
        if hasattr(self, "world"):
            self.world.check()


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_happens_in_whatever_order_no_page_is_lost_doubled_or_silent() -> None:
    run_state_machine_as_test(
        Paging,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=DEEDS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert not Incident.objects.exists()
