"""What people call what the change log names by reference, and the other way round."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db.models import F, Model, Q, QuerySet

from catalog import registries
from catalog.models import Component, Domain, Location, Person, System, Team

ENTITIES: Mapping[str, type[Model]] = {
    "component": Component, "resource": Component, "api": Component, "group": Team, "user": Person,
    "system": System, "domain": Domain, "location": Location,
}  # fmt: skip
MOST = 100
"""References of each kind that a search finds."""
LONGEST_NUMBER = 9


def called(refs: Iterable[str]) -> dict[str, str]:
    """By reference its title, of those that are there and have one.

    One question for all entities, one for each further kind.
    """
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for ref in refs:
        kind, _, name = ref.partition(":")
        asked[kind].add(name)
    entities: defaultdict[type[Model], list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    for kind, names in asked.items():
        if model := ENTITIES.get(kind):
            entities[model] += [f"{kind}:{name}" for name in names]
        elif (subject := registries.subjects.get(kind)) and subject.titled:
            found |= {f"{kind}:{name}": title for name, title in _titles(subject.titled, names) if title}
    named = [_named(model, refs) for model, refs in entities.items()]
    if named:
        rows = named[0].union(*named[1:], all=True).order_by()
        found |= {ref: title for ref, title in rows if title}
    return found


def _named(model: type[Model], refs: list[str]) -> QuerySet[Any, tuple[str, str]]:
    rows: QuerySet[Any] = model._default_manager.order_by().filter(ref__in=refs)
    found: QuerySet[Any, tuple[str, str]] = rows.annotate(titled=F(_title_of(model))).values_list("ref", "titled")
    return found


def refs_called(words: str) -> set[str]:
    """References of what has these words in its name or title, and what they name as they stand. A question a kind."""
    told = {words, words.lower(), *(f"{kind}:{words}" for kind in registries.subjects)}
    found = told | {f"{kind}:default/{words.lower()}" for kind in ENTITIES}
    for model in set(ENTITIES.values()):
        rows = model._default_manager.filter(Q(name__icontains=words) | Q(**{f"{_title_of(model)}__icontains": words}))
        found.update(rows.values_list("ref", flat=True)[:MOST])
    for kind, subject in registries.subjects.items():
        if subject.titled:
            label, named, titled = subject.titled
            fitting = Q(**{f"{titled}__icontains": words})
            fitting |= Q() if _numbered(named) else Q(**{f"{named}__icontains": words})
            names = apps.get_model(label)._default_manager.filter(fitting).values_list(named, flat=True)[:MOST]
            found.update(f"{kind}:{name}" for name in names)
    return found


def _title_of(model: type[Model]) -> str:
    return "display_name" if model is Person else "title"  # the title of a person is their post


def _titles(place: tuple[str, str, str], names: Iterable[str]) -> Iterator[tuple[object, str]]:
    label, named, titled = place
    if _numbered(named):
        names = [one for one in names if one.isascii() and one.isdecimal() and len(one) <= LONGEST_NUMBER]
    rows = apps.get_model(label)._default_manager.filter(**{f"{named}__in": list(names)})
    yield from rows.values_list(named, titled)


def _numbered(named: str) -> bool:
    return named in ("pk", "number")
