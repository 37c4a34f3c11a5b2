"""Between rows and the pure machine: policy versions as `escalation.Policy`, page rows as `escalation.Progress`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from incidents.escalation import Condition, Policy, Progress, State, Step, Target, TargetKind
from incidents.models import EscalationPolicy, Page, PageStep, PolicyVersion, Severity, Urgency
from portal.lib import durations

BY_NAME_DELAY = timedelta(minutes=5)
BY_NAME_REPEATS = 2
PROGRESS_FIELDS = (
    "state",
    "generation",
    "cycle",
    "step",
    "repeat",
    "next_step_at",
    "fallbacks",
    "turn",
    "asked",
)


def urgency(severity: int) -> Urgency:
    """P1 to P3 wake people; P4 and P5 don't."""
    return Urgency.HIGH if severity <= Severity.P3 else Urgency.LOW


def policy_of(version: PolicyVersion, for_urgency: str = Urgency.HIGH) -> Policy:
    """What a version says for incidents of that urgency; a version without steps of their own has the same for both.

    Raises KeyError or ValueError where its steps can't be read; forms let none such in.
    """
    steps = version.steps if for_urgency == Urgency.HIGH or version.steps_low is None else version.steps_low
    made = Policy(
        steps=tuple(_step(step) for step in steps),
        repeat=version.repeat,
        fallback=str(version.fallback_id) if version.fallback_id else None,
        ack_timeout=version.ack_timeout,
    )
    return made if version.answer_within is None else replace(made, answer_within=version.answer_within)


def policy_for(page: Page) -> Policy:
    """What a page walks: its version, by the urgency of its incident; by name, three calls five minutes apart. What is
    for information tells its first step and rests.
    """
    walked = _walked(page)
    return told_once(walked) if page.incident.is_information else walked


def told_once(policy: Policy) -> Policy:
    """The same for what asks nobody for anything: its first step once, no further round, no fallback, no question."""
    steps = tuple(replace(step, repeat=0) for step in policy.steps)
    return Policy(steps, rests=True)


def _walked(page: Page) -> Policy:
    if page.policy_version is not None:
        return policy_of(page.policy_version, urgency(page.incident.severity))
    if page.person is None:
        return Policy(())
    by_name = Target(TargetKind.PERSON, page.person.ref)
    return Policy((Step((by_name,), BY_NAME_DELAY, repeat=BY_NAME_REPEATS),))


def steps_json(steps: Iterable[Step]) -> list[dict[str, object]]:
    """Steps as a version stores them; `policy_of` reads them back."""
    return [
        {
            "targets": [{"kind": target.kind.value, "ref": target.ref} for target in step.targets],
            "delay": durations.render(step.delay),
            "repeat": step.repeat,
            "round_robin": step.round_robin,
            "condition": _condition_json(step.condition),
        }
        for step in steps
    ]


def newest_version(now: datetime, of: str = "policy") -> Subquery:
    """For a query of versions (`of` their policy) or of policies (`of` "pk"): the key of the one in force at `now`."""
    newest = PolicyVersion.objects.filter(policy=OuterRef(of), since__lte=now).order_by("-since", "-number")
    return Subquery(newest.values("pk")[:1])


def asked_last() -> Subquery:
    """For a query of pages: references of those whom the last step that was taken asked; None before the first."""
    return Subquery(PageStep.objects.filter(page=OuterRef("pk")).order_by("-pk").values("people")[:1])


def versions_in_force(policies: Iterable[int], *, now: datetime) -> dict[int, PolicyVersion]:
    """The version of each policy that counts at `now`, by the policy's key; retired ones have none."""
    chosen = EscalationPolicy.objects.filter(pk__in=set(policies), retired_at=None)
    chosen = chosen.annotate(version=newest_version(now, of="pk"))
    found = PolicyVersion.objects.filter(pk__in=chosen.values("version")).select_related("policy")
    return {version.policy_id: version for version in found}


class Versions:
    """The versions of policies in force at any moments from `since` on, each policy asked for once."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._known: dict[int, list[PolicyVersion]] = {}

    def in_force(self, policies: Iterable[int], *, now: datetime) -> dict[int, PolicyVersion]:
        """As `versions_in_force`, for a moment not before `since`."""
        wanted = set(policies)
        if new := wanted - self._known.keys():
            self._load(new)
        held = {pk: [one for one in self._known[pk] if one.since <= now] for pk in wanted}
        return {pk: versions[-1] for pk, versions in held.items() if versions}

    def _load(self, new: set[int]) -> None:
        self._known |= {pk: [] for pk in new}
        found = PolicyVersion.objects.filter(policy__in=new, policy__retired_at=None)
        found = found.filter(Q(pk=newest_version(self._since)) | Q(since__gt=self._since)).select_related("policy")
        for version in found.order_by("since", "number"):
            self._known[version.policy_id].append(version)


def progress_of(page: Page) -> Progress:
    """How far a page has come, for the machine."""
    return Progress(
        state=State(page.state),
        generation=page.generation,
        cycle=page.cycle,
        step=page.step,
        repeat=page.repeat,
        due_at=page.next_step_at,
        fallbacks=page.fallbacks,
        turn=page.turn,
        asked=page.asked,
    )


def store(progress: Progress, page: Page) -> None:
    """Put `progress` on the row, unsaved; `PROGRESS_FIELDS` are what changed."""
    page.state = progress.state.value
    page.generation, page.turn, page.fallbacks = progress.generation, progress.turn, progress.fallbacks
    page.cycle, page.step, page.repeat = progress.cycle, progress.step, progress.repeat
    page.next_step_at, page.asked = progress.due_at, progress.asked


def _step(raw: Mapping[str, Any]) -> Step:
    return Step(
        targets=tuple(Target(TargetKind(target["kind"]), str(target["ref"])) for target in raw["targets"]),
        delay=durations.parse(raw["delay"]),
        repeat=int(raw.get("repeat", 0)),
        condition=_condition(raw["condition"]) if raw.get("condition") else None,
        round_robin=bool(raw.get("round_robin", False)),
    )


def _condition(raw: Mapping[str, Any]) -> Condition:
    return Condition(
        zone=raw["zone"],
        days=frozenset(raw.get("days", range(7))),
        start=time.fromisoformat(raw.get("start", "00:00")),
        end=time.fromisoformat(raw.get("end", "00:00")),
    )


def _condition_json(condition: Condition | None) -> dict[str, object] | None:
    if condition is None:
        return None
    return {
        "zone": condition.zone,
        "days": sorted(condition.days),
        "start": condition.start.isoformat("minutes"),
        "end": condition.end.isoformat("minutes"),
    }
