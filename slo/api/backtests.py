"""Backtests over HTTP: what another target or alert policy would have done."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.lib import durations
from portal.lib.clock import db_now
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer
from slo import queries
from slo.backtest import Alert, Happening, PeriodBudget
from slo.queries.backtest import Question, Tried, backtest
from slo.queries.history import shown
from slo.replaying import RuleFiring

DEFAULT = timedelta(days=30)


class RuleIn(StrictSerializer):
    """A rule as an alert policy has it; exactly one of fraction, factor and ratio."""

    name = serializers.CharField(max_length=63)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    fraction = serializers.CharField(required=False, max_length=40, help_text="Of the budget, such as 0.02")
    factor = serializers.CharField(required=False, max_length=40, help_text="Burn rate, such as 14.4")
    ratio = serializers.CharField(required=False, max_length=40, help_text="Of errors, such as 0.9")
    long = serializers.CharField(max_length=20, help_text="Such as 1h")
    short = serializers.CharField(max_length=20, help_text="Such as 5m")
    severity = serializers.CharField(max_length=10, help_text="page or ticket")
    min_events = serializers.IntegerField(required=False, min_value=0, max_value=10**12)
    min_bad = serializers.IntegerField(required=False, min_value=0, max_value=10**12)


BacktestIn = type(
    "BacktestIn",
    (StrictSerializer,),
    {
        "__doc__": "What to try; what is left out stays as it is now.",
        "__module__": __name__,
        "target": serializers.DecimalField(
            max_digits=14, decimal_places=10, coerce_to_string=False, required=False, help_text="A share: 0.995"
        ),
        "policy": serializers.CharField(required=False, max_length=63, help_text="An alert policy's name"),
        "rules": RuleIn(many=True, required=False),
        "from": serializers.DateTimeField(required=False, help_text="Default 30 days before `to`; 90 days at most"),
        "to": serializers.DateTimeField(required=False, help_text="Default now"),
    },
)


class BacktestIncidentOut(serializers.Serializer[Any]):
    """An incident meanwhile."""

    label = serializers.CharField(help_text="Such as INC-12")  # type: ignore[assignment]  # declared
    title = serializers.CharField()
    url = serializers.CharField()
    severity = serializers.IntegerField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)
    real = serializers.BooleanField(help_text="Somebody took it, or more than this objective's own alerts opened it")


class FiringOut(serializers.Serializer[Any]):
    """One rule from firing to clearing; counts are of its long window as it fired."""

    rule = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True, help_text="null: to the last")
    reason = serializers.CharField(allow_blank=True)
    good = serializers.FloatField()
    bad = serializers.FloatField()
    burn_long = serializers.FloatField()
    burn_short = serializers.FloatField()


class AlertOut(serializers.Serializer[Any]):
    """What people would have been sent: rules that fire at once are one alert."""

    severity = serializers.CharField(help_text="page or ticket")
    start = serializers.DateTimeField()
    paged_at = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)
    early_s = serializers.FloatField(allow_null=True, help_text="Seconds before its first incident; below 0 after")
    outage = serializers.BooleanField(help_text="Two minutes in a row in which nothing was good")
    for_nothing = serializers.BooleanField(help_text="Neither a real incident nor a total outage")
    incidents = serializers.ListField(child=serializers.CharField())
    firings = FiringOut(many=True)


class BacktestPeriodOut(serializers.Serializer[Any]):
    """The budget of one period, as it stood at its end."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    good = serializers.FloatField()
    total = serializers.FloatField()
    allowed = serializers.FloatField(allow_null=True)
    remaining = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField()


class BacktestOut(serializers.Serializer[Any]):
    """What would have been."""

    name = serializers.CharField()
    target = serializers.FloatField()
    policy = serializers.CharField(allow_blank=True, help_text="Empty where rules were given")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    known = serializers.FloatField(help_text="Share of the minutes that are known")
    pages = serializers.IntegerField()
    tickets = serializers.IntegerField()
    for_nothing = serializers.IntegerField()
    paging = serializers.CharField(help_text="How long a page rule would have fired, such as 1h30m")
    firing = serializers.CharField(help_text="How long any rule would have fired")
    alerts = AlertOut(many=True)
    missed = BacktestIncidentOut(many=True)
    incidents = BacktestIncidentOut(many=True)
    fired = FiringOut(many=True)
    periods = BacktestPeriodOut(many=True)


class BacktestView(APIView):
    """A backtest of an objective."""

    @extend_schema(operation_id="slos_backtest", request=BacktestIn, responses={200: BacktestOut, **refusals(400, 404)})
    def post(self, request: Request, name: str) -> Response:
        """Replay a target, a policy or rules over what was counted. Changes nothing."""
        objective = queries.by_name(name)
        body = BacktestIn(data=request.data)
        body.is_valid(raise_exception=True)
        given, now = body.validated_data, db_now()
        end = given.get("to") or now
        rules = given.get("rules")
        asked = Question(
            start=given.get("from") or min(end, now) - DEFAULT,
            end=end,
            target=given.get("target"),
            policy=given.get("policy", ""),
            rules=None if rules is None else [dict(rule) for rule in rules],
        )
        return Response(tried_json(backtest(objective, asked, now=now)), status=status.HTTP_200_OK)


def tried_json(tried: Tried) -> dict[str, Any]:
    """A backtest as BacktestOut."""
    found = tried.found
    return {
        "name": tried.objective.name,
        "target": float(tried.target),
        "policy": tried.policy,
        **{name: getattr(found, name) for name in ("start", "end", "known", "pages", "tickets", "for_nothing")},
        "paging": durations.render(found.paging),
        "firing": durations.render(found.firing),
        "alerts": [alert_json(one) for one in found.alerts],
        "missed": [_incident_json(one) for one in found.missed],
        "incidents": [_incident_json(one) for one in tried.happened],
        "fired": [_firing_json(one) for one in tried.fired],
        "periods": [_period_json(one) for one in found.periods],
    }


def alert_json(alert: Alert) -> dict[str, Any]:
    plain = ("severity", "start", "paged_at", "end", "outage", "for_nothing")
    return {
        **{name: getattr(alert, name) for name in plain},
        "early_s": None if alert.early is None else alert.early.total_seconds(),
        "incidents": [one.label for one in alert.incidents],
        "firings": [_firing_json(one) for one in alert.firings],
    }


def _firing_json(firing: RuleFiring) -> dict[str, Any]:
    return asdict(firing)


def _incident_json(one: Happening) -> dict[str, Any]:
    return asdict(one)


def _period_json(one: PeriodBudget) -> dict[str, Any]:
    return {
        "start": one.start,
        "end": one.end,
        "good": shown(one.held.good),
        "total": shown(one.held.total),
        "allowed": one.budget.allowed if one.budget else None,
        "remaining": one.budget.remaining if one.budget else None,
        "coverage": one.held.coverage,
    }
