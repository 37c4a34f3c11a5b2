"""Alert policies over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from portal.lib import durations
from portal.lib.clock import db_now
from portal.lib.problems import listed, refusals
from portal.lib.strict import StrictSerializer, same_name
from slo.documents import save_policy
from slo.models import AlertPolicy
from slo.operations import delete_policy
from slo.queries.policies import alert_policies, alert_policy, outages


class AlertRuleIO(StrictSerializer):
    """One rule; exactly one of fraction, factor and ratio."""

    name = serializers.CharField(max_length=63)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    fraction = serializers.CharField(required=False, max_length=40, help_text="Share of the budget, such as 0.02")
    factor = serializers.CharField(required=False, max_length=40, help_text="Burn rate, such as 14.4")
    ratio = serializers.CharField(required=False, max_length=40, help_text="Share of bad ones, such as 0.9")
    long = serializers.CharField(max_length=20, help_text="Whole minutes, such as 1h")
    short = serializers.CharField(max_length=20, help_text="Whole minutes, such as 5m")
    severity = serializers.ChoiceField(choices=["page", "ticket"])
    min_bad = serializers.IntegerField(
        required=False, min_value=0, max_value=10**9, help_text="Bad ones it needs in its long window; default 2"
    )
    min_events = serializers.IntegerField(
        required=False, min_value=0, max_value=10**9, help_text="Of all it needs in its long window; default 0"
    )


class AlertPolicyIn(StrictSerializer):
    """A policy as a client writes it."""

    echoes = frozenset({"name", "url", "objectives", "outage_pages_after", "created_at", "updated_at"})

    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    rules = AlertRuleIO(many=True)


class AlertPolicyOut(serializers.Serializer[Any]):
    """A policy, and what its rules come to."""

    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    rules = serializers.ListField(child=serializers.DictField())
    objectives = serializers.IntegerField(help_text="How many are judged by it")
    outage_pages_after = serializers.DictField(
        child=serializers.CharField(allow_null=True), help_text="By target at 30 days: how long a total outage lasts"
    )
    url = serializers.CharField(help_text="Its page")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class AlertPolicyList(APIView):
    """All policies."""

    @extend_schema(operation_id="alert_policies_list", responses={200: listed(AlertPolicyOut), **refusals()})
    def get(self, request: Request) -> Response:
        """List every alert policy, by name."""
        return Response({"results": [policy_json(one) for one in alert_policies()]})


class AlertPolicyView(APIView):
    """One policy, by its name."""

    @extend_schema(operation_id="alert_policies_get", responses={200: AlertPolicyOut, **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """Show the policy."""
        return Response(policy_json(alert_policy(name)))

    @extend_schema(
        operation_id="alert_policies_put",
        request=AlertPolicyIn,
        responses={200: AlertPolicyOut, 201: AlertPolicyOut, **refusals(400, 403)},
    )
    def put(self, request: Request, name: str) -> Response:
        """Make the policy what the body says; for platform admins. Objectives follow at the next evaluation."""
        same_name(request, name=name)
        body = AlertPolicyIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        now = db_now()
        saved = save_policy(
            name=name,
            rules=[dict(rule) for rule in given["rules"]],
            title=given.get("title", ""),
            description=given.get("description", ""),
            actor=actor_of(request),
            now=now,
        )
        code = status.HTTP_201_CREATED if saved.created_at == now else status.HTTP_200_OK
        return Response(policy_json(alert_policy(name)), status=code)

    @extend_schema(operation_id="alert_policies_delete", responses={204: None, **refusals(400, 403, 404)})
    def delete(self, request: Request, name: str) -> Response:
        """Delete the policy; for platform admins. Refused while objectives, retired ones too, refer to it."""
        delete_policy(name=alert_policy(name).name, actor=actor_of(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def policy_json(policy: AlertPolicy) -> dict[str, Any]:
    """A policy of `slo.queries.policies` as AlertPolicyOut."""
    plain = ("name", "title", "description", "rules", "created_at", "updated_at")
    return {
        **{name: getattr(policy, name) for name in plain},
        "objectives": policy.__dict__["used"],
        "outage_pages_after": {
            f"{one.target:f}": None if one.after is None else durations.render(one.after) for one in outages(policy)
        },
        "url": policy.get_absolute_url(),
    }
