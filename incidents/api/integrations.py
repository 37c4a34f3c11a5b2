"""Integrations, their keys and the preview; deliveries and taking them again."""

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.base import query, refusals
from incidents.api import integration_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.filters_intake import delivery_filter
from incidents.intake import ways
from incidents.intake.previewing import preview
from incidents.intake.replaying import replay
from incidents.models import Delivery
from incidents.operations import integrations as operations
from incidents.queries import intake as queries
from incidents.queries.intake import OUTCOMES
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid

WRITES = refusals(400, 403, 404, 409)


class ByName(KeysetPagination):
    """By name; those of one name by number."""

    ordering = ("name", "pk")


class NewestFirst(KeysetPagination):
    """As they came, the newest first."""

    ordering = ("-received_at", "-pk")


class InOrder(KeysetPagination):
    """As they stood in the request."""

    ordering = "pk"


class Integrations(APIView):
    """All of them, and making one."""

    pagination_class = ByName

    @extend_schema(
        operation_id="integrations_list",
        parameters=[
            OpenApiParameter("kind", enum=tuple(ways.kinds())),
            query("team", "Reference, such as group:default/ci"),
            query("retired", "true: those that were retired instead", bool),
        ],
        responses={200: io.IntegrationOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List integrations by name."""
        asked, pages, now = request.query_params, ByName(), db_now()
        kind = asked.get("kind", "")
        if kind and kind not in ways.kinds():
            message = f"Use one of {', '.join(ways.kinds())}."
            raise Invalid(errors=(FieldError("kind", "invalid", message),))
        retired = asked.get("retired", "").lower() in {"1", "true", "yes"}
        rows = queries.integrations(team=asked.get("team", "").lower(), kind=kind, retired=retired)
        page = pages.paginate_queryset(rows.prefetch_related("keys"), request, view=self) or []
        return pages.get_paginated_response([io.integration_json(row, now=now) for row in page])

    @extend_schema(
        operation_id="integrations_create",
        request=io.NewIntegrationIn,
        responses={201: io.MadeOut, **refusals(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Make an integration. Its key is in this answer and nowhere else."""
        given, now = io.read(io.NewIntegrationIn, request), db_now()
        made = operations.create_integration(
            name=given["name"], kind=given["kind"], team=given.get("team"), settings=given.get("settings") or {},
            by=actor_of_api(request), now=now,
        )  # fmt: skip
        return Response(io.made_json(made, now=now), status=status.HTTP_201_CREATED)


class OneIntegration(APIView):
    """One of them."""

    @extend_schema(operation_id="integrations_get", responses={200: io.IntegrationOut, **refusals(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Show an integration with its keys, of which only the beginning is known."""
        return Response(io.integration_json(queries.integration_by_id(pk), now=db_now()))

    @extend_schema(
        operation_id="integrations_change", request=io.IntegrationIn, responses={200: io.IntegrationOut, **WRITES}
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Give an integration another name, or other settings: these as a whole."""
        given, now = io.read(io.IntegrationIn, request, partial=True), db_now()
        row = queries.integration_by_id(pk)
        changes = {name: given[name] for name in ("name", "settings") if given.get(name) is not None}
        operations.change_integration(integration=row, by=actor_of_api(request), now=now, **changes)
        return Response(io.integration_json(queries.integration_by_id(pk), now=now))

    @extend_schema(operation_id="integrations_retire", responses={200: io.IntegrationOut, **refusals(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Retire an integration: its keys end at once, what it has open is cleared, its deliveries stay."""
        now = db_now()
        operations.retire_integration(integration=queries.integration_by_id(pk), by=actor_of_api(request), now=now)
        return Response(io.integration_json(queries.integration_by_id(pk), now=now))


class Keys(APIView):
    """Its keys."""

    @extend_schema(operation_id="integration_keys_create", request=io.RotateIn, responses={201: io.MadeOut, **WRITES})
    def post(self, request: Request, pk: int) -> Response:
        """Make a further key. Those before it work until `old_until`, or without it until each is revoked."""
        given, now = io.read(io.RotateIn, request), db_now()
        made = operations.rotate_key(
            integration=queries.integration_by_id(pk), by=actor_of_api(request), now=now,
            old_until=given.get("old_until"),
        )  # fmt: skip
        return Response(io.made_json(made, now=now), status=status.HTTP_201_CREATED)


class OneKey(APIView):
    """One of its keys."""

    @extend_schema(operation_id="integration_keys_revoke", responses={204: None, **refusals(403, 404, 409)})
    def delete(self, request: Request, pk: int, key: int) -> Response:
        """Revoke a key; it ends at once."""
        row = queries.integration_by_id(pk)
        operations.revoke_key(integration=row, key_id=key, by=actor_of_api(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PreviewSample(APIView):
    """What would be read."""

    @extend_schema(
        operation_id="integrations_preview", request=io.SampleIn, responses={200: io.SampleOut, **refusals(400)}
    )
    def post(self, request: Request) -> Response:
        """Read a sample by settings. Nothing is kept and nobody is paged."""
        given = io.read(io.SampleIn, request)
        found = preview(kind=given["kind"], settings=given.get("settings") or {}, sample=given["sample"])
        return Response(io.SampleOut(found).data)


class Deliveries(APIView):
    """What came in."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="deliveries_list",
        parameters=[
            query("integration", "Number of the integration", int),
            OpenApiParameter("state", enum=Delivery.State.values),
            OpenApiParameter("outcome", enum=list(OUTCOMES)),
            query("since", "From this moment or day on"),
            query("until", "Before this moment or day"),
        ],
        responses={200: io.DeliveryOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List deliveries, newest first, without their bodies."""
        pages = NewestFirst()
        rows = queries.deliveries(delivery_filter(request.query_params)).defer("raw", "body")
        page = pages.paginate_queryset(rows, request, view=self) or []
        told = queries.parts_told([row.pk for row in page])
        return pages.get_paginated_response([io.delivery_json(row, told.get(row.pk)) for row in page])


class OneDelivery(APIView):
    """One request."""

    @extend_schema(operation_id="deliveries_get", responses={200: io.DeliveryWholeOut, **refusals(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Show a delivery as it came, and what became of it."""
        row = queries.delivery_by_id(pk)
        return Response(io.delivery_json(row, queries.parts_told([pk]).get(pk), whole=True))


class DeliveryParts(APIView):
    """The alerts of a request with many."""

    pagination_class = InOrder

    @extend_schema(operation_id="delivery_parts", responses={200: io.DeliveryOut(many=True), **refusals(400, 404)})
    def get(self, request: Request, pk: int) -> Response:
        """List the alerts of a delivery in their order, each with what became of it."""
        pages, row = InOrder(), queries.delivery_by_id(pk)
        rows = queries.parts_of(row).select_related("integration", "token")
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([io.delivery_json(part, None) for part in page])


class Replay(APIView):
    """Once more."""

    @extend_schema(operation_id="deliveries_replay", request=None, responses={202: io.DeliveryOut, **WRITES})
    def post(self, request: Request, pk: int) -> Response:
        """Take a delivery again, read by the settings as they are now: a new one, marked with this one."""
        again = replay(delivery=queries.delivery_by_id(pk), by=actor_of_api(request), now=db_now())
        return Response(io.delivery_json(queries.delivery_by_id(again.pk), None), status=status.HTTP_202_ACCEPTED)


urlpatterns = [
    path("integrations", Integrations.as_view(), name="integrations"),
    path("integrations/preview", PreviewSample.as_view(), name="integration-preview"),
    path("integrations/<int:pk>", OneIntegration.as_view(), name="integration"),
    path("integrations/<int:pk>/keys", Keys.as_view(), name="integration-keys"),
    path("integrations/<int:pk>/keys/<int:key>", OneKey.as_view(), name="integration-key"),
    path("deliveries", Deliveries.as_view(), name="deliveries"),
    path("deliveries/<int:pk>", OneDelivery.as_view(), name="delivery"),
    path("deliveries/<int:pk>/parts", DeliveryParts.as_view(), name="delivery-parts"),
    path("deliveries/<int:pk>/replay", Replay.as_view(), name="delivery-replay"),
]
