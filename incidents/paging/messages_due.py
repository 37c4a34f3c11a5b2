"""Outbox rows for a step: who is told by which method and when, by the person's own rules; and the step in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Person
from incidents.escalation import Move, Target, TargetKind
from incidents.models import ContactMethod, InboxMessage, Notification, Page, Urgency
from incidents.oncall.directory import Directory
from incidents.policies import urgency

AT_ONCE = timedelta(0)


def for_step(page: Page, move: Move, person: Person, directory: Directory) -> list[Notification]:
    """One row per rule of the person for this urgency; without rules the first method, at once."""
    now, place = directory.now, place_of(move)
    patient = urgency(page.incident.severity) == Urgency.LOW
    wanted = [
        (method, Wanted(f"{rule}/{method.pk}", place, now, directory.may_be_told(person, now + after, patient=patient)))
        for rule, method, after in _wishes(page, person, directory)
    ]
    return [outbox_row(page, person, method, want) for method, want in wanted]


def in_inbox(
    page: Page, person: Person, now: datetime, place: str, kind: Notification.Kind = Notification.Kind.PAGE
) -> InboxMessage:
    """The same in the portal's own inbox, unsaved; one however many methods it goes out by."""
    incident = page.incident
    question = "Are you still on it? " if kind == Notification.Kind.ASK else ""
    named = f"{incident.label} again" if incident.reopened_at and not question else incident.label
    return InboxMessage(
        person=person,
        kind=kind,
        key=f"{page.incident_id}-{page.pk}-{page.generation}-{place}-{person.pk}",
        incident_id=page.incident_id,
        page=page,
        subject=incident.marked(f"{question}{incident.get_severity_display()} {named}: {incident.title}")[:200],
        text=page.routing,
        at=now,
    )


def place_of(move: Move) -> str:
    """Where in the escalation: cycle, step and repeat."""
    return f"{move.cycle}.{move.step}.{move.repeat}"


def question_of(page: Page) -> str:
    """Which of the questions to whoever has the page."""
    return f"ask-{page.next_step_at.timestamp():.3f}" if page.next_step_at else "ask"


def for_question(page: Page, person: Person, directory: Directory) -> list[Notification]:
    """ "Are you still on it?", to whoever has the page, by their first method; asked anew each time it comes due."""
    place = question_of(page)
    methods = directory.methods.get(person.pk, [])[:1]
    now = directory.now
    wanted = [Wanted(f"first/{method.pk}", place, now, now, Notification.Kind.ASK) for method in methods]
    return [outbox_row(page, person, method, want) for method, want in zip(methods, wanted, strict=True)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the outbox: by which `rule`, for which `place` in the escalation, asked when, due when."""

    rule: str
    place: str
    asked_at: datetime
    due_at: datetime
    kind: Notification.Kind = Notification.Kind.PAGE


def outbox_row(page: Page, person: Person, method: ContactMethod, wanted: Wanted) -> Notification:
    """A row of the outbox, unsaved. Its key is unique in the database and handed to the channel."""
    return Notification(
        kind=wanted.kind,
        incident_id=page.incident_id,
        page=page,
        generation=page.generation,
        person=person,
        method=method,
        channel=method.channel,
        address=method.address,
        urgency=urgency(page.incident.severity),
        rule=wanted.rule,
        idempotency_key=key(page, wanted.place, person.pk, wanted.rule, method.channel),
        priority=page.priority,
        created_at=wanted.asked_at,
        due_at=wanted.due_at,
        next_attempt_at=wanted.due_at,
    )


def key(page: Page, place: str, person_id: int, rule: str, channel: str) -> str:
    """(incident, page, generation, cycle.step.repeat, person, rule, channel) as one text."""
    return f"{page.incident_id}-{page.pk}-{page.generation}-{place}-{person_id}-{rule}-{channel}"


def step_words(page: Page, move: Move, people: Sequence[Person], directory: Directory) -> str:
    """The step for the timeline: which it was, whom it reached, and whom it could not reach."""
    number = f"step {move.step + 1}" + (f", time {move.repeat + 1}" if move.repeat else "")
    by_name = page.team_id is None and [person.pk for person in people] == [page.person_id]
    name = number.capitalize() if by_name else f"{whose(page)}, {number}"
    name += f", round {move.cycle + 1}" if move.cycle else ""
    passed = "".join(f" Step {index + 1} is left out at this hour." for index in move.passed_over)
    if people:
        did = "told" if page.incident.is_information else "paged"
        return f"{name}: {did} {', '.join(person.label for person in people)}.{passed}"
    return f"{name}: nobody reachable ({_why_nobody(move.targets, directory)}); on to the next at once.{passed}"


def whose(page: Page) -> str:
    """The page by its team, its person, or its role."""
    if page.team is not None:
        return page.team.label
    return page.person.label if page.person else page.get_role_display()


def _wishes(page: Page, person: Person, directory: Directory) -> list[tuple[str, ContactMethod, timedelta]]:
    methods = directory.methods[person.pk]
    usable = {method.pk for method in methods}
    wanted = urgency(page.incident.severity)
    rules = [
        (f"rule-{rule.pk}", rule.method, rule.after)
        for rule in directory.rules.get(person.pk, ())
        if rule.urgency == wanted and rule.method_id in usable
    ]
    return rules or [("first", methods[0], AT_ONCE)]


def _why_nobody(targets: Sequence[Target], directory: Directory) -> str:
    if not targets:
        return "the step names nobody"
    return ", ".join(_why_not(target, directory) for target in targets)


def _why_not(target: Target, directory: Directory) -> str:
    people = directory.people_of([target])
    if people:
        return f"no confirmed contact method: {', '.join(person.label for person in people)}"
    named = directory.called(target)
    return f"nobody on call by {named}" if target.kind is TargetKind.SCHEDULE else f"nobody behind {named}"
