"""Which incidents spent an objective's budget, over HTTP."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.lib.clock import db_now
from portal.lib.problems import refusals
from slo import queries
from slo.queries import costs
from slo.queries.costs import Cost, Costs
from slo.queries.outside import Outside, outside


class CostOut(serializers.Serializer[Any]):
    """What was spent while one incident lasted, from its first bad minute on."""

    incident = serializers.CharField(help_text="Such as INC-1042")
    title = serializers.CharField(allow_blank=True)
    severity = serializers.CharField(help_text="P1 to P5")
    url = serializers.CharField(allow_blank=True)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="When it was over, or until when it was counted")
    bad = serializers.FloatField(allow_null=True, help_text="Bad events (minutes, where minutes are counted)")
    total = serializers.FloatField(allow_null=True)
    share = serializers.FloatField(allow_null=True, help_text="Of the period's whole budget; null is unknown")


class BurstOut(serializers.Serializer[Any]):
    """A part of the budget that went at once, somewhere between two moments, without an incident."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    bad = serializers.FloatField()
    share = serializers.FloatField()
    why = serializers.CharField(help_text="Why there was no incident, for people")


class UnexplainedOut(serializers.Serializer[Any]):
    """What was bad outside all incidents."""

    bad = serializers.FloatField()
    share = serializers.FloatField(allow_null=True)
    bursts = BurstOut(many=True, help_text="What of it went at once, the dearest three; the rest went bit by bit")


class CostsOut(serializers.Serializer[Any]):
    """Where the budget of the running period went. Incidents at the same time share their events, and each shows them;
    what is unexplained counts them once.
    """

    period_start = serializers.DateTimeField()
    until = serializers.DateTimeField()
    allowed = serializers.FloatField(allow_null=True, help_text="The whole budget, in bad events")
    bad = serializers.FloatField()
    incidents = CostOut(many=True, help_text="The dearest first")
    unexplained = UnexplainedOut()


class CostsView(APIView):
    """Where the budget went."""

    @extend_schema(operation_id="slos_costs", responses={200: CostsOut, **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """List every incident of the period with what it spent, and what no incident explains."""
        objective, now = queries.by_name(name), db_now()
        found = costs.of_objective(objective, now=now)
        stretches = [(one.start, one.end) for one in found.costs]
        history = queries.history(objective, now=now)
        beside = outside(objective, history, stretches, bad=found.unexplained, allowed=found.allowed)
        return Response(costs_json(found, beside))


def costs_json(found: Costs, beside: Outside) -> dict[str, Any]:
    """The costs as CostsOut."""
    return {
        "period_start": found.period_start,
        "until": found.until,
        "allowed": found.allowed,
        "bad": found.bad,
        "incidents": [_cost(one) for one in found.costs],
        "unexplained": {
            "bad": found.unexplained,
            "share": found.unexplained_share,
            "bursts": [asdict(one) for one in beside.bursts],
        },
    }


def _cost(one: Cost) -> dict[str, Any]:
    return {
        "incident": one.happening.label,
        "title": one.happening.title,
        "severity": f"P{one.happening.severity}",
        "url": one.happening.url,
        "start": one.start,
        "end": one.end,
        "bad": one.bad if one.known else None,
        "total": one.total if one.known else None,
        "share": one.share if one.known else None,
    }
