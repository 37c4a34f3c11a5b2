"""How far a break has come: what the portal has seen of it, whom it told, what comes next and how long that takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from incidents.models import Alert, Incident, Notification, Page
from portal.demo.control import Platform
from portal.demo.faults import SCENARIOS, Scenario
from portal.lib import durations, words
from slo.models import AlertTransition

SEEN_WITHIN, BLIND_WITHIN = timedelta(minutes=3), timedelta(minutes=12)
TOLD_WITHIN = timedelta(seconds=15)
CLEAR_WITHIN = timedelta(minutes=5)
SHOWN_FOR = timedelta(minutes=30)
"""So long after its repair a break is still told of."""
AT_MOST = 3
TOGETHER = timedelta(seconds=10)
"""Whoever is paged within so long of the first is paged with them: of another team, or by the next sweep."""
NAMED = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens after another. `at` is None until it has; `due` is by when it is to be expected then.

    `skipped`: it will not happen any more, and nothing waits for it.
    """

    title: str
    words: str
    at: datetime | None = None
    url: str = ""
    due: datetime | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario from its breaking to its end."""

    scenario: Scenario
    since: datetime
    repaired: datetime | None
    steps: tuple[Step, ...]

    @property
    def told(self) -> list[Step]:
        """What has happened, in the order in which it did, and then what has not."""
        done = sorted((step for step in self.steps if step.at), key=lambda step: step.at or self.since)
        return [*done, *(step for step in self.steps if step.at is None)]

    @property
    def waits_for(self) -> Step | None:
        """The step that comes next, after the last that has happened; None once all is over."""
        last = max(place for place, step in enumerate(self.steps) if step.at)
        return next((step for step in self.steps[last:] if step.at is None and not step.skipped), None)


def runs(platform: Platform, *, now: datetime) -> list[Run]:
    """What is broken, and what was repaired not long ago, the newest first; six questions each at the most."""
    found = {period[0]: period for period in _periods(platform)}  # of each scenario the last
    shown = [one for one in found.values() if one[2] is None or now - one[2] < SHOWN_FOR]
    shown.sort(key=lambda one: one[1], reverse=True)
    return [_run(SCENARIOS[name], since, repaired) for name, since, repaired in shown[:AT_MOST]]


def _periods(platform: Platform) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Scenario, from when, until when; in the order of their ends, what is still broken last."""
    begun: dict[str, datetime] = {}
    for event in platform.events:
        if event.what in SCENARIOS:
            begun.setdefault(event.what, event.at)
            continue
        yield from ((name, since, event.at) for name, since in begun.items())
        begun.clear()
    yield from ((one.scenario.name, one.since, None) for one in platform.levers if one.since)


def _run(scenario: Scenario, since: datetime, repaired: datetime | None) -> Run:
    blind = bool(scenario.conditions.silent)
    alert = _alert(scenario, since, blind=blind)
    incident = alert.incident if alert else None
    ended = incident is not None and not incident.is_open
    steps = (
        Step("Broken", scenario.title, at=since),
        _seen(alert, since, repaired, blind=blind),
        _opened(alert),
        *(_answered(incident) if incident else _awaited()),
        Step("Repaired", "by hand", at=repaired)
        if repaired
        else Step("Repaired", "Press “Repair everything” when you have seen enough.", skipped=ended),
        _cleared(alert, repaired, blind=blind),
        _resolved(incident),
    )
    if alert is None and repaired is not None:  # nobody will be told of what is over
        steps = tuple(step if step.at else Step(step.title, step.words, skipped=True) for step in steps)
    return Run(scenario, since, repaired, steps)


def _alert(scenario: Scenario, since: datetime, *, blind: bool) -> Alert | None:
    """The first that one of its objectives raised since, or that still fired from before."""
    kind = Q(rule=Alert.Rule.INFO) if blind else ~Q(rule=Alert.Rule.INFO)
    found = Alert.objects.filter(
        kind, Q(cleared_at=None) | Q(cleared_at__gte=since), objective__definition__component__name=scenario.component
    )
    return (
        found.select_related("incident__acknowledged_by", "incident__root", "objective").order_by("opened_at").first()
    )


def _seen(alert: Alert | None, since: datetime, repaired: datetime | None, *, blind: bool) -> Step:
    title = "No data for too long" if blind else "Seen by an objective"
    if alert is None or alert.objective is None:
        if repaired:
            return Step(title, "It was repaired before.")
        patience = "Ten minutes without a sample, then it counts as blind."
        burn = "It has to burn in a long and in a short window: one to three minutes."
        return Step(title, patience if blind else burn, due=since + (BLIND_WITHIN if blind else SEEN_WITHIN))
    told = AlertTransition.objects.filter(objective=alert.objective, at__gte=since, to_state__in=["firing", "blind"])
    first = told.order_by("at").first()
    burned = f" burns {words.burn(first.burn_long)}× too fast" if first and first.burn_long is not None else ""
    said = f"{alert.objective.label} sees nothing" if blind else f"{alert.objective.label}{burned or ' burns'}"
    return Step(
        title, said, at=first.at if first else max(since, alert.opened_at), url=alert.objective.get_absolute_url()
    )


def _opened(alert: Alert | None) -> Step:
    if alert is None:
        return Step("Incident opened", "Within seconds after that.")
    incident = alert.incident
    if incident is None:
        return Step("Incident opened", alert.outcome or "None: nobody has to act.", skipped=True)
    said = f"{incident.label}, {incident.get_severity_display()}: {incident.title}"
    return Step("Incident opened", said, at=max(incident.opened_at, alert.opened_at), url=incident.get_absolute_url())


def _awaited() -> tuple[Step, ...]:
    return (
        Step("Paged", "Whoever is on call, by e-mail, within seconds after that."),
        Step("Taken", "Open the mail of whoever is paged, and press “I have it”."),
    )


def _answered(incident: Incident) -> tuple[Step, ...]:
    paged = Notification.objects.filter(incident=incident, kind=Notification.Kind.PAGE).select_related("person")
    sent = list(paged.order_by("pk")[:50])
    pages = list(Page.objects.filter(incident=incident))
    return (*_paged(incident, sent, pages), _taken(incident, pages))


def _paged(incident: Incident, sent: Sequence[Notification], pages: Sequence[Page]) -> tuple[Step, ...]:
    """Who was paged first, then whoever was added later, each with their time."""
    if not pages:
        why = f"it is a symptom of {incident.root.label}" if incident.root else "it is for information"
        return (Step("Paged", f"Nobody: {why}.", skipped=True),)
    if not sent:
        return (Step("Paged", "Whoever is on call, by e-mail.", due=pages[0].opened_at + TOLD_WITHIN),)
    rounds = _rounds(sent)
    first, later = rounds[0], rounds[1:]
    return (_asked("Paged", first), *(_asked("Escalated", one) for one in later[:AT_MOST]))


def _rounds(sent: Sequence[Notification]) -> list[list[Notification]]:
    """The first message to each person, those that were wanted at about the same time together."""
    found: list[list[Notification]] = []
    known: set[int] = set()
    for one in sorted(sent, key=lambda note: (note.due_at, note.pk)):
        if one.person_id in known:
            continue
        known.add(one.person_id)
        if found and one.due_at - found[-1][0].due_at < TOGETHER:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _asked(title: str, sent: Sequence[Notification]) -> Step:
    names = [one.person.label for one in sent]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    inbox = f"{reverse('demo:inbox')}?to={sent[0].person.email}"
    return Step(title, f"{', '.join(names[:NAMED])}{more}", at=sent[0].sent_at or sent[0].created_at, url=inbox)


def _taken(incident: Incident, pages: Sequence[Page]) -> Step:
    if incident.acknowledged_by and incident.acknowledged_at:
        return Step("Taken", f"by {incident.acknowledged_by.label}", at=incident.acknowledged_at)
    if not pages or not incident.is_open:
        return Step("Taken", "Nobody had to.", skipped=True)
    due = min((page.next_step_at for page in pages if page.next_step_at), default=None)
    said = "Open the mail and press “I have it”; until somebody does, the next is called."
    return Step("Taken", said, due=due)


def _cleared(alert: Alert | None, repaired: datetime | None, *, blind: bool) -> Step:
    title = "Data is back" if blind else "Recovered"
    if alert and alert.cleared_at:
        said = "the objective sees again" if blind else "the objective no longer burns"
        return Step(title, said, at=alert.cleared_at)
    clean = "Once the short window has run clean: two to five minutes after the repair, longer the more has piled up."
    patience = "With the first sample after the repair." if blind else clean
    return Step(title, patience, due=repaired + CLEAR_WITHIN if repaired else None)


def _resolved(incident: Incident | None) -> Step:
    if incident is None or incident.resolved_at is None:
        firing = list(incident.alerts.filter(cleared_at=None).order_by("opened_at")[:NAMED]) if incident else []
        still = f" Still firing: {'; '.join(alert.summary for alert in firing)}." if firing else ""
        return Step("Resolved", f"By itself, with its last alert.{still}")
    lasted = durations.words(incident.resolved_at - incident.opened_at)
    return Step("Resolved", f"after {lasted}", at=incident.resolved_at, url=incident.get_absolute_url())
