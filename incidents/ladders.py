"""A policy drawn as a ladder: what happens when, and who would be reached if it happened now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Person
from incidents.escalation import Policy, Step, Target
from incidents.models import EscalationPolicy, Page, PolicyVersion, Urgency
from incidents.oncall.directory import Directory
from incidents.policies import policy_of
from incidents.policy_uses import Uses, uses
from incidents.policy_words import Change, Names, changes, condition_words, ladders, lines
from incidents.queries import policies as queries
from portal.lib import durations


@dataclass(frozen=True, slots=True)
class Asked:
    """One target of a step: what it is called, and who is behind it now."""

    target: Target
    label: str
    url: str
    reached: tuple[Person, ...]
    without_method: tuple[Person, ...]

    @property
    def nobody(self) -> bool:
        """Nobody would be reached by it now."""
        return not self.reached


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: `after` the page opens, if every step before it applies and reaches somebody."""

    number: int
    after: timedelta
    step: Step
    asked: tuple[Asked, ...]
    when: str
    applies: bool

    @property
    def nobody(self) -> bool:
        """It would reach nobody now."""
        return all(one.nobody for one in self.asked)

    @property
    def time(self) -> str:
        """`at once`, `+5 min`."""
        return f"+{durations.words(self.after)}" if self.after else "at once"


@dataclass(frozen=True, slots=True)
class Ladder:
    """All steps for one urgency; `nobody` says that none of them would reach anybody now."""

    urgency: Urgency
    rungs: tuple[Rung, ...]
    repeat: int
    lasts: timedelta

    @property
    def nobody(self) -> bool:
        """No step that applies now would reach anybody."""
        return all(rung.nobody or not rung.applies for rung in self.rungs)

    @property
    def empty(self) -> tuple[Rung, ...]:
        """Steps that would reach nobody now."""
        return tuple(rung for rung in self.rungs if rung.nobody)

    @property
    def again(self) -> list[tuple[Rung, str, int]]:
        """Steps that would now call nobody whom no earlier one calls: who that is, and the earlier one's number."""
        found, called = [], dict[Person, int]()
        for rung in self.rungs:
            people = list(dict.fromkeys(person for one in rung.asked for person in one.reached))
            if people and all(person in called for person in people):
                found.append((rung, _named(people), called[people[0]]))
            called |= {person: rung.number for person in people if person not in called}
        return found


def _named(people: Sequence[Person]) -> str:
    first, rest = people[0].label, len(people) - 1
    return f"{first} and {rest} more" if rest else first


@dataclass(frozen=True, slots=True)
class Told:
    """A version with what it changed."""

    version: PolicyVersion
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of policies."""

    policy: EscalationPolicy
    version: PolicyVersion | None
    ladder: Ladder | None
    uses: Uses


@dataclass(frozen=True, slots=True)
class Newer:
    """A running page whose policy says something newer by now."""

    page: Page
    version: PolicyVersion

    @property
    def whose(self) -> str:
        """Who is called by it."""
        return self.page.team.label if self.page.team else self.page.get_role_display()


def newer(pages: Sequence[Page], *, now: datetime) -> list[Newer]:
    """What an incident's page offers to apply; one query for any number of pages (of `queries.pages_of`)."""
    found = queries.changed_policies(pages, now=now)
    return [Newer(page, found[page.pk]) for page in pages if page.pk in found]


def drawn(found: Mapping[Urgency, Policy], *, now: datetime, names: Names | None = None) -> list[Ladder]:
    """The ladders of a policy (of `policy_words.ladders`), high urgency first; a fixed number of queries."""
    return list(drawn_many({(0, urgency): policy for urgency, policy in found.items()}, now=now, names=names).values())


def drawn_many(
    found: Mapping[tuple[int, Urgency], Policy], *, now: datetime, names: Names | None = None
) -> dict[tuple[int, Urgency], Ladder]:
    """The ladders of many policies by key and urgency; the same few queries for any number of them."""
    names = names or Names.of(found.values())
    directory = Directory.load(_targets(found.values()), now=now)
    return {key: _ladder(key[1], policy, names, directory) for key, policy in found.items()}


def rows(policies: Sequence[EscalationPolicy], *, now: datetime) -> list[Row]:
    """Policies with what they say and where they are used; a fixed number of queries for any number of them."""
    versions = queries.newest([policy.pk for policy in policies])
    used = uses([policy.pk for policy in policies], now=now)
    said = {pk: policy_of(version) for pk, version in versions.items()}
    found = drawn_many({(pk, Urgency.HIGH): policy for pk, policy in said.items()}, now=now)
    return [Row(one, versions.get(one.pk), found.get((one.pk, Urgency.HIGH)), used[one.pk]) for one in policies]


def names_in(versions: Sequence[PolicyVersion]) -> Names:
    """What all that these versions name is called."""
    return Names.of(policy for version in versions for policy in ladders(version).values())


def history(versions: Sequence[PolicyVersion], *, names: Names | None = None) -> list[Told]:
    """Versions, newest first, each with what it changed over the one before; the last of them as it is."""
    found = [ladders(version) for version in versions]
    names = names or names_in(versions)
    said = [lines(one, names) for one in found]
    before = [*said[1:], [] if versions and versions[-1].number == 1 else said[-1]] if said else []
    return [Told(version, changes(older, newer)) for version, newer, older in zip(versions, said, before, strict=True)]


def _ladder(urgency: Urgency, policy: Policy, names: Names, directory: Directory) -> Ladder:
    after, rungs = timedelta(0), []
    for number, step in enumerate(policy.steps, start=1):
        rungs.append(_rung(number, after, step, names, directory))
        after += step.delay * (step.repeat + 1)
    return Ladder(urgency, tuple(rungs), policy.repeat, after)


def _rung(number: int, after: timedelta, step: Step, names: Names, directory: Directory) -> Rung:
    asked = tuple(_asked(target, names, directory) for target in step.targets)
    when = condition_words(step.condition) if step.condition else ""
    return Rung(number, after, step, asked, when, step.condition is None or step.condition.holds(directory.now))


def _asked(target: Target, names: Names, directory: Directory) -> Asked:
    people, reached = directory.people_of([target]), directory.reachable([target])
    without = tuple(person for person in people if person not in reached)
    return Asked(target, names.label(target), names.urls.get(target, ""), tuple(reached), without)


def _targets(policies: Iterable[Policy]) -> Iterable[Target]:
    return {target for policy in policies for step in policy.steps for target in step.targets}
