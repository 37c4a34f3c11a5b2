"""An escalation policy as somebody wrote it, and everything that is wrong with it: which step, which field, what to do.

Paths are those of a draft: `steps[0].delay`, `steps_low[1].targets[0]`, `fallback`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from catalog.models import Person, Team
from catalog.refs import no_such
from incidents.escalation import Condition, Policy, Step, Target, TargetKind
from incidents.models import EscalationPolicy, Schedule, Urgency
from incidents.policies import versions_in_force
from portal.lib import durations
from portal.lib.errors import FieldError, Invalid

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(days=1)
ACK_SHORTEST, ACK_LONGEST = timedelta(minutes=1), timedelta(days=7)
MOST_STEPS = MOST_TARGETS = 50
MOST_REPEATS = 20
RESERVED = frozenset({"new", "preview"})
"""Words that addresses of policies use themselves."""

type Known = Mapping[TargetKind, set[str]]


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A policy as somebody wrote it; `steps` may name targets that are not there, `repeat` is further times through.

    `steps_low` are those for incidents of low urgency, None for the same ones. `answer_within` None is the default.
    """

    slug: str
    name: str
    team: Team | None
    steps: tuple[Step, ...]
    repeat: int = 0
    fallback: EscalationPolicy | None = None
    ack_timeout: timedelta | None = None
    answer_within: timedelta | None = None
    steps_low: tuple[Step, ...] | None = None

    @property
    def ladders(self) -> tuple[tuple[str, tuple[Step, ...]], ...]:
        """The steps for each urgency, with the field they stand in."""
        low = (("steps_low", self.steps_low),) if self.steps_low is not None else ()
        return (("steps", self.steps), *low)

    @property
    def said(self) -> Mapping[Urgency, Policy]:
        """What it says by urgency; one entry where both have the same steps."""
        fallback = str(self.fallback.pk) if self.fallback else None
        policy = Policy(self.steps, self.repeat, fallback, self.ack_timeout)
        policy = replace(policy, answer_within=self.answer_within) if self.answer_within else policy
        low = {} if self.steps_low is None else {Urgency.LOW: replace(policy, steps=self.steps_low)}
        return {Urgency.HIGH: policy, **low}


def check(draft: PolicyDraft, *, now: datetime) -> None:
    """Raise Invalid with every fault of `draft` at its field."""
    found = tuple(_wrong(draft, now))
    if found:
        raise Invalid("; ".join(f"{error.field}: {error.message}" for error in found), errors=found)


def _wrong(draft: PolicyDraft, now: datetime) -> Iterator[FieldError]:
    if draft.slug in RESERVED:
        yield FieldError("slug", "reserved", f"{draft.slug} is a page of the portal; choose another name.")
    if not draft.name.strip():
        yield FieldError("name", "required", "Give the policy a name, such as the team's.")
    if draft.team is not None and draft.team.retired_at is not None:
        yield FieldError("team", "retired", f"The team {draft.team.label} is dissolved; choose another one.")
    if not 0 <= draft.repeat <= MOST_REPEATS:
        yield FieldError("repeat", "out-of-range", f"Go through the steps 0 to {MOST_REPEATS} further times.")
    for name, value in (("ack_timeout", draft.ack_timeout), ("answer_within", draft.answer_within)):
        if value is not None and not ACK_SHORTEST <= value <= ACK_LONGEST:
            yield FieldError(name, "out-of-range", "Choose 1m to 7d.")
    yield from _wrong_fallback(draft, now)
    known = _known(target for _, steps in draft.ladders for step in steps for target in step.targets)
    for field, steps in draft.ladders:
        yield from _wrong_ladder(field, steps, known)


def _wrong_ladder(field: str, steps: tuple[Step, ...], known: Known) -> Iterator[FieldError]:
    if not steps:
        yield FieldError(field, "required", "Name at least one step; without one nobody would be called.")
    if len(steps) > MOST_STEPS:
        yield FieldError(field, "too-many", f"At most {MOST_STEPS} steps.")
    for place, step in enumerate(steps[:MOST_STEPS]):
        yield from _wrong_step(f"{field}[{place}]", step, known)


def _wrong_step(where: str, step: Step, known: Known) -> Iterator[FieldError]:
    if not SHORTEST <= step.delay <= LONGEST:
        least, most = durations.render(SHORTEST), durations.render(LONGEST)
        yield FieldError(f"{where}.delay", "out-of-range", f"Wait {least} to {most} before the next step.")
    if not 0 <= step.repeat <= MOST_REPEATS:
        yield FieldError(f"{where}.repeat", "out-of-range", f"Ask 0 to {MOST_REPEATS} further times.")
    if not step.targets:
        yield FieldError(f"{where}.targets", "required", "Name a schedule, a person or a team to call.")
    if len(step.targets) > MOST_TARGETS:
        yield FieldError(f"{where}.targets", "too-many", f"Name at most {MOST_TARGETS}; a team counts once.")
    if step.round_robin and len(step.targets) == 1:
        words = "Taking turns needs at least two targets; add one, or call all of them."
        yield FieldError(f"{where}.round_robin", "alone", words)
    times = Counter(step.targets)
    for place, target in enumerate(step.targets[:MOST_TARGETS]):
        if target.ref not in known[target.kind]:
            slug = target.kind is TargetKind.SCHEDULE or not target.ref
            words = f"There is no {target.kind.value} {target.ref or '(empty)'}." if slug else no_such(target.ref)
            yield FieldError(f"{where}.targets[{place}]", "unknown", words)
        elif times[target] > 1 and target in step.targets[:place]:
            yield FieldError(f"{where}.targets[{place}]", "twice", f"{target.ref} is named twice; once is enough.")
    if step.condition is not None:
        yield from _wrong_condition(f"{where}.condition", step.condition)


def _wrong_condition(where: str, condition: Condition) -> Iterator[FieldError]:
    if condition.zone not in available_timezones():
        words = f"There is no time zone {condition.zone or '(empty)'}; write for example Europe/Berlin."
        yield FieldError(f"{where}.zone", "unknown", words)
    if not condition.days or not condition.days <= set(range(7)):
        yield FieldError(
            f"{where}.days", "required", "Choose at least one day of the week, or leave the condition out."
        )


def _wrong_fallback(draft: PolicyDraft, now: datetime) -> Iterator[FieldError]:
    if draft.fallback is None:
        return
    if draft.fallback.slug == draft.slug:
        yield FieldError("fallback", "itself", "A policy can't fall back to itself; let it repeat instead.")
    elif draft.fallback.retired_at is not None:
        yield FieldError("fallback", "retired", f"{draft.fallback.name} is retired; choose another policy.")
    elif ring := _ring(draft, draft.fallback, now):
        words = f"{' → '.join(ring)} would go round in a ring; fall back to a policy outside of it."
        yield FieldError("fallback", "ring", words)


def _ring(draft: PolicyDraft, fallback: EscalationPolicy, now: datetime) -> list[str]:
    """Names from the draft back to itself along the fallbacks in force; empty where they end."""
    names, following, met = [draft.name], fallback, set[int]()
    while following.pk not in met:
        met.add(following.pk)
        names.append(following.name)
        version = versions_in_force([following.pk], now=now).get(following.pk)
        if version is None or version.fallback is None:
            return []
        following = version.fallback
        if following.slug == draft.slug:
            return [*names, draft.name]
    return []  # a ring, but none that this policy is in


def _known(targets: Iterable[Target]) -> Known:
    wanted: dict[TargetKind, set[str]] = {kind: set() for kind in TargetKind}
    for target in targets:
        wanted[target.kind].add(target.ref)
    people = Person.objects.filter(ref__in=wanted[TargetKind.PERSON], retired_at=None)
    teams = Team.objects.filter(ref__in=wanted[TargetKind.TEAM], retired_at=None)
    schedules = Schedule.objects.filter(slug__in=wanted[TargetKind.SCHEDULE], retired_at=None)
    return {
        TargetKind.PERSON: set(people.values_list("ref", flat=True)),
        TargetKind.TEAM: set(teams.values_list("ref", flat=True)),
        TargetKind.SCHEDULE: set(schedules.values_list("slug", flat=True)),
    }
