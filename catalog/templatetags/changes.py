"""The change log in words: `{% load changes %}`."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.text import Truncator

from catalog import registries
from catalog.worded import in_words, line_by_line

LINE = 120
COMPONENTS = frozenset({"component", "resource", "api"})
CALLED = {"api": "API", "group": "team", "user": "person", "location": "import"}
"""Kinds of the catalog that people call by another word."""
PAGES = {"group": "team", "user": "person", "system": "system", "domain": "domain", "location": "location"}
register = template.Library()
VERBS = {
    "accept": "Accepted",
    "account": "Linked an account to",
    "admin": "Changed the rights of",
    "create": "Registered",
    "invitation.create": "Sent",
    "token.create": "Made",
    "integration.create": "Made",
    "action-item.create": "Wrote down",
    "action-item.close": "Closed",
    "action-item.reopen": "Opened again",
    "review.draft": "Drafted",
    "review.publish": "Published",
    "review.unpublish": "Took back",
    "rotate": "Gave a further key to",
    "replay": "Took again",
    "declare": "Planned",
    "exclusion.declare": "Declared",
    "restate": "Restated the budget of",
    "rebuild": "Counted again",
    "renew": "Sent again",
    "retire": "Retired",
    "revoke": "Revoked",
    "update": "Changed",
    "withdraw": "Withdrew",
    "confirm": "Confirmed",
    "drop": "Taken out",
    "keep": "Kept, though its source dropped it",
    "delete": "Removed for good",
    "refresh": "Read again",
    "save": "Saved",
    "edit": "Changed",
    "put": "Changed a contact of",
    "contact.test": "Sent a test page to",
    "person.test": "Sent a test mail to",
    "paging": "Changed the paging of",
    "catch-all": "Made the catch-all",
    "drill.begin": "Began a fire drill of",
    "drill.stop": "Stopped a fire drill of",
    "drill-plan.set": "Set when there are fire drills of",
    "drill-plan.remove": "No longer plans fire drills of",
    "sharing.begin": "Shared without sign-in",
    "sharing.end": "Ended all links of",
    "seed": "Filled",
    "past": "Wrote the past of",
}
SAID = {
    "chat_url": "chat", "runbook_url": "runbook", "owner_ref": "owner", "email": "e-mail", "display_name": "name",
    "provides_apis": "provides APIs", "consumes_apis": "consumes APIs", "dependency_of": "needed by",
    "subcomponent_of": "part of", "children": "teams in it", "clock_24h": "24-hour clock", "method": "contact",
    "mail": "test mail",
}  # fmt: skip
"""Fields as the forms call them, where that is not their own name."""
NAMING = frozenset({"name", "namespace", "title"})
"""What the reference or the title of something new says already."""


@register.filter
def field_name(field: str) -> str:
    """A field as people say it: `depends_on` as `depends on`."""
    return SAID.get(field) or field.replace("_", " ")


@register.filter
def fields(diff: dict[str, object]) -> str:
    """The fields of something new as one line, without what it is called."""
    return ", ".join(field_name(field) for field in diff if field not in NAMING)


@register.filter
def actor(ref: str) -> str:
    """Who or what wrote: `token:ci` as `token ci`, `system:demo` as `Portico (demo)`, a person by their name."""
    kind, _, name = ref.partition(":")
    if kind == "user":
        return name.rpartition("/")[2]
    if name.startswith("location:"):
        return f"import {name.rpartition('/')[2]}"
    if ref == "system:portico":
        return "Portico"
    return f"Portico ({name})" if kind == "system" else f"{kind} {name}".strip()


@register.filter
def did(action: str) -> str:
    """`component.create` as `Registered`; what has no word yet stays as it is."""
    return VERBS.get(action) or VERBS.get(action.rpartition(".")[2], action)


@register.filter
def did_alone(action: str) -> str:
    """As `did`, where it is clear to what: `drill.begin` as `Began a fire drill`."""
    return re.sub(r" (?:of|to)$", "", did(action))


@register.filter
def made(action: str) -> bool:
    """Whether it made something new, so that every field is new too."""
    return action.endswith((".create", ".declare"))


@register.filter
def is_trial(action: str) -> bool:
    """Whether it only tried something, so that nothing was set: its difference is what came of it."""
    return action.endswith(".test")


@register.filter
def named(diff: Mapping[str, object], action: str) -> dict[str, object]:
    """The difference that is worth a line: of something new not how it is called."""
    new = made(action)
    return {field: pair for field, pair in diff.items() if not (new and field in NAMING)}


@register.filter
def blank(value: object) -> bool:
    """Whether a side of a difference says nothing."""
    return value in (None, "", [], {})


@register.filter
def shown(value: object, names: Mapping[str, str] | None = None) -> str:
    """One side of a difference: `nothing` for what was empty, lists with commas, at most 120 characters."""
    return "nothing" if blank(value) else Truncator(in_words(value, names or {})).chars(LINE)


@register.filter
def is_long(pair: list[object]) -> bool:
    """Whether `[before, after]` does not fit on a line, or differs in what a line leaves out: all is reachable then."""
    lines = [in_words(side) for side in pair]
    return lines[0] == lines[1] or any(len(line) > LINE or "\n" in line for line in lines)


@register.filter
def brief(value: object, names: Mapping[str, str] | None = None) -> str:
    """As `shown`, shorter: the head of what unfolds."""
    return Truncator(shown(value, names)).chars(60)


@register.filter
def whole(value: object, names: Mapping[str, str] | None = None) -> str:
    """All of it, over as many lines as it takes; structures in words."""
    return "nothing" if blank(value) else line_by_line(value, names or {})


@register.filter
def object_words(ref: str, titles: Mapping[str, str] | None = None) -> str:
    """What a reference names: `policy:secrets` as `escalation policy secrets`, `group:default/ci` as `team ci`.

    Of what has one in `titles`, that title stands for the name.
    """
    kind, _, name = ref.partition(":")
    if title := (titles or {}).get(ref):
        subject = registries.subjects.get(kind)
        return f"{subject.title if subject else CALLED.get(kind, kind)} {title}"
    if kind in COMPONENTS or kind in PAGES:
        return f"{CALLED.get(kind, kind)} {name.removeprefix('default/')}" if name else ref
    if kind == "demo":
        return "the demo"
    subject = registries.subjects.get(kind)
    return f"{subject.title} {name}".strip() if subject else ref


@register.filter
def kind_of(ref: str) -> str:
    """The kind of what a reference names, for people: `Component`."""
    return kind_words(ref.partition(":")[0])


def kind_words(kind: str) -> str:
    """A kind of what is written down, for a list to choose from: `slo` as `Objective`."""
    subject = registries.subjects.get(kind)
    words = subject.title if subject else CALLED.get(kind, kind)
    return words[:1].upper() + words[1:]


@register.filter
def object_url(ref: str) -> str:
    """Where an object's page is, by its reference; the empty text for what has none."""
    kind, _, rest = ref.partition(":")
    try:
        if subject := registries.subjects.get(kind):
            return _subject_url(subject, rest)
        namespace, _, name = rest.partition("/")
        place = [kind, namespace, name] if kind in COMPONENTS else [namespace, name]
        page = "component" if kind in COMPONENTS else PAGES.get(kind, "")
        return reverse(f"catalog:{page}", args=place) if page and name else ""
    except NoReverseMatch:
        return ""


def _subject_url(subject: registries.Subject, name: str) -> str:
    if not subject.url_name:
        return ""
    if subject.query:
        return f"{reverse(subject.url_name)}?{urlencode({subject.query: name})}"
    return reverse(subject.url_name, args=[name] if subject.named else [])
