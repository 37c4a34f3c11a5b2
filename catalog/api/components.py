"""Components over HTTP."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.api.base import IF_MATCH, READ_REFUSALS, WRITE_REFUSALS, query, refusals
from catalog.api.entities import HARD, ByRef, EntityView, paged
from catalog.api.shapes.incoming import ComponentIn
from catalog.api.shapes.outgoing import BlastRadiusOut, ComponentOut
from catalog.described import with_relations
from catalog.filters import starred_filter
from catalog.graph import BlastRadius, blast_radius
from catalog.models import Component, Team
from catalog.operations import patch_component, put_component, retire_component
from catalog.specs import ComponentSpec

FILTERS = [
    query(
        "q",
        "Words, each at the beginning of a word of name, title, type, tags, description, labels, annotations or docs",
    ),
    query("owner", "A team's reference or short name; `none` for without owner", many=True),
    query("type", "Type", many=True),
    query("tier", "1 to 4", int, many=True),
    query("lifecycle", "Lifecycle", many=True),
    query("tag", "A tag; several must all be there", many=True),
    query("system", "A system's reference or short name", many=True),
    query("kind", "component, resource or api", many=True),
    query("health", "bad, exhausted, at-risk, unknown, good or none", many=True),
    query("starred", "true: only what you starred", bool),
    query("retired", "true: those that were retired, instead of those that are there", bool),
]


class ComponentView(EntityView):
    """One component, by its name."""

    open_to_readers = True

    incoming, spec = ComponentIn, ComponentSpec

    @extend_schema(operation_id="components_get", responses={200: ComponentOut, **READ_REFUSALS})
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Show the component, retired or not."""
        return self.read(request, queries.component_by_ref(_ref(kind, namespace, name)))

    @extend_schema(
        operation_id="components_put",
        request=ComponentIn,
        parameters=[IF_MATCH],
        responses={200: ComponentOut, 201: ComponentOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Make the component what the body says, creating it when it is not there. Saying it again changes nothing."""
        return self.upsert(request, put_component, kind=kind.lower(), namespace=namespace, name=name)

    @extend_schema(
        operation_id="components_patch",
        request=ComponentIn,
        parameters=[IF_MATCH],
        responses={200: ComponentOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        ref = _ref(kind, namespace, name)
        return self.merge(request, patch_component, ref, kind=kind, namespace=namespace, name=name)

    @extend_schema(
        operation_id="components_retire",
        parameters=[IF_MATCH, HARD],
        responses={200: ComponentOut, 204: None, **WRITE_REFUSALS, **refusals(409)},
    )
    def delete(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Retire the component: it leaves lists and blast radii, its history stays. PUT revives it."""
        return self.remove(request, retire_component, _ref(kind, namespace, name))


class ComponentList(APIView):
    """Many components."""

    open_to_readers = True
    pagination_class = ByRef

    @extend_schema(
        operation_id="components_list",
        parameters=FILTERS,
        responses={200: ComponentOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List components by reference, filtered; `next` leads on."""
        return paged(self, request, with_relations(queries.components(starred_filter(request))))


class BlastRadiusView(APIView):
    """What breaks when a component breaks."""

    open_to_readers = True

    @extend_schema(operation_id="components_blast_radius", responses={200: BlastRadiusOut, **READ_REFUSALS})
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """List everything that depends on the component, directly or not, nearest first, and whose it is."""
        component = queries.component_by_ref(_ref(kind, namespace, name))
        return Response(_radius_json(component, blast_radius(component.pk)))


def _ref(kind: str, namespace: str, name: str) -> str:
    return f"{kind}:{namespace}/{name}".lower()


def _radius_json(component: Component, radius: BlastRadius) -> dict[str, Any]:
    paths = radius.paths()
    refs = _refs([component.pk, *(hurt.component_id for hurt in radius.components)])
    return {
        "ref": component.ref,
        "components": [
            {
                "ref": refs[hurt.component_id][0],
                "depth": hurt.depth,
                "path": [refs[step][0] for step in paths[hurt.component_id]],
                "owner": refs[hurt.component_id][1],
                "tier": refs[hurt.component_id][2],
            }
            for hurt in radius.components
        ],
        "teams": list(Team.objects.filter(pk__in=radius.team_ids).order_by("ref").values_list("ref", flat=True)),
        "people_count": radius.people_count,
    }


def _refs(ids: Iterable[int]) -> dict[int, tuple[str, str, int | None]]:
    rows = Component.objects.filter(pk__in=ids).values_list("pk", "ref", "owner_ref", "tier")
    return {pk: (ref, owner, tier) for pk, ref, owner, tier in rows}
