"""Reviews as text: Markdown to keep elsewhere, and what changed from one version to another."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import Literal

from django.utils import timezone

from incidents.impact import measured
from incidents.lookback import Facts, Moment, Paged
from incidents.models import SECTIONS, ActionItem, Incident, Review
from incidents.models.review import Sections
from incidents.outcomes import Outcome
from portal.lib import conf, words
from portal.lib.durations import words as lasting

TITLES: Mapping[str, str] = {
    "summary": "What happened",
    "impact": "Impact",
    "causes": "Causes",
    "went_well": "What went well",
    "went_badly": "What went badly",
}
"""The sections of a review as people read them."""
AROUND = 2
"""Unchanged lines that are shown beside changed ones."""
LONGEST_DIFF = 2_000
"""Lines of a text that are compared line by line; longer ones are told as replaced."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: added, removed, the same, or a gap where what is the same is left out."""

    sign: Literal["+", "-", " ", "…"]
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A section that differs."""

    name: str
    title: str
    lines: tuple[Line, ...]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Changed]:
    """Sections that differ, in reading order, line by line."""
    return [
        Changed(name, TITLES[name], tuple(_compared(before.get(name, ""), after.get(name, ""))))
        for name in SECTIONS
        if before.get(name, "") != after.get(name, "")
    ]


def _compared(before: str, after: str) -> Iterator[Line]:
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > LONGEST_DIFF:
        yield from (Line("-", text) for text in old)
        yield from (Line("+", text) for text in new)
        return
    end = 0
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        if group[0][1] > end:
            yield Line("…", "")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (Line(" ", text) for text in old[i1:i2])
                continue
            yield from (Line("-", text) for text in old[i1:i2])
            yield from (Line("+", text) for text in new[j1:j2])
        end = group[-1][2]
    if 0 < end < len(old):
        yield Line("…", "")


def to_markdown(review: Review, facts: Facts, items: Collection[ActionItem], outcomes: Mapping[int, Outcome]) -> str:
    """The whole review with its facts and action items; times in UTC."""
    incident = facts.incident
    state = f"published {_moment(review.published_at)}" if review.published_at else "draft, not published yet"
    parts = [
        f"# {incident.label}: {_line(incident.title)}",
        f"*Review, version {review.version}, {state}. {conf.base_url()}{review.get_absolute_url()}*",
        "\n".join(_facts(facts)),
        *_written(review, facts),
        *_listed("Action items", [_item(item, outcomes.get(item.pk)) for item in items]),
        *_listed("Who was paged", [_paged(one) for one in facts.paged]),
        *_listed("Budget spent", [_cost(one.row.title, one.cost.share) for one in facts.costs.shown if one.cost.known]),
        *_listed("Similar earlier incidents", [_earlier(one) for one in facts.similar.shown]),
        *_listed("Timeline", [_happened(one) for one in facts.timeline]),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(facts: Facts) -> Iterator[str]:
    incident = facts.incident
    yield "| | |\n|---|---|"
    rows = {
        "Severity": f"{incident.get_severity_display()}: {incident.severity_reason}",
        "Component": _line(incident.about) or words.DASH,
        "Owner": incident.owner.label if incident.owner else words.DASH,
        "Opened": _moment(incident.opened_at),
        "Resolved": _moment(incident.resolved_at) if incident.resolved_at else "still open",
        "Acknowledged after": _lasting(facts.to_acknowledge, none="never"),
        "Restored after": _lasting(facts.to_restore, none="still open"),
        "Open for": _lasting(facts.open_for),
        "Developer-minutes blocked": "unknown" if facts.minutes_blocked is None else f"{facts.minutes_blocked:,}",
    }
    if incident.generation:
        rows["Reopened"] = words.plural(incident.generation, "time")
    for name, value in rows.items():
        yield f"| {name} | {_cell(value)} |"


def _written(review: Sections, facts: Facts) -> Iterator[str]:
    with timezone.override(UTC):
        known = {"impact": f"*Nothing written yet. Measured:*\n\n{measured(facts)}"}
    for name in SECTIONS:
        yield f"## {TITLES[name]}\n\n{getattr(review, name) or known.get(name, '*Nothing written yet.*')}"


def _happened(one: Moment) -> str:
    gap = f"({words.plural(one.left_out, 'entry', 'entries')} left out) " if one.left_out else ""
    state = f"{one.state}. " if one.state else ""
    return f"{gap}{_moment(one.at)}: {state}{_line(one.words)}"


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines)


def _item(item: ActionItem, outcome: Outcome | None) -> str:
    box = "x" if item.state == ActionItem.State.DONE else " "
    parts = [f"[{box}] {_line(item.title)}", item.owner.label if item.owner else item.owner_ref, f"due {item.due_on}"]
    if item.state == ActionItem.State.DROPPED:
        parts.append(f"dropped: {_line(item.outcome)}")
    if item.component_ref:
        parts.append(_line(item.component.label if item.component else item.component_ref))
    if item.tracker_url:
        parts.append(f"<{item.tracker_url}>")
    if outcome is not None and outcome.incidents_before is not None:
        parts.append(
            f"incidents in 30 days before {outcome.incidents_before}, in {_days(outcome)} after "
            f"{outcome.incidents_after}"
        )
    for helped in outcome.objectives if outcome else ():
        parts.append(
            f"{_line(helped.objective.label)}: {_share(helped.before.share)} of its budget before, "
            f"{_share(helped.after.share)} after"
        )
    return " · ".join(parts)


def _paged(one: Paged) -> str:
    calls = (f"{_moment(call.at)}: {', '.join(person.label for person in call.people)}" for call in one.calls)
    who = "; ".join(calls) or f"{_moment(one.at)}: nobody"
    taken = f"{one.taken_by.label} after {_lasting(one.taken_after)}" if one.taken_by else "not taken"
    for again in one.later:
        taken += f"; reopened: {again.by.label} after {_lasting(again.after)}" if again.by else "; reopened: not taken"
    return f"{one.whom} ({one.role.lower()}), {who}; {taken}"


def _cost(title: str, share: float | None) -> str:
    return f"{_line(title)}: {_share(share)}"


def _earlier(one: Incident) -> str:
    return f"{one.label} {_line(one.title)}, {_moment(one.opened_at)}"


def _share(share: float | None) -> str:
    return words.absent(None) if share is None else f"{words.percent(share)} %"


def _days(outcome: Outcome) -> str:
    return words.plural(outcome.after.days, "day")


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else words.DASH


def _lasting(length: timedelta | None, *, none: str = words.DASH) -> str:
    return none if length is None else lasting(length)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")
