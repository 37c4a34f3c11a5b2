"""What the pages of all kinds share: whose it is and who answers now, its links, its relations, its way up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from catalog import manifest, queries
from catalog.described import spec_of
from catalog.editing import Owned
from catalog.models import Membership, Person, Team
from catalog.models.entity import Entity
from catalog.queries import Named, Relation
from catalog.queries.changes import names_in
from catalog.translating import entity_of
from portal.lib.links import safe_url
from portal.lib.reading import known

SHOWN = 100
WORDS = {
    "ownedBy": "Owned by", "ownerOf": "Owns", "partOf": "Part of", "hasPart": "Parts", "providesApi": "Provides API",
    "apiProvidedBy": "Provided by", "consumesApi": "Consumes API", "apiConsumedBy": "Consumed by",
    "dependsOn": "Depends on", "dependencyOf": "Needed by", "childOf": "Part of team", "parentOf": "Teams in it",
    "memberOf": "Member of", "hasMember": "Members",
}  # fmt: skip
NOT_FOR_ALL = ("changes", "yaml")
"""Tabs for those who are signed in."""


@dataclass(frozen=True, slots=True)
class Group:
    """Relations of one type, under its words."""

    type: str
    title: str
    relations: tuple[Relation, ...]


def owner_facts(
    entity: Owned, request: HttpRequest, *, now: datetime, leads: Iterable[Named | Person] | None = None
) -> dict[str, object]:
    """Whose it is, who is on call for them until when, and how to reach them; a person may own too.

    `leads` of the team, where the page asked for them already.
    """
    team = queries.owner_of(entity)
    person = None
    if entity.owner_ref.startswith("user:"):
        person = Person.objects.filter(ref=entity.owner_ref, retired_at=None).first()
    return {
        "owner": team,
        "owner_ref": entity.owner_ref,
        "owner_person": person,
        "leads": list(_leads(team) if leads is None else leads) if team else [],
        "duty": queries.on_call_now([team.pk], now=now, request=request).get(team.pk) if team else None,
        "chat": safe_url(team.chat_url) if team else "",
        "mail": (team.email if team else person.email if person else "") if known(request) else "",
        "reachable": known(request),
    }


def _leads(team: Team) -> Iterator[Person]:
    rows = Membership.objects.filter(team=team, role=Membership.Role.LEAD).select_related("person")
    return (row.person for row in rows if row.person)


def links_of(entity: Entity) -> list[dict[str, str]]:
    """Its links; `safe` is empty where one may not be followed."""
    return [
        {**link, "safe": safe_url(link["url"]), "host": link["url"].split("//")[-1].split("/")[0]}
        for link in entity.links
    ]


def relation_facts(ref: str, request: HttpRequest) -> dict[str, object]:
    """What it has to do with others, grouped by type, a page at a time: `?from=type&after=reference` leads on."""
    after = (request.GET.get("from", "").replace("\x00", ""), request.GET.get("after", "").replace("\x00", ""))
    found = queries.relations_of(ref, after=after, most=SHOWN + 1)
    shown, last = found[:SHOWN], found[SHOWN - 1] if len(found) > SHOWN else None
    onward = urlencode({"tab": "relations", "from": last.type, "after": last.target_ref}) if last else ""
    return {
        "relations": [
            Group(type_, WORDS.get(type_, type_), tuple(some)) for type_, some in groupby(shown, attrgetter("type"))
        ],
        "relations_next": f"?{onward}" if onward else "",
        "relations_first": "?tab=relations" if any(after) else "",
    }


def change_facts(ref: str, *, most: int, source: str = "") -> dict[str, object]:
    """The newest of its change log, and what people call all that these name, also the person in `source`."""
    whose = {"team" if ref.startswith("group:") else "object": ref}
    rows = list(queries.changes_of(ref).select_related("person")[:most])
    return {
        "changes": rows,
        "called": names_in(rows, *([source] if source.startswith("user:") else [])),
        "all_changes": f"{reverse('catalog:changes')}?{urlencode(whose)}",
    }


def yaml_facts(entity: Owned | Team | Person) -> dict[str, object]:
    """It as a catalog-info.yaml."""
    return {"yaml": manifest.render([entity_of(spec_of(entity))])}


def tab_links(
    here: str, titles: Mapping[str, str], active: str, counts: Mapping[str, object] | None = None
) -> list[dict[str, object]]:
    """The page's own tabs as links; the first is the page without `?tab=`."""
    first = next(iter(titles))
    known = counts or {}
    return [
        {
            "title": title,
            "url": here if key == first else f"{here}?tab={key}",
            "count": known.get(key),
            "active": key == active,
        }
        for key, title in titles.items()
    ]


def shown_tabs(request: HttpRequest, titles: Mapping[str, str]) -> Mapping[str, str]:
    """Those the reader may open: what was written when and by whom, and the whole of what is known, is not for all."""
    return titles if known(request) else {key: title for key, title in titles.items() if key not in NOT_FOR_ALL}


def chosen_tab(request: HttpRequest, titles: Mapping[str, str]) -> str:
    """The tab the address asks for; the first for none, or for one that is not there."""
    asked, titles = request.GET.get("tab", ""), shown_tabs(request, titles)
    return asked if asked in titles else next(iter(titles))
