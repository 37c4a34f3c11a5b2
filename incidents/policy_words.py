"""What a policy says, in words: for previews, for the API, and so that two versions can be compared line by line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher

from django.urls import reverse

from catalog.models import Person, Team
from incidents.escalation import Condition, Policy, Step, Target, TargetKind
from incidents.models import EscalationPolicy, PolicyVersion, Schedule, Urgency
from incidents.policies import policy_of
from portal.lib import durations

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIDNIGHT = "00:00"
SEVERITIES = {Urgency.HIGH: "P1 to P3", Urgency.LOW: "P4 and P5"}


@dataclass
class Names:
    """What targets and policies are called, looked up once; what is not there any more goes by its reference."""

    labels: dict[Target, str] = field(default_factory=dict)
    urls: dict[Target, str] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> "Names":
        """Three queries for the targets of any number of policies, one for their fallbacks."""
        known, given = cls(), list(policies)
        targets = {target for policy in given for step in policy.steps for target in step.targets}
        by_kind = {kind: {one.ref for one in targets if one.kind is kind} for kind in TargetKind}
        for person in Person.objects.filter(ref__in=by_kind[TargetKind.PERSON]):
            known._add(TargetKind.PERSON, person.ref, person.label, person.get_absolute_url())
        for team in Team.objects.filter(ref__in=by_kind[TargetKind.TEAM]):
            known._add(TargetKind.TEAM, team.ref, team.label, team.get_absolute_url())
        for schedule in Schedule.objects.filter(slug__in=by_kind[TargetKind.SCHEDULE], retired_at=None):
            known._add(
                TargetKind.SCHEDULE, schedule.slug, schedule.name, reverse("incidents:schedule", args=[schedule.slug])
            )
        fallbacks = {policy.fallback for policy in given if policy.fallback}
        found = EscalationPolicy.objects.filter(pk__in=fallbacks).values_list("pk", "name") if fallbacks else []
        known.policies.update({str(pk): name for pk, name in found})
        return known

    def _add(self, kind: TargetKind, ref: str, label: str, url: str) -> None:
        target = Target(kind, ref)
        self.labels[target], self.urls[target] = label, url

    def label(self, target: Target) -> str:
        """Its name, or its reference."""
        return self.labels.get(target, target.ref)

    def said(self, target: Target) -> str:
        """As it stands in a sentence."""
        name = self.label(target)
        if target.kind is TargetKind.SCHEDULE:
            return f"whoever is on call in {name}"
        return f"everybody in {name}" if target.kind is TargetKind.TEAM else name


def ladders(version: PolicyVersion) -> Mapping[Urgency, Policy]:
    """What a version says, by urgency; one entry where both have the same steps."""
    found = {Urgency.HIGH: policy_of(version)}
    if version.steps_low is not None:
        found[Urgency.LOW] = policy_of(version, Urgency.LOW)
    return found


def step_words(step: Step, names: Names) -> str:
    """Whom a step asks and when it applies: `Ada and whoever is on call in CI, in turn; only Mon–Fri 09:00–17:00 …`."""
    whom = _joined([names.said(target) for target in step.targets]) or "nobody"
    words = f"one of {whom}, by turns" if step.round_robin else whom
    if step.repeat:
        words += f", {step.repeat + 1} times {durations.words(step.delay)} apart"
    return f"{words}; only {condition_words(step.condition)}" if step.condition else words


def condition_words(condition: Condition) -> str:
    """`Mon–Fri 09:00–17:00 Europe/Berlin`."""
    start, end = condition.start.isoformat("minutes"), condition.end.isoformat("minutes")
    hours = "" if condition.start == condition.end else f" {start}–{'24:00' if end == MIDNIGHT else end}"
    return f"{_days(condition.days)}{hours} {condition.zone}"


def lines(found: Mapping[Urgency, Policy], names: Names) -> list[str]:
    """A policy line by line."""
    said = []
    for urgency, policy in found.items():
        of = "" if len(found) == 1 else f"{SEVERITIES[urgency]}, "
        said += [f"{of}{line}"[:1].upper() + f"{of}{line}"[1:] for line in _step_lines(policy, names)]
    return said + list(_end(found[Urgency.HIGH], names))


@dataclass(frozen=True, slots=True)
class Change:
    """A line that came (`+`), went (`-`) or stayed (empty)."""

    sign: str
    words: str


def changes(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """What became of each line."""
    found: list[Change] = []
    for _, a, b, c, d in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if before[a:b] == after[c:d]:
            found += [Change("", line) for line in after[c:d]]
        else:
            found += [*(Change("-", line) for line in before[a:b]), *(Change("+", line) for line in after[c:d])]
    return found


def _step_lines(policy: Policy, names: Names) -> Iterator[str]:
    after = timedelta(0)
    for number, step in enumerate(policy.steps, start=1):
        when = "at once" if not after else f"after {durations.words(after)}"
        yield f"step {number}, {when}: {step_words(step, names)}"
        after += step.delay * (step.repeat + 1)
    yield f"after the last step it waits {durations.words(policy.steps[-1].delay)}" if policy.steps else "no steps"


def _end(policy: Policy, names: Names) -> Iterator[str]:
    if policy.repeat:
        times = "once more" if policy.repeat == 1 else f"{policy.repeat} more times"
        yield f"Then it starts over with step 1, {times}"
    if policy.fallback:
        yield f"Then the policy {names.policies.get(policy.fallback, 'that was deleted')} takes over"
    yield "In the end the catch-all is paged"
    if policy.ack_timeout is not None:
        quiet, answer = durations.words(policy.ack_timeout), durations.words(policy.answer_within)
        yield f"Whoever has it is asked after {quiet} without activity, and without an answer in {answer} it goes on"


def _days(days: frozenset[int]) -> str:
    if len(days) == 7:
        return "every day"
    ordered = sorted(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{DAYS[ordered[0]]}–{DAYS[ordered[-1]]}"
    return ", ".join(DAYS[day] for day in ordered)


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
