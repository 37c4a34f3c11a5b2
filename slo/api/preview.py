"""Presets, and what an objective would say before it is saved."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of, require
from portal.lib import durations
from portal.lib.clock import db_now
from portal.lib.problems import listed, refusals
from slo.api.backtests import AlertOut, alert_json
from slo.api.objectives import said
from slo.api.shapes import ObjectiveIn
from slo.drafts import ObjectiveDraft, checked
from slo.operations.objectives import SCOPE, named_by
from slo.queries.presets import offered
from slo.queries.preview import Preview, preview


class PresetOut(serializers.Serializer[Any]):
    """One ready indicator."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    tool = serializers.CharField()
    exporter = serializers.CharField()
    type = serializers.CharField()
    indicator = serializers.DictField(child=serializers.CharField())
    target = serializers.FloatField(help_text="A share: 0.995")
    window = serializers.CharField()
    policy = serializers.CharField()
    budgeting = serializers.CharField()
    no_data = serializers.CharField()
    suits = serializers.ListField(child=serializers.CharField(), help_text="Types of components; none: all")
    narrow = serializers.ListField(child=serializers.CharField(), help_text="Labels one may narrow it by")
    metrics = serializers.ListField(child=serializers.CharField(), help_text="Metrics that must be there")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Those the source does not have now")


class PresetList(APIView):
    """Ready indicators."""

    pagination_class = None

    @extend_schema(
        operation_id="presets_list",
        parameters=[
            OpenApiParameter("component", OpenApiTypes.STR, description="Its reference: what fits it comes first"),
            OpenApiParameter("source", OpenApiTypes.STR, description="A data source's name; the default one"),
        ],
        responses={200: listed(PresetOut), **refusals()},
    )
    def get(self, request: Request) -> Response:
        """List all presets, those that fit the component and whose metrics the source has now first."""
        found = offered(
            component_ref=request.query_params.get("component", ""),
            source_name=request.query_params.get("source", ""),
            now=db_now(),
        )
        rows = [
            {**asdict(one), "target": float(one.target), "budgeting": one.budgeting, "metrics": one.metrics,
             "missing": missing}
            for one, missing in found.presets
        ]  # fmt: skip
        return Response({"results": rows})


class HourOut(serializers.Serializer[Any]):
    """An hour; null where nothing is known of it."""

    start = serializers.DateTimeField()
    good = serializers.FloatField(allow_null=True)
    total = serializers.FloatField(allow_null=True)


class ObjectivePreviewOut(serializers.Serializer[Any]):
    """What the objective would say, roughly: by increase(), in steps of five minutes."""

    since = serializers.DateTimeField(allow_null=True, help_text="How far the source remembers, 7 days at most")
    until = serializers.DateTimeField()
    good = serializers.FloatField(allow_null=True)
    total = serializers.FloatField(allow_null=True)
    current = serializers.FloatField(allow_null=True)
    remaining = serializers.FloatField(allow_null=True, help_text="Share of the budget left, of what is remembered")
    hours = HourOut(many=True)
    alerts = AlertOut(many=True)
    outage_pages_after = serializers.CharField(allow_null=True)
    pages_late = serializers.BooleanField(help_text="A total outage would page later than in 15 minutes")
    series = serializers.IntegerField(allow_null=True)
    crowded = serializers.BooleanField(help_text="Too many series to be counted one by one")
    warnings = serializers.ListField(child=serializers.CharField())
    error = serializers.CharField(allow_blank=True, help_text="What the source says where it can't answer")


class ObjectivePreviewIn(ObjectiveIn):
    """An objective as it would be written, with its name."""

    name = serializers.CharField(max_length=63)


class PreviewView(APIView):
    """Before it is saved."""

    @extend_schema(
        operation_id="slos_preview",
        request=ObjectivePreviewIn,
        responses={200: ObjectivePreviewOut, **refusals(400, 403, 404)},
    )
    def post(self, request: Request) -> Response:
        """Ask the source what the objective would say. Nothing is written."""
        now = db_now()
        draft = ObjectiveDraft(**said(ObjectivePreviewIn(data=request.data)))
        checked(draft)
        named = named_by(draft, now)
        require(actor_of(request), [named.component.owner_id], scope=SCOPE)
        found = preview(
            draft, source=named.source, policy=named.policy, component_id=named.component.pk, now=now
        )  # fmt: skip
        return Response(preview_json(found))


def preview_json(found: Preview) -> dict[str, Any]:
    """A preview as JSON."""
    after = found.outage_pages_after
    return {
        "since": found.since,
        "until": found.until,
        "good": found.good,
        "total": found.total,
        "current": found.current,
        "remaining": found.remaining,
        "hours": [asdict(one) for one in found.hours],
        "alerts": [alert_json(one) for one in found.alerts],
        "outage_pages_after": None if after is None else durations.render(after),
        "pages_late": found.pages_late,
        "series": found.series,
        "crowded": found.crowded,
        "warnings": list(found.warnings),
        "error": found.error,
    }
