"""Components over HTTP."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import IF_MATCH, READ_REFUSALS, WRITE_REFUSALS, answer, query, refusals
from catalog.api.shapes import BlastRadiusOut, ComponentIn, ComponentOut, component_json
from catalog.filters import component_filter
from catalog.graph import BlastRadius, blast_radius
from catalog.models import Component, Team
from catalog.operations import patch_component, put_component, retire_component
from catalog.specs import ComponentSpec
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.strict import expected_version, said, same_name

FILTERS = [
    query("q", "Words, each somewhere in name, title, type, description, tags, labels or annotations"),
    query("owner", "A team's reference or short name; `none` for without owner", many=True),
    query("type", "Type", many=True),
    query("tier", "1 to 4", int, many=True),
    query("lifecycle", "Lifecycle", many=True),
    query("tag", "A tag; several must all be there", many=True),
    query("system", "A system's reference or short name", many=True),
    query("kind", "component, resource or api", many=True),
    query("health", "bad, at-risk, unknown, good or none", many=True),
    query("retired", "true: those that were retired, instead of those that are there", bool),
]


class ByRef(KeysetPagination):
    """In the order of references, which are unique."""

    ordering = "ref"


class ComponentView(APIView):
    """One component, by its name."""

    @extend_schema(operation_id="components_get", responses={200: ComponentOut, **READ_REFUSALS})
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """The component, retired or not."""
        component = queries.component_by_ref(_ref(kind, namespace, name))
        return answer(request, component_json(component), version=component.version)

    @extend_schema(
        operation_id="components_put",
        request=ComponentIn,
        parameters=[IF_MATCH],
        responses={200: ComponentOut, 201: ComponentOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Make the component what the body says, creating it when it is not there. Saying it again changes nothing."""
        given = said(ComponentIn(data=request.data), request, about=ComponentSpec)
        same_name(request, kind=kind, namespace=namespace, name=name)
        written = put_component(
            spec=ComponentSpec(kind=kind.lower(), namespace=namespace, name=name, **_frozen(given)),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = component_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    @extend_schema(
        operation_id="components_patch",
        request=ComponentIn,
        parameters=[IF_MATCH],
        responses={200: ComponentOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        given = said(ComponentIn(data=request.data, partial=True), request, about=ComponentSpec)
        same_name(request, kind=kind, namespace=namespace, name=name)
        written = patch_component(
            ref=_ref(kind, namespace, name),
            changes=_frozen(given),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = component_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    @extend_schema(
        operation_id="components_retire",
        parameters=[IF_MATCH],
        responses={200: ComponentOut, **WRITE_REFUSALS},
    )
    def delete(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Retire the component: it leaves lists and blast radii, its history stays. PUT revives it."""
        written = retire_component(
            ref=_ref(kind, namespace, name),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = component_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)


class ComponentList(APIView):
    """Many components."""

    pagination_class = ByRef

    @extend_schema(
        operation_id="components_list",
        parameters=FILTERS,
        responses={200: ComponentOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Components by reference, filtered; `next` leads on."""
        rows = queries.components(component_filter(request.query_params)).prefetch_related("dependencies", "responders")
        return paged(self, request, rows, component_json)


class BlastRadiusView(APIView):
    """What breaks when a component breaks."""

    @extend_schema(operation_id="components_blast_radius", responses={200: BlastRadiusOut, **READ_REFUSALS})
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Everything that depends on the component, directly or not, nearest first, and whose it is."""
        component = queries.component_by_ref(_ref(kind, namespace, name))
        return Response(_radius_json(component, blast_radius(component.pk)))


def paged(view: APIView, request: Request, rows: QuerySet[Any], shape: Any) -> Response:  # noqa: ANN401
    """One page of `rows`, each as `shape(row)`."""
    pages = ByRef()
    page = pages.paginate_queryset(rows, request, view=view) or []
    return pages.get_paginated_response([shape(row) for row in page])


def _ref(kind: str, namespace: str, name: str) -> str:
    return f"{kind}:{namespace}/{name}".lower()


def _frozen(given: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples, for specs are values."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


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
