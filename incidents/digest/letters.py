"""The letter: from the facts of a week its subject, text, HTML and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import timezone

from catalog.models import Person
from incidents.digest import pictures
from incidents.digest.facts import Facts
from portal.lib import conf

SUBJECT_LENGTH = 150
WIDTH, HEIGHT, BAR = 1104, 176, 56
"""Pixels; shown at half the size."""


@dataclass(frozen=True, slots=True)
class Part:
    """The facts of a team, or of the platform, with the names of its pictures; empty where there is none to show."""

    facts: Facts
    title: str
    url: str
    days: str
    levels: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent to one person. `pictures` are PNG files by the name that the HTML shows them by (`cid:…`)."""

    subject: str
    text: str
    html: str
    pictures: Mapping[str, bytes]


def compose(person: Person, found: Sequence[Facts], *, off: str, maybe_duplicate: bool = False) -> Letter:
    """The letter about `found`, to `person`, who stops them at `off`. Times are told by the clock of the week."""
    parts, drawn = [], {}
    for place, facts in enumerate(found):
        shown = _pictures(facts, f"p{place}")
        drawn.update(shown)
        parts.append(
            Part(
                facts,
                facts.team.label if facts.team else "The whole platform",
                conf.base_url() + (facts.team.get_absolute_url() if facts.team else "/"),
                *(name if name in shown else "" for name in (f"p{place}-days", f"p{place}-levels")),
            )
        )
    week = found[0].week
    context = {
        "person": person,
        "parts": parts,
        "week": week,
        "last_day": week.days[-1],
        "base": conf.base_url(),
        "off": off,
        "maybe_duplicate": maybe_duplicate,
        "subject": _subject(found),
    }
    with timezone.override(week.zone):
        text = render_to_string("incidents/messages/digest.txt", context)
        html = render_to_string("incidents/messages/digest.html", context)
    return Letter(_subject(found), _tidy(text), html, drawn)


def _subject(found: Sequence[Facts]) -> str:
    first = found[0]
    name = first.team.label if first.team else "The platform"
    week = f"{first.week.days[0]:%d %b} – {first.week.days[-1]:%d %b}"
    if all(facts.quiet for facts in found):
        return f"{name}: a quiet week, {week}"[:SUBJECT_LENGTH]
    whole = next((facts for facts in found[1:] if facts.team is None), None)
    said = [
        f"{_plural(first.opened, 'incident')}{' of its own' if first.helped else ''}",
        f"{first.helped} of others" if first.helped else "",
        f"{_plural(first.worrying, 'budget')} at risk or spent" if first.worrying else "",
    ]
    everywhere = f"; {_plural(whole.opened, 'incident')} on the whole platform" if whole and whole.opened else ""
    return " ".join(f"{name}: {', '.join(filter(None, said))}{everywhere}, {week}".split())[:SUBJECT_LENGTH]


def _plural(n: int, word: str) -> str:
    return f"{n or 'no'} {word}{'' if n == 1 else 's'}"


def _pictures(facts: Facts, prefix: str) -> dict[str, bytes]:
    drawn = {}
    if any(day.pages for day in facts.days):
        values = [[(day.pages - day.nights, pictures.ACCENT), (day.nights, pictures.NIGHT)] for day in facts.days]
        drawn[f"{prefix}-days"] = pictures.columns(values, width=WIDTH, height=HEIGHT).png()
    rows = [one for one in (facts.levels_before, facts.levels) if one and sum(one)]
    if rows:
        bars = [[(n, colour) for n, colour in zip(one, pictures.LEVELS, strict=True)][::-1] for one in rows]
        drawn[f"{prefix}-levels"] = pictures.shares(bars, width=WIDTH, height=BAR * len(bars)).png()
    return drawn


def _tidy(text: str) -> str:
    """Without the blank lines that the template's own tags leave."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip() + "\n"
