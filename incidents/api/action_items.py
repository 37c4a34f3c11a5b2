"""Action items over HTTP: all with filters, writing one down, changing and ending it."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents import access_reviews as access
from incidents import operations
from incidents.api import review_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.api.working_shapes import read
from incidents.intake.own import full_ref
from incidents.models import ActionItem
from incidents.operations.action_items import ItemSpec, spec_of
from incidents.outcomes import outcomes_of
from incidents.queries import reviews as found
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid, Missing

TRUE = {"true", "1"}


class ByDueDay(KeysetPagination):
    """List action items, the first due first."""

    ordering = ("due_on", "pk")


class ActionItems(generics.ListAPIView[ActionItem]):
    """All action items, and writing one down."""

    serializer_class = io.ActionItemOut
    pagination_class = ByDueDay

    def get_queryset(self) -> QuerySet[ActionItem]:
        """Filtered by the query; raises Invalid for a filter that can't be."""
        if getattr(self, "swagger_fake_view", False):
            return ActionItem.objects.none()
        asked = self.request.query_params
        if asked.get("state", "") not in {"", *ActionItem.State.values}:
            raise _wrong("state", f"Use one of {', '.join(ActionItem.State.values)}.")
        review = asked.get("review", "")
        if review and not (review.isdecimal() and len(review) < 18):
            raise _wrong("review", "Use the number of an incident.")
        overdue = asked.get("overdue", "")
        items = found.action_items(
            state=asked.get("state", ""),
            overdue=overdue in TRUE if overdue else None,
            team=asked.get("team", ""),
            owner=actor_of_api(self.request).ref if asked.get("mine") in TRUE else asked.get("owner", ""),
            component=full_ref(asked.get("component", "")),
            objective=asked.get("objective", ""),
            review=int(review) if review else None,
            text=asked.get("q", ""),
            now=db_now(),
        )
        return items.prefetch_related("objectives")

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=ActionItem.State.values),
            OpenApiParameter("overdue", OpenApiTypes.BOOL, description="Open, and its day has ended"),
            OpenApiParameter("mine", OpenApiTypes.BOOL, description="Yours to do"),
            OpenApiParameter("owner", description="Reference of who does it, such as user:default/ada"),
            OpenApiParameter("team", description="About its components, or from its incidents and about none"),
            OpenApiParameter("component", description="Reference, or short"),
            OpenApiParameter("objective", description="The name of one that it is to help"),
            OpenApiParameter("review", OpenApiTypes.INT, description="The number of the incident"),
            OpenApiParameter("q", description="Text in the title"),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """List action items, the first due first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=io.ActionItemIn, responses={201: io.ActionItemOut})
    def post(self, request: Request) -> Response:
        """Write an action item down; its owner is told."""
        actor, given = actor_of_api(request), read(io.ActionItemIn, request)
        try:
            review = found.review_by_number(given.pop("review"))
        except Missing as error:  # what the body names, not the address
            raise _wrong("review", str(error)) from error
        access.require_review(actor, review.incident)
        spec = ItemSpec(**{**given, "objectives": tuple(given.get("objectives", ()))})
        made = operations.add_action_item(review=review, spec=spec, by=actor, now=db_now())
        return _answer(made.pk, status.HTTP_201_CREATED)


class OneActionItem(APIView):
    """One action item."""

    @extend_schema(responses=io.ActionItemOut)
    def get(self, request: Request, pk: int) -> Response:
        """Show an action item, with what came of it once it is done."""
        return _answer(pk)

    @extend_schema(request=io.ActionItemChangeIn, responses=io.ActionItemOut)
    def patch(self, request: Request, pk: int) -> Response:
        """Change it, or with `state` (done, dropped, open) and `outcome` end it or open it again."""
        item, actor = found.item_by_pk(pk), actor_of_api(request)
        access.require_item(actor, item)
        given, now = read(io.ActionItemChangeIn, request), db_now()
        if "state" not in given:
            if "objectives" in given:
                given["objectives"] = tuple(given["objectives"])
            operations.change_action_item(item=item, spec=replace(spec_of(item), **given), by=actor, now=now)
        elif given["state"] == ActionItem.State.OPEN:
            operations.reopen_action_item(item=item, by=actor, now=now)
        else:
            operations.close_action_item(item=item, by=actor, now=now, **given)
        return _answer(pk)


def _answer(pk: int, code: int = status.HTTP_200_OK) -> Response:
    item = found.item_by_pk(pk)
    context = {"outcomes": outcomes_of([item], now=db_now())}
    return Response(io.ActionItemOut(item, context=context).data, status=code)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))


urlpatterns = [
    path("action-items", ActionItems.as_view(), name="action-items"),
    path("action-items/<int:pk>", OneActionItem.as_view(), name="action-item"),
]
