"""From empty to the first page in a few steps that tick themselves off."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Model, Value

from catalog.models import Component, Person, Team
from incidents.models import EscalationPolicy, Schedule
from slo.models import DataSource, Objective


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do once; `docs` is the part of the documentation that tells how."""

    title: str
    text: str
    docs: str
    done: bool


STEPS: tuple[tuple[str, str, str, type[Model]], ...] = (
    ("A team", "Who answers for something. Members can come later.", "a-team", Team),
    ("A component", "Anything your platform runs, with its owner.", "a-component", Component),
    ("A data source", "A Prometheus that Portico may read.", "a-data-source", DataSource),
    ("An objective", "What is promised, and how it is counted.", "an-objective", Objective),
    ("A schedule", "Who is on call, and when.", "a-schedule", Schedule),
    ("A policy", "Whom to call next when nobody answers.", "a-policy", EscalationPolicy),
)


def steps() -> list[Step]:
    """In the order in which they make sense; one question to the database for all."""
    first, *others = (model._default_manager.order_by().values_list(Value(part))[:1] for _, _, part, model in STEPS)
    there = {part for (part,) in first.union(*others, all=True).order_by()}
    return [Step(title, text, f"getting-started#{part}", part in there) for title, text, part, _ in STEPS]


def shown(found: Sequence[Step], person: Person | None) -> bool:
    """To everybody while the portal is empty, then to platform admins until all is done."""
    empty = not any(step.done for step in found)
    return empty or (bool(person and person.platform_admin) and not all(step.done for step in found))
