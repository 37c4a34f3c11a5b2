"""Campaigns over HTTP, and how a component's scorecard went."""

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import READ_REFUSALS, WRITE_REFUSALS, query, refusals
from catalog.filters import LEVEL_NAMES
from catalog.levels import LEVELS
from catalog.models import Campaign
from catalog.operations.campaigns import CampaignSpec, begin_campaign, change_campaign, end_campaign
from catalog.queries.campaigns import (
    CAMPAIGN_STATES,
    Reached,
    campaign_by_id,
    campaigns,
    days_of,
    lagging,
    reached_by,
    steps_of,
)
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer

ECHOES = frozenset({"id", "created_at", "ended_at", "reached", "total", "days", "behind"})


class CampaignIn(StrictSerializer):
    """What is asked for. In PATCH what is left out stays."""

    echoes = ECHOES

    name = serializers.CharField(max_length=200)
    level = serializers.ChoiceField(choices=LEVELS)
    due_on = serializers.DateField(help_text="The last day, in UTC")
    why = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    tiers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=4), required=False, help_text="Empty: of every tier"
    )
    types = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, max_length=50, help_text="Empty: of every type"
    )
    teams = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        max_length=50,
        help_text="The owners, by reference or short name; empty: of all",
    )
    owner = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Whose it is; empty: whoever begins it"
    )


class CampaignDayOut(serializers.Serializer[Any]):
    """How far it was on one day."""

    day = serializers.DateField()
    reached = serializers.IntegerField()
    total = serializers.IntegerField()


class LaggingOut(serializers.Serializer[Any]):
    """A team that is behind."""

    team = serializers.CharField()
    behind = serializers.IntegerField(help_text="Components below the level")
    total = serializers.IntegerField(help_text="Components asked for")
    leads = serializers.ListField(child=serializers.CharField(), help_text="Who is reminded")


class CampaignOut(serializers.Serializer[Any]):
    """A campaign and how far it is."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    why = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    tiers = serializers.ListField(child=serializers.IntegerField())
    types = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())
    due_on = serializers.DateField()
    owner = serializers.CharField(help_text="Empty: they are gone")
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    reached = serializers.IntegerField()
    total = serializers.IntegerField()
    days = CampaignDayOut(many=True, required=False, help_text="Of one campaign only")
    behind = LaggingOut(many=True, required=False, help_text="Of one campaign only")


class ScoreStepOut(serializers.Serializer[Any]):
    """What the scorecard added up to from a day on, until the next step."""

    day = serializers.DateField()
    level = serializers.ChoiceField(choices=LEVEL_NAMES)
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()


class ScoreHistoryOut(serializers.Serializer[Any]):
    """How one component's scorecard went."""

    ref = serializers.CharField()
    steps = ScoreStepOut(many=True)


class SoonestFirst(KeysetPagination):
    """By day."""

    ordering = ("due_on", "pk")


class CampaignList(APIView):
    """All campaigns, and beginning one."""

    open_to_readers = True
    pagination_class = SoonestFirst

    @extend_schema(
        operation_id="campaigns_list",
        parameters=[query("state", f"One of {', '.join(CAMPAIGN_STATES)}; default running")],
        responses={200: CampaignOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List campaigns by their day; `next` leads on."""
        state = request.query_params.get("state") or "running"
        if state not in CAMPAIGN_STATES:
            message = f"Use one of {', '.join(CAMPAIGN_STATES)}."
            raise Invalid(f"state: {message}", errors=(FieldError("state", "invalid", message),))
        pages = SoonestFirst()
        page: list[Campaign] = pages.paginate_queryset(campaigns(state, now=db_now()), request, view=self) or []
        reached = reached_by([row.pk for row in page])
        return pages.get_paginated_response([_json(row, reached.get(row.pk, Reached())) for row in page])

    @extend_schema(
        operation_id="campaigns_create", request=CampaignIn, responses={201: CampaignOut, **refusals(400, 403)}
    )
    def post(self, request: Request) -> Response:
        """Begin a campaign; for platform admins. Leads of teams that are behind are reminded as its day comes near."""
        shape = CampaignIn(data=request.data)
        shape.is_valid(raise_exception=True)
        row = begin_campaign(spec=CampaignSpec(**_said(shape.validated_data)), actor=actor_of(request), now=db_now())
        return Response(_whole(row), status=201)


class OneCampaign(APIView):
    """One campaign."""

    open_to_readers = True

    @extend_schema(operation_id="campaigns_read", responses={200: CampaignOut, **READ_REFUSALS})
    def get(self, request: Request, pk: int) -> Response:
        """Show a campaign with how far it was day by day, and which teams are behind."""
        return Response(_whole(campaign_by_id(pk)))

    @extend_schema(operation_id="campaigns_change", request=CampaignIn, responses={200: CampaignOut, **WRITE_REFUSALS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what the body names; for platform admins. Days already counted stay."""
        shape = CampaignIn(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        changes = _said(shape.validated_data)
        row = change_campaign(campaign_id=pk, changes=changes, actor=actor_of(request), now=db_now())
        return Response(_whole(row))

    @extend_schema(operation_id="campaigns_end", responses={200: CampaignOut, **WRITE_REFUSALS})
    def delete(self, request: Request, pk: int) -> Response:
        """Call a campaign off, or done; for platform admins. It stays to be read."""
        return Response(_whole(end_campaign(campaign_id=pk, actor=actor_of(request), now=db_now())))


class ScoreHistory(APIView):
    """How a component's scorecard went."""

    open_to_readers = True

    @extend_schema(operation_id="components_scorecard_history", responses={200: ScoreHistoryOut, **READ_REFUSALS})
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """List the steps of its scorecard in the last 400 days, oldest first."""
        component = queries.component_by_ref(f"{kind}:{namespace}/{name}")
        steps = [
            {
                "day": one.day,
                "level": LEVEL_NAMES[one.level],
                "passed": one.passed,
                "failed": one.failed,
                "unknown": one.unknown,
            }
            for one in steps_of(component, now=db_now())
        ]
        return Response({"ref": component.ref, "steps": steps})


def _said(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _whole(row: Campaign) -> dict[str, Any]:
    return {
        **_json(row, reached_by([row.pk]).get(row.pk, Reached())),
        "days": [{"day": one.day, "reached": one.reached, "total": one.total} for one in days_of(row)],
        "behind": [
            {
                "team": one.team.ref,
                "behind": one.behind,
                "total": one.total,
                "leads": [person.ref for person in one.leads],
            }
            for one in lagging(row)
        ],
    }


def _json(row: Campaign, reached: Reached) -> dict[str, Any]:
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in ("name", "why", "tiers", "types", "teams", "due_on")},
        "level": LEVELS[row.level - 1],
        "owner": row.owner.ref if row.owner else "",
        "created_at": row.created_at,
        "ended_at": row.ended_at,
        "reached": reached.reached,
        "total": reached.total,
    }


urlpatterns: list[URLPattern] = [
    path("campaigns", CampaignList.as_view(), name="campaigns"),
    path("campaigns/<int:pk>", OneCampaign.as_view(), name="campaign"),
    path(
        "components/<str:kind>/<str:namespace>/<str:name>/scorecard/history",
        ScoreHistory.as_view(),
        name="scorecard-history",
    ),
]
