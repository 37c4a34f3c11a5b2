"""Systems and domains over HTTP."""

from functools import partial

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.api.base import IF_MATCH, READ_REFUSALS, WRITE_REFUSALS, refusals
from catalog.api.entities import HARD, SEARCH, ByRef, EntityView, paged
from catalog.api.shapes.incoming import DomainIn, SystemIn
from catalog.api.shapes.outgoing import DomainOut, SystemOut
from catalog.models import Domain, System
from catalog.operations import patch_domain, patch_system, put_domain, put_system, retire_group
from catalog.specs import DomainSpec, SystemSpec


class SystemView(EntityView):
    """One system, by its name."""

    open_to_readers = True

    incoming, spec, kind = SystemIn, SystemSpec, "system"

    @extend_schema(operation_id="systems_get", responses={200: SystemOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show the system, retired or not."""
        return self.read(request, queries.system_by_ref(f"system:{namespace}/{name}"))

    @extend_schema(
        operation_id="systems_put",
        request=SystemIn,
        parameters=[IF_MATCH],
        responses={200: SystemOut, 201: SystemOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the system what the body says, creating it when it is not there. Saying it again changes nothing."""
        return self.upsert(request, put_system, namespace=namespace, name=name)

    @extend_schema(
        operation_id="systems_patch",
        request=SystemIn,
        parameters=[IF_MATCH],
        responses={200: SystemOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        return self.merge(request, patch_system, f"system:{namespace}/{name}", namespace=namespace, name=name)

    @extend_schema(
        operation_id="systems_retire",
        parameters=[IF_MATCH, HARD],
        responses={200: SystemOut, 204: None, **WRITE_REFUSALS, **refusals(409)},
    )
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Retire the system; what names it keeps naming it. PUT revives it."""
        return self.remove(request, partial(retire_group, model=System), f"system:{namespace}/{name}")


class SystemList(APIView):
    """Many systems."""

    open_to_readers = True
    pagination_class = ByRef

    @extend_schema(
        operation_id="systems_list", parameters=[SEARCH], responses={200: SystemOut(many=True), **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """List systems by reference; `next` leads on."""
        return paged(self, request, queries.holding(System.objects.filter(retired_at=None), _q(request)))


class DomainView(EntityView):
    """One domain, by its name."""

    open_to_readers = True

    incoming, spec, kind = DomainIn, DomainSpec, "domain"

    @extend_schema(operation_id="domains_get", responses={200: DomainOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show the domain, retired or not."""
        return self.read(request, queries.domain_by_ref(f"domain:{namespace}/{name}"))

    @extend_schema(
        operation_id="domains_put",
        request=DomainIn,
        parameters=[IF_MATCH],
        responses={200: DomainOut, 201: DomainOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the domain what the body says, creating it when it is not there. Saying it again changes nothing."""
        return self.upsert(request, put_domain, namespace=namespace, name=name)

    @extend_schema(
        operation_id="domains_patch",
        request=DomainIn,
        parameters=[IF_MATCH],
        responses={200: DomainOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        return self.merge(request, patch_domain, f"domain:{namespace}/{name}", namespace=namespace, name=name)

    @extend_schema(
        operation_id="domains_retire",
        parameters=[IF_MATCH, HARD],
        responses={200: DomainOut, 204: None, **WRITE_REFUSALS, **refusals(409)},
    )
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Retire the domain; what names it keeps naming it. PUT revives it."""
        return self.remove(request, partial(retire_group, model=Domain), f"domain:{namespace}/{name}")


class DomainList(APIView):
    """Many domains."""

    open_to_readers = True
    pagination_class = ByRef

    @extend_schema(
        operation_id="domains_list", parameters=[SEARCH], responses={200: DomainOut(many=True), **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """List domains by reference; `next` leads on."""
        return paged(self, request, queries.holding(Domain.objects.filter(retired_at=None), _q(request)))


def _q(request: Request) -> str:
    return request.query_params.get("q", "")
