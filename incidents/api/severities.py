"""The severity table over HTTP: read it, set it whole, ask it."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import named
from incidents import severity
from incidents.api.incidents import actor_of_api
from incidents.api.oncall_shapes import read
from incidents.forms_settings import SENDERS
from incidents.models import Alert
from incidents.operations import severities
from incidents.queries.judging import JudgedAlert, judged, judged_sample, table
from incidents.queries.policies import severity_rules
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer

LEVELS = ["P1", "P2", "P3", "P4", "P5"]


class SeverityLineIO(StrictSerializer):
    """One line; what is left out or null fits anything."""

    severity = serializers.ChoiceField(choices=LEVELS)
    rule = serializers.ChoiceField(choices=Alert.Rule.choices, required=False, allow_null=True, default=None)
    tier = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=4)
    teams_blocked = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=10_000, help_text="At least so many"
    )
    source = serializers.CharField(  # type: ignore[assignment]  # a declared field
        required=False, allow_blank=True, default="", max_length=40
    )


class SeverityTableIn(StrictSerializer):
    """The whole table, the first line that fits decides; an empty list restores the default."""

    echoes = frozenset({"default"})

    rules = SeverityLineIO(many=True)


class SeverityTableOut(serializers.Serializer[Any]):
    """The table in force; `default` says that it is the one Portico comes with."""

    default = serializers.BooleanField()
    rules = SeverityLineIO(many=True)


class WhatIfIn(StrictSerializer):
    """An alert that somebody imagines; a component brings its tier and how many teams it blocks."""

    rule = serializers.ChoiceField(choices=Alert.Rule.choices, default=Alert.Rule.PAGE.value)
    source = serializers.CharField(  # type: ignore[assignment]  # a declared field
        required=False, allow_blank=True, default="", max_length=40
    )
    component = named.component(default=None, allow_null=True)
    tier = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=4)
    teams_blocked = serializers.IntegerField(default=None, allow_null=True, min_value=0, max_value=10_000)


class WhatIfOut(serializers.Serializer[Any]):
    """What it would get and why; `line` counts from 1, null where no line fits."""

    severity = serializers.ChoiceField(choices=LEVELS)
    reason = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    tier = serializers.IntegerField(allow_null=True)
    teams_blocked = serializers.IntegerField(allow_null=True)


class SeverityRules(APIView):
    """The table that says how bad alerts are."""

    @extend_schema(operation_id="severity_rules_get", responses={200: SeverityTableOut, **refusals()})
    def get(self, request: Request) -> Response:
        """Show the severity rules in force, in the order in which their lines are asked."""
        return Response(_table_json())

    @extend_schema(
        operation_id="severity_rules_put",
        request=SeverityTableIn,
        responses={200: SeverityTableOut, **refusals(400, 403)},
    )
    def put(self, request: Request) -> Response:
        """Make the severity rules these lines; for platform admins. Said twice, nothing changes."""
        actor, given = actor_of_api(request), read(SeverityTableIn, request)
        lines = [_line(one) for one in given["rules"]]
        severities.put_rules(lines=lines, by=actor, now=db_now())
        return Response(_table_json())


class WhatIf(APIView):
    """Asking the table."""

    @extend_schema(operation_id="severity_rules_what_if", request=WhatIfIn, responses={200: WhatIfOut, **refusals(400)})
    def post(self, request: Request) -> Response:
        """Show which severity such an alert would get, and why; nothing is opened."""
        found = judged(**read(WhatIfIn, request))
        return Response(
            {
                "severity": f"P{found.verdict.severity}",
                "reason": found.verdict.reason,
                "line": found.line,
                "tier": found.facts.tier,
                "teams_blocked": found.facts.teams_blocked,
            }
        )


class PastedIn(StrictSerializer):
    """A request as a tool sends it."""

    kind = serializers.ChoiceField(choices=SENDERS)
    sample = serializers.JSONField(help_text="The request's body, or its text")


class PastedAlertOut(serializers.Serializer[Any]):
    """One alert of it; severity, reason and line are null where it says that all is well."""

    summary = serializers.CharField(source="seen.summary")
    component = serializers.CharField(source="seen.component")
    known = serializers.BooleanField(source="seen.known", help_text="Whether the catalog has the component")
    rule = serializers.CharField(source="seen.rule", help_text="page, ticket, info; empty where all is well")
    severity = serializers.SerializerMethodField()
    reason = serializers.CharField(source="judged.verdict.reason", default=None, allow_null=True)
    line = serializers.IntegerField(source="judged.line", default=None, allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=LEVELS, allow_null=True))
    def get_severity(self, row: JudgedAlert) -> str | None:
        """P1 to P5."""
        return f"P{row.judged.verdict.severity}" if row.judged else None


class PastedOut(serializers.Serializer[Any]):
    """The first alerts of the request, and how many it has."""

    count = serializers.IntegerField()
    alerts = PastedAlertOut(many=True)


class TryAlert(APIView):
    """Trying the table on what a tool sends."""

    @extend_schema(operation_id="severity_rules_try", request=PastedIn, responses={200: PastedOut, **refusals(400)})
    def post(self, request: Request) -> Response:
        """Show which severity each alert of a request would get; nothing is kept and nobody is paged."""
        actor_of_api(request)
        found = judged_sample(**read(PastedIn, request))
        if found.errors:
            raise Invalid("; ".join(one.message for one in found.errors), errors=tuple(found.errors))
        return Response(PastedOut(found).data)


def _table_json() -> dict[str, Any]:
    return {"default": not severity_rules(), "rules": [_line_json(line) for line in table()]}


def _line(given: dict[str, Any]) -> severity.Line:
    level = LEVELS.index(given["severity"]) + 1
    return severity.Line(level, given["rule"] or "", given["tier"], given["teams_blocked"], given["source"])


def _line_json(line: severity.Line) -> dict[str, Any]:
    return {
        "severity": f"P{line.severity}",
        "rule": line.rule or None,
        "tier": line.tier,
        "teams_blocked": line.teams_blocked,
        "source": line.source,
    }
