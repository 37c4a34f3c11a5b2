"""Shifts that change hands over HTTP: taken over from one person only, and swaps asked for and answered."""

from collections.abc import Callable
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import require_scope
from catalog.api import named
from incidents.api import oncall_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.api.oncall import SCOPE, writable
from incidents.models import Swap
from incidents.operations import swaps as operations
from incidents.operations.swaps import NoSuchSwap, Period
from incidents.queries import oncall as queries
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer


class ReplaceIn(StrictSerializer):
    """`person` (null: deliberately nobody) has what `out` has in the period, and nothing else."""

    out = named.person()
    person = named.person(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)


class SwapIn(StrictSerializer):
    """`asked` takes the asker's shifts of a period; `back_…` is a period of theirs offered in return."""

    asked = named.person()
    asker = named.person(required=False, help_text="Whoever is signed in, when left out; a token must name it")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    back_starts_at = serializers.DateTimeField(required=False, allow_null=True)
    back_ends_at = serializers.DateTimeField(required=False, allow_null=True)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)


class SwapOut(serializers.ModelSerializer[Swap]):
    """A swap; `gives` and `takes` are the shifts of the asker and the asked, as [start, end]."""

    asker = serializers.CharField(source="asker.ref")
    asked = serializers.CharField(source="asked.ref")

    class Meta:
        model = Swap
        fields = (
            "id", "asker", "asked", "gives", "takes", "first_at", "last_at", "reason", "state", "created_at",
            "decided_at",
        )  # fmt: skip
        read_only_fields = fields


class Newest(KeysetPagination):
    """The newest first."""

    ordering = ("-created_at", "-pk")


class Replacements(APIView):
    """Somebody for somebody."""

    @extend_schema(request=ReplaceIn, responses={201: io.OverrideOut(many=True)})
    def post(self, request: Request, slug: str) -> Response:
        """Replace a person: an override for each stretch in which `out` is on call."""
        schedule, actor = writable(request, slug)
        given = io.read(ReplaceIn, request)
        period = Period(given.pop("starts_at"), given.pop("ends_at"))
        made = operations.replace_person(schedule=schedule, period=period, by=actor, now=db_now(), **given)
        return Response(io.OverrideOut(made, many=True).data, status=status.HTTP_201_CREATED)


class Swaps(APIView):
    """Swaps of one schedule."""

    pagination_class = Newest

    @extend_schema(responses=SwapOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List swaps, the newest first, whatever became of them."""
        found = Swap.objects.filter(schedule=queries.schedule_by_slug(slug)).select_related("asker", "asked")
        pager = Newest()
        rows = pager.paginate_queryset(found, request, view=self) or []
        return pager.get_paginated_response(SwapOut(rows, many=True).data)

    @extend_schema(request=SwapIn, responses={201: SwapOut})
    def post(self, request: Request, slug: str) -> Response:
        """Ask somebody to take shifts."""
        given = io.read(SwapIn, request)
        actor = actor_of_api(request)
        require_scope(actor, SCOPE)
        asker = given.get("asker") or actor.person
        if asker is None:
            raise Invalid(errors=(FieldError("asker", "required", "A token must name the person it asks for."),))
        if actor.person is None or asker.pk != actor.person.pk:
            schedule, actor = writable(request, slug)
        else:
            schedule = queries.schedule_by_slug(slug, since=db_now())
        made = operations.ask_swap(
            schedule=schedule, asker=asker, asked=given["asked"], gives=Period(given["starts_at"], given["ends_at"]),
            takes=_back(given), reason=given.get("reason", ""), by=actor, now=db_now(),
        )  # fmt: skip
        return Response(SwapOut(made).data, status=status.HTTP_201_CREATED)


class _Answer(APIView):
    decide: Callable[..., Swap]

    @extend_schema(request=None, responses={200: SwapOut})
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Answer or withdraw a swap; that can be done once."""
        actor = actor_of_api(request)
        require_scope(actor, SCOPE)
        swap = Swap.objects.filter(schedule__slug=slug, schedule__retired_at=None, pk=pk).first()
        if swap is None:
            raise NoSuchSwap
        return Response(SwapOut(type(self).decide(swap=swap, by=actor, now=db_now())).data)


class Accept(_Answer):
    """All shifts change hands, or none."""

    decide = staticmethod(operations.accept_swap)


class Decline(_Answer):
    """Everything stays as it is."""

    decide = staticmethod(operations.decline_swap)


class Withdraw(_Answer):
    """It is not asked any more."""

    decide = staticmethod(operations.withdraw_swap)


def _back(given: dict[str, Any]) -> Period | None:
    start, end = given.get("back_starts_at"), given.get("back_ends_at")
    if (start is None) != (end is None):
        name = "back_ends_at" if end is None else "back_starts_at"
        raise Invalid(errors=(FieldError(name, "required", "A period offered in return has a start and an end."),))
    return None if start is None or end is None else Period(start, end)


urlpatterns = [
    path("schedules/<slug:slug>/replacements", Replacements.as_view(), name="schedule-replacements"),
    path("schedules/<slug:slug>/swaps", Swaps.as_view(), name="schedule-swaps"),
    path("schedules/<slug:slug>/swaps/<int:pk>/accept", Accept.as_view(), name="accept-swap"),
    path("schedules/<slug:slug>/swaps/<int:pk>/decline", Decline.as_view(), name="decline-swap"),
    path("schedules/<slug:slug>/swaps/<int:pk>/withdraw", Withdraw.as_view(), name="withdraw-swap"),
]
