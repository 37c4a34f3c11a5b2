"""Builders of the incidents app: contact methods, schedules, policies, teams that can be paged, incidents."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from catalog.access import system
from catalog.models import Component, Person, Team
from incidents.escalation import Step, Target, TargetKind
from incidents.firing import Firing
from incidents.intake.alertmanager import fingerprint
from incidents.models import (
    CatchAll,
    ContactMethod,
    EscalationPolicy,
    Incident,
    Integration,
    LayerVersion,
    Page,
    PolicyVersion,
    Schedule,
    TeamPaging,
)
from incidents.operations import raise_alert
from incidents.operations.integrations import create_integration
from incidents.policies import steps_json
from portal.lib.crypto import seal
from slo.models import AlertPolicy, AlertTransition, Definition, Objective
from slo.windows import WORKBOOK
from tests import make
from tests.make import NOW

_numbers = count(1)
FIVE = timedelta(minutes=5)


def method(
    person: Person,
    address: str = "",
    *,
    channel: str = "email",
    order: int = 0,
    confirmed: bool = True,
    secret: str = "",
) -> ContactMethod:
    """A way to reach `person`, confirmed unless said otherwise."""
    return ContactMethod.objects.create(
        person=person,
        channel=channel,
        address=address or f"{person.name}@example.org",
        order=order,
        secret=seal(secret),
        created_at=NOW,
        confirmed_at=NOW if confirmed else None,
    )


def reachable(name: str = "", **fields: Any) -> Person:
    """Somebody with a confirmed e-mail address."""
    somebody = make.person(name, **fields)
    method(somebody)
    return somebody


def schedule(*people: Person, team: Team | None = None, since: datetime = NOW - timedelta(days=70)) -> Schedule:
    """A schedule whose one layer rotates weekly among `people`; with nobody it is one gap."""
    number = next(_numbers)
    made = Schedule.objects.create(slug=f"schedule-{number}", name=f"Schedule {number}", team=team, created_at=NOW)
    LayerVersion.objects.create(
        schedule=made,
        name="Primary",
        people=[person.ref for person in people],
        handoff=time(9),
        starts_at=since,
        created_at=NOW,
    )
    return made


def target(of: Person | Schedule | Team) -> Target:
    """Who is named in a step."""
    if isinstance(of, Schedule):
        return Target(TargetKind.SCHEDULE, of.slug)
    return Target(TargetKind.PERSON if isinstance(of, Person) else TargetKind.TEAM, of.ref)


def step(*targets: Person | Schedule | Team, delay: timedelta = FIVE, repeat: int = 0, **fields: Any) -> Step:
    """A step that asks `targets` and waits five minutes."""
    return Step(tuple(target(one) for one in targets), delay, repeat, **fields)


def policy(
    *steps: Step,
    team: Team | None = None,
    fallback: EscalationPolicy | None = None,
    since: datetime = NOW - timedelta(days=70),
    **fields: Any,
) -> EscalationPolicy:
    """A policy with one version."""
    number = next(_numbers)
    made = EscalationPolicy.objects.create(slug=f"policy-{number}", name=f"Policy {number}", team=team, created_at=NOW)
    version(made, steps, number=1, fallback=fallback, since=since, **fields)
    return made


def version(
    of: EscalationPolicy, steps: Iterable[Step], *, number: int, since: datetime, **fields: Any
) -> PolicyVersion:
    """A version of a policy."""
    return PolicyVersion.objects.create(policy=of, number=number, since=since, steps=steps_json(steps), **fields)


def paged(team: Team, *steps: Step, **fields: Any) -> Team:
    """`team`, with a policy of these steps."""
    TeamPaging.objects.create(team=team, policy=policy(*steps, team=team, **fields))
    return team


def catch_all(*people: Person) -> CatchAll:
    """A catch-all policy that asks `people`."""
    return CatchAll.objects.create(pk=1, policy=policy(step(*people)))


def incident(component: Component | None = None, *, now: datetime = NOW, rule: str = "page", **fields: Any) -> Incident:
    """An incident as an alert opens it."""
    fields = {"key": f"alert-{next(_numbers)}", "source": "api", "summary": "Runs don't start", **fields}
    return raise_alert(firing=Firing(component=component, rule=rule, **fields), now=now).incident


def page_of(one: Incident, role: str = Page.Role.OWNER) -> Page:
    """The incident's page of that role."""
    return one.pages.get(role=role)


def objective(component: Component, name: str = "") -> Objective:
    """An objective of `component`, as bare as can be: enough for its transitions."""
    name = name or f"objective-{next(_numbers)}"
    policy, _ = AlertPolicy.objects.get_or_create(
        name="default", defaults={"rules": WORKBOOK, "created_at": NOW, "updated_at": NOW}
    )
    stamps = {"created_at": NOW, "updated_at": NOW}
    definition = Definition.objects.create(name=name, component=component, type="events", indicator={}, **stamps)
    return Objective.objects.create(
        definition=definition, name=name, target=Decimal("0.99"), window_days=28, policy=policy, **stamps
    )


def transition(of: Objective, to_state: str = "firing", *, at: datetime = NOW, **fields: Any) -> AlertTransition:
    """What the slo app says when a rule of `of` changes."""
    before = {"firing": "inactive", "inactive": "firing", "blind": "seeing", "seeing": "blind", "at-risk": "ok"}
    values = {"kind": "burn", "rule": "page-fast", "severity": "page", "burn_long": 14.6, "budget_remaining": 0.5}
    return AlertTransition.objects.create(
        objective=of, to_state=to_state, from_state=before[to_state], at=at, **(values | fields)
    )


def integration(
    kind: str = "alertmanager", *, team: Team | None = None, name: str = "", now: datetime = NOW, **settings: Any
) -> tuple[Integration, str]:
    """An integration and its key."""
    name = name or f"integration-{next(_numbers)}"
    made = create_integration(name=name, kind=kind, team=team, settings=settings, by=system("test"), now=now)
    return made.integration, made.key


def am_alert(name: str = "DiskFull", status: str = "firing", **fields: Any) -> dict[str, Any]:
    """One alert as Alertmanager tells it; `labels` are added to its name."""
    labels = {"alertname": name, **fields.pop("labels", {})}
    return {
        "status": status,
        "labels": labels,
        "annotations": {"summary": f"{name} happened"},
        "startsAt": "2026-11-22T11:58:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.org/graph?g0.expr=up",
        "fingerprint": fingerprint(labels),
        **fields,
    }


def am_message(*alerts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A notification of Alertmanager's webhook."""
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "portico",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": list(alerts or [am_alert()]),
        **fields,
    }
