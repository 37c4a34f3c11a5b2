"""A batch of held pages: what the machine says for each, gathered, then written in a handful of statements."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from incidents import timeline
from incidents.escalation import Move, MoveKind, Policy, Target, TargetKind, advance, has_begun
from incidents.models import InboxMessage, Incident, Notification, Page, PageStep, PolicyVersion, TimelineEntry
from incidents.oncall.directory import Directory, Roster
from incidents.operations.engaging import priority
from incidents.paging import catch_all, messages_due, writing
from incidents.policies import Versions, policy_for, progress_of, store, urgency, versions_in_force
from portal.lib.hints import nudge

Kind = TimelineEntry.Kind
DECIDING = (Page.Role.OWNER, Page.Role.CATCH_ALL)


class Facts:
    """What a batch asks about policies and people, of the moment that it is; each is a few questions."""

    def versions(self, policies: Collection[int], *, now: datetime) -> dict[int, PolicyVersion]:
        """See `incidents.policies.versions_in_force`."""
        return versions_in_force(policies, now=now)

    def directory(self, targets: Iterable[Target], *, now: datetime) -> Directory:
        """See `Directory.load`."""
        return Directory.load(targets, now=now)


class FactsAhead(Facts):
    """The same for any moments from `since` on: asked once for all of them, while nothing changes in between."""

    def __init__(self, since: datetime) -> None:
        self._versions, self._roster = Versions(since), Roster(since)

    def versions(self, policies: Collection[int], *, now: datetime) -> dict[int, PolicyVersion]:
        """See `Versions.in_force`."""
        return self._versions.in_force(policies, now=now)

    def directory(self, targets: Iterable[Target], *, now: datetime) -> Directory:
        """See `Roster.directory`."""
        return self._roster.directory(targets, now=now)


@dataclass
class Batch:
    """Held pages, all due at `now`; `move_all` decides, `write` records. Nothing is read page by page."""

    pages: Sequence[Page]
    now: datetime
    facts: Facts = field(default_factory=Facts)
    steps: list[PageStep] = field(default_factory=list)
    notifications: list[tuple[Notification, PageStep | None]] = field(default_factory=list)
    inbox: list[InboxMessage] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)
    exhausted: list[Page] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policies = _policies(self.pages)
        named = {int(policy.fallback) for policy in self.policies.values() if policy.fallback}
        self.fallbacks: dict[int, PolicyVersion] = self.facts.versions(named, now=self.now) if named else {}
        self.directory = self.facts.directory(self._targets(), now=self.now)

    def move_all(self) -> None:
        """Ask the machine for every page, and gather what is to be written."""
        for page in self.pages:
            for move in advance(progress_of(page), self._policy(page), now=self.now, reach=self._reachable):
                self._record(page, move)
                store(move.after, page)
            page.attempts = 0

    def write(self) -> None:
        """Everything in the running transaction; what is to be sent is hinted to the couriers on commit."""
        write([self])

    def _targets(self) -> Iterator[Target]:
        for policy in set(self.policies.values()):
            for step in policy.steps:
                yield from step.targets
        for page in self.pages:
            if page.acknowledged_by is not None:
                yield Target(TargetKind.PERSON, page.acknowledged_by.ref)

    def _policy(self, page: Page) -> Policy:
        """The page's policy; a fallback that has no version in force is none."""
        policy = self.policies[page.pk]
        if policy.fallback and int(policy.fallback) not in self.fallbacks:
            return replace(policy, fallback=None)
        return policy

    def _reachable(self, move: Move) -> bool:
        return bool(self.directory.reachable(move.targets))

    def _record(self, page: Page, move: Move) -> None:
        if move.takes_step:
            self._step(page, move)
        elif move.kind is MoveKind.FALLBACK:
            self._fall_back(page, move)
        elif move.kind is MoveKind.EXHAUSTED:
            self._exhaust(page)
        elif move.kind is MoveKind.REST and not has_begun(progress_of(page)):
            words = "no step tells anybody at this hour, and it is for information: nobody was told"
            self._say(page, Kind.UNREACHABLE, f"{messages_due.whose(page)}: {words}")
        elif move.kind is MoveKind.ASK_RESPONDER:
            self._ask(page)
        elif move.kind is MoveKind.ACK_TIMEOUT:
            self._time_out(page)

    def _step(self, page: Page, move: Move) -> None:
        people = self.directory.reachable(move.targets)
        words = messages_due.step_words(page, move, people, self.directory)
        step = PageStep(
            page=page,
            generation=page.generation,
            cycle=move.cycle,
            step=move.step,
            repeat=move.repeat,
            policy_version=page.policy_version,
            at=self.now,
            late_ms=max(0, round(move.late_by.total_seconds() * 1000)),
            people=[person.ref for person in people],
            words=words[:300],
        )
        self.steps.append(step)
        for person in people:
            made = messages_due.for_step(page, move, person, self.directory)
            self.notifications.extend((notification, step) for notification in made)
        everybody = self.directory.people_of(move.targets)  # who can't be woken finds it in the portal all the same
        self.inbox.extend(
            messages_due.in_inbox(page, person, self.now, messages_due.place_of(move)) for person in everybody
        )
        self._say(page, Kind.PAGED if people else Kind.UNREACHABLE, words)
        page.priority = priority(page.incident.severity, first=False, drill=page.incident.is_drill)

    def _fall_back(self, page: Page, move: Move) -> None:
        before = f"the policy “{page.policy_version.policy.name}”" if page.policy_version else "its policy"
        page.policy_version = self.fallbacks[int(move.fallback or 0)]
        self._say(page, Kind.FALLBACK, f"Everybody in {before} was asked; on to “{page.policy_version.policy.name}”")

    def _exhaust(self, page: Page) -> None:
        page.exhausted_at = self.now
        self.exhausted.append(page)
        self._say(page, Kind.EXHAUSTED, f"{messages_due.whose(page)}: everybody was asked, nobody has taken it")

    def _ask(self, page: Page) -> None:
        if page.acknowledged_by is not None:
            made = messages_due.for_question(page, page.acknowledged_by, self.directory)
            self.notifications.extend((notification, None) for notification in made)
            place = messages_due.question_of(page)
            self.inbox.append(messages_due.in_inbox(page, page.acknowledged_by, self.now, place, Notification.Kind.ASK))
        self._say(page, Kind.ASKED, f"Nothing has happened for a while: asked {page.acknowledged_by or 'nobody'}")

    def _time_out(self, page: Page) -> None:
        if page.role in DECIDING:
            self.lost.append(page.incident_id)
        self._say(page, Kind.ACK_TIMEOUT, f"No answer from {page.acknowledged_by or 'nobody'}: escalating again")
        page.acknowledged_at = page.acknowledged_by = None

    def _say(self, page: Page, kind: Kind, words: str) -> None:
        data = {"urgency": urgency(page.incident.severity).value}
        self.entries.append(timeline.entry(page.incident_id, kind, words, at=self.now, page_id=page.pk, data=data))


def write(batches: Sequence[Batch]) -> None:
    """What batches decided one after the other, as if each had been written in its turn; only the last may exhaust."""
    notifications = [one for batch in batches for one in batch.notifications]
    writing.insert(PageStep, [step for batch in batches for step in batch.steps])
    for notification, step in notifications:
        notification.step_id = step.pk if step else None
    writing.insert(Notification, [notification for notification, _ in notifications])
    writing.insert(InboxMessage, [message for batch in batches for message in batch.inbox])
    writing.update_pages(list({page.pk: page for batch in batches for page in batch.pages}.values()))
    lost = {number for batch in batches for number in batch.lost}
    Incident.objects.filter(pk__in=lost, state=Incident.State.ACKNOWLEDGED).update(
        state=Incident.State.TRIGGERED, acknowledged_by=None
    )
    writing.insert(TimelineEntry, [entry for batch in batches for entry in batch.entries])
    for batch in batches:
        catch_all.engage(batch.exhausted, now=batch.now)
    if notifications:
        nudge("incidents.deliver_due")


def _policies(pages: Sequence[Page]) -> dict[int, Policy]:
    """By page; what a version says for an urgency is read once, however many pages walk it."""
    read: dict[tuple[int, str, bool], Policy] = {}
    return {page.pk: _policy_of(page, read) for page in pages}


def _policy_of(page: Page, read: dict[tuple[int, str, bool], Policy]) -> Policy:
    if page.policy_version_id is None:
        return policy_for(page)
    key = (page.policy_version_id, urgency(page.incident.severity), page.incident.is_information)
    if key not in read:
        read[key] = policy_for(page)
    return read[key]
