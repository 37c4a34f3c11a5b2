"""The catalog as catalog-info.yaml, document by document: applied again it changes nothing, and Backstage reads it."""

from collections.abc import Collection, Iterator

from django.db.models import QuerySet

from catalog import manifest, queries, registries
from catalog.described import spec_of, with_relations
from catalog.manifest.writing import written
from catalog.models import Component, Domain, Person, System, Team
from catalog.queries import ComponentFilter
from catalog.refs import no_such
from catalog.translating import entity_of
from portal.lib.errors import Missing

CHUNK = 500
KINDS = ("domain", "system", "group", "user", "component", "resource", "api")
"""What can be exported by kind, in the order in which it is."""


class NothingOfThatName(Missing):
    """There is nothing of that name."""


def manifest_text(ref: str) -> str:
    """One entity's catalog-info.yaml. Raises NothingOfThatName."""
    match ref.partition(":")[0].lower():
        case "component" | "resource" | "api":
            rows: QuerySet[Component] | QuerySet[System] | QuerySet[Domain] | QuerySet[Team] | QuerySet[Person] = (
                Component.objects.all()
            )
        case "system":
            rows = System.objects.all()
        case "domain":
            rows = Domain.objects.all()
        case "group":
            rows = Team.objects.all()
        case _:
            rows = Person.objects.all()
    found = rows.filter(ref=ref.lower()).first()
    if found is None:
        raise NothingOfThatName(no_such(ref))
    return manifest.render([entity_of(spec_of(found))])


def documents(*, wanted: ComponentFilter | None = None, kinds: Collection[str] = ()) -> Iterator[str]:
    """All that is there and not retired, one YAML document each, without `---`, read in chunks.

    `wanted` leaves only components that fit it; `kinds` (of KINDS) only those; neither leaves everything, the kinds of
    other apps included.
    """
    for kind in KINDS[:4]:
        if wanted is None and (not kinds or kind in kinds):
            for row in _rows(kind).iterator(chunk_size=CHUNK):
                yield manifest.render([entity_of(spec_of(row))])
    some = [kind for kind in KINDS[4:] if not kinds or kind in kinds]
    if some:
        found = queries.components(wanted or ComponentFilter()).filter(kind__in=some).order_by("ref")
        for component in with_relations(found).iterator(chunk_size=CHUNK):
            yield manifest.render([entity_of(spec_of(component))])
    if wanted is None and not kinds:
        for other in sorted(registries.apply_kinds.values(), key=lambda one: one.order):
            yield from (written(document) for document in other.exported())


def stream(*, wanted: ComponentFilter | None = None, kinds: Collection[str] = ()) -> Iterator[str]:
    """`documents` as one text in parts, with `---` between."""
    for place, document in enumerate(documents(wanted=wanted, kinds=kinds)):
        yield f"---\n{document}" if place else document


def _rows(kind: str) -> QuerySet[System] | QuerySet[Domain] | QuerySet[Team] | QuerySet[Person]:
    match kind:
        case "domain":
            return Domain.objects.filter(retired_at=None).order_by("ref")
        case "system":
            return System.objects.filter(retired_at=None).order_by("ref")
        case "group":
            return Team.objects.filter(retired_at=None).order_by("ref").prefetch_related("memberships")
        case _:
            return Person.objects.filter(retired_at=None).order_by("ref").prefetch_related("memberships")
