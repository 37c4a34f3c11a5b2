"""Reads of locations: how each import is, and what became of every file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from catalog.models import Claim, Component, Domain, Location, LocationFile, Person, System, Team
from catalog.models.entity import Entity
from catalog.queries.entities import as_kept
from catalog.refs import no_such
from portal.lib.errors import Missing

MODELS = {
    "component": Component, "resource": Component, "api": Component, "system": System, "domain": Domain,
    "group": Team, "user": Person,
}  # fmt: skip
ENTITY = ~Q(ref__startswith="location:")
"""Claims of what is in the catalog; locations that locations name are only followed."""


class NoSuchLocation(Missing):
    """There is no location of that name."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """An entity that a location named once and no longer names; `label` is empty where it is there no more."""

    ref: str
    label: str
    url: str
    file: str
    since: datetime | None


def location_by_ref(ref: str) -> Location:
    """The location named `location:namespace/name` in any case, retired or not. Raises NoSuchLocation."""
    found = Location.objects.select_related("team").filter(ref=as_kept(ref)).first()
    if found is None:
        raise NoSuchLocation(no_such(ref))
    return found


def locations(*, q: str = "", retired: bool = False) -> QuerySet[Location]:
    """Locations with what a list says of each: `file_count`, `entities`, `faulty`, `lost`, `orphans`."""
    rows: QuerySet[Location] = Location.objects.select_related("team").defer("auth_sealed", "hook_sealed")
    rows = rows.filter(retired_at__isnull=not retired)
    return locations_holding(rows, q).annotate(
        file_count=_count(LocationFile, Q(location=OuterRef("pk")), "location"),
        faulty=_sum("failed"),
        lost=_count(LocationFile, Q(location=OuterRef("pk")) & ~Q(error=""), "location"),
        entities=_count(Claim, Q(source=OuterRef("ref"), orphaned_at=None) & ENTITY, "source"),
        orphans=_count(Claim, Q(source=OuterRef("ref"), orphaned_at__isnull=False) & ENTITY, "source"),
    )


def locations_holding(rows: QuerySet[Location], text: str) -> QuerySet[Location]:
    """Those whose name or title holds `text`; all for the empty text."""
    said = text.strip()
    return rows.filter(Q(name__icontains=said) | Q(title__icontains=said)) if said else rows


def files_of(location: Location) -> QuerySet[LocationFile]:
    """What is on record of its files, without their text."""
    return LocationFile.objects.filter(location=location).defer("packed")


def sums_of(location: Location) -> Mapping[str, int]:
    """What became of all its documents, and how many problems there are."""
    names = ("created", "updated", "unchanged", "failed")
    found = LocationFile.objects.filter(location=location).aggregate(**{name: Coalesce(Sum(name), 0) for name in names})
    claims = Claim.objects.filter(ENTITY, source=location.ref)
    found["entities"] = claims.filter(orphaned_at=None).count()
    found["orphaned"] = claims.exclude(orphaned_at=None).count()
    found["files"] = LocationFile.objects.filter(location=location).count()
    found["lost"] = LocationFile.objects.filter(location=location).exclude(error="").count()
    return found


def orphan_claims(location: Location) -> QuerySet[Claim]:
    """What it named once and no longer names."""
    return Claim.objects.filter(ENTITY, source=location.ref).exclude(orphaned_at=None)


def orphans(claims: Iterable[Claim]) -> list[Orphan]:
    """Those claims with the entities they are of; a retired one is not there any more."""
    rows = list(claims)
    found: dict[str, Entity] = {}
    for model in {MODELS[kind] for claim in rows if (kind := claim.ref.partition(":")[0]) in MODELS}:
        there = model._default_manager.filter(ref__in=[claim.ref for claim in rows], retired_at=None)
        found |= {row.ref: row for row in there}
    return [_orphan(claim, found.get(claim.ref)) for claim in rows]


def health(location: Location, *, files: int, faulty: int, lost: int) -> str:
    """How the import is: retired, unread, unreachable (nothing could be read), degraded or works."""
    if location.retired_at:
        return "retired"
    if location.tried_at is None:
        return "unread"
    if location.error and lost >= files:
        return "unreachable"
    return "degraded" if faulty or lost or location.error else "works"


def health_in_list(row: Location) -> str:
    """As `health`, for a row of `locations`."""
    counted: Any = row  # annotated
    return health(row, files=counted.file_count, faulty=counted.faulty, lost=counted.lost)


def _orphan(claim: Claim, row: Entity | None) -> Orphan:
    url = row.get_absolute_url() if row is not None and hasattr(row, "get_absolute_url") else ""
    return Orphan(claim.ref, row.label if row else "", url, claim.file, claim.orphaned_at)


def _count(model: type[LocationFile | Claim], matching: Q, by: str) -> Coalesce:
    rows = model._default_manager.filter(matching).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(rows, output_field=IntegerField()), 0)


def _sum(name: str) -> Coalesce:
    rows = LocationFile.objects.filter(location=OuterRef("pk")).order_by().values("location")
    return Coalesce(Subquery(rows.annotate(n=Sum(name)).values("n"), output_field=IntegerField()), 0)
