"""The query string of catalog lists, the same for pages and API."""

from collections.abc import Collection

from django.http import HttpRequest, QueryDict

from catalog import queries, scorecard
from catalog.levels import LEVELS
from catalog.models import Component, Person
from catalog.queries import NOBODY, OUTCOMES, TROUBLES, ComponentFilter, Healths, QueueFilter, ScoreFilter
from catalog.refs import BadReference, parse
from portal.lib.errors import FieldError, Invalid

TIERS = ("1", "2", "3", "4")
LEVEL_NAMES = ("none", *LEVELS)
LONGEST = 300
KEPT = frozenset(
    ("q", "kind", "type", "tier", "lifecycle", "owner", "system", "tag", "health", "starred", "retired", "sort")
)


def component_filter(query: QueryDict, *, starred: Collection[str] = ()) -> ComponentFilter:
    """What `?type=runner&tier=1&tier=2&owner=build-ci&q=…` asks for. Raises Invalid naming the parameter.

    `starred` are the references that `?starred=1` stands for: those of whoever asks.
    """

    def many(name: str) -> list[str]:
        return _many(query, name)

    return ComponentFilter(
        q=query.get("q", "").replace("\x00", " ").strip()[:200],
        kind=tuple(kind.lower() for kind in many("kind")),
        type=tuple(many("type")),
        tier=tuple(int(_one_of("tier", text, TIERS)) for text in many("tier")),
        lifecycle=tuple(many("lifecycle")),
        owner=tuple(text if text == NOBODY else _whole("owner", text, "group") for text in many("owner")),
        system=tuple(_whole("system", text, "system") for text in many("system")),
        tag=tuple(many("tag")),
        health=tuple(_one_of("health", text, Healths.KEYS) for text in many("health")),
        starred=tuple(sorted(starred)) if query.get("starred", "").lower() in {"1", "true"} else None,
        retired=query.get("retired", "").lower() in {"1", "true"},
    )


QUEUED_KINDS = {
    **dict(Component.Kind.choices),
    "system": "System",
    "domain": "Domain",
    "group": "Team",
    "user": "Person",
}
"""What may be in trouble, and its words."""


def queue_filter(query: QueryDict) -> QueueFilter:
    """What `?trouble=dangling&team=build-ci&kind=api` asks for. Raises Invalid naming the parameter."""
    return QueueFilter(
        trouble=tuple(_one_of("trouble", text, TROUBLES) for text in _many(query, "trouble")),
        team=tuple(_whole("team", text, "group") for text in _many(query, "team") if text.strip()),
        kind=tuple(_one_of("kind", text.lower(), QUEUED_KINDS) for text in _many(query, "kind")),
    )


def score_filter(query: QueryDict) -> ScoreFilter:
    """What `?level=none&tier=1&check=runbook&outcome=failed` asks for. Raises Invalid naming the parameter."""
    check, outcome = query.get("check", ""), query.get("outcome", "")
    if outcome and not check:
        raise _bad("outcome", "Name the check too.")
    return ScoreFilter(
        tier=tuple(int(_one_of("tier", text, TIERS)) for text in _many(query, "tier")),
        type=tuple(_many(query, "type")),
        team=tuple(_whole("team", text, "group") for text in _many(query, "team") if text.strip()),
        level=tuple(LEVEL_NAMES.index(_one_of("level", text, LEVEL_NAMES)) for text in _many(query, "level")),
        check=_one_of("check", check, scorecard.checks()) if check else "",
        outcome=_one_of("outcome", outcome, OUTCOMES) if outcome else "",
    )


def starred_filter(request: HttpRequest) -> ComponentFilter:
    """The filter of a request's query string; `?starred=1` is what its reader starred."""
    person: Person | None = getattr(request.user, "person", None)
    asked = person is not None and bool(request.GET.get("starred"))
    refs = queries.stars_of(person).values_list("ref", flat=True) if person and asked else ()
    return component_filter(request.GET, starred=tuple(refs))


def kept_query(text: str) -> str:
    """A query string as views keep it: without the place in the list and what is empty. Raises Invalid."""
    given, kept = QueryDict(text.lstrip("?").replace("\x00", "")), QueryDict(mutable=True)
    for key, values in given.lists():
        if key in KEPT and any(values):
            kept.setlist(key, [value for value in values if value])
    component_filter(kept)
    return kept.urlencode()


def _many(query: QueryDict, name: str) -> list[str]:
    """What is said under that name; neither the empty field of a form, nor NUL, which the database takes nowhere.

    Raises Invalid for what is longer than any value: the database refuses words of thousands of letters.
    """
    said = [text.replace("\x00", " ") for text in query.getlist(name) if text]
    if any(len(text) > LONGEST for text in said):
        raise _bad(name, f"Use at most {LONGEST} characters.")
    return said


def _one_of(field: str, text: str, known: Collection[str]) -> str:
    if text not in known:
        raise _bad(field, f"{text!r}: use one of {', '.join(known)}.")
    return text


def _whole(field: str, text: str, kind: str) -> str:
    try:
        return str(parse(text, kind=kind))
    except BadReference as error:
        raise _bad(field, f"{error}.") from error


def _bad(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
