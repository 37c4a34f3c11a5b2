"""Error-budget policies over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from catalog.queries import team_by_ref
from portal.lib.clock import db_now
from portal.lib.problems import listed, refusals
from portal.lib.strict import StrictSerializer, same_name
from slo.models import BudgetPolicy
from slo.operations import BudgetPolicyDraft, delete_budget_policy, save_budget_policy, set_team_policy
from slo.queries.budget_policies import budget_policies, budget_policy, policy_name_of_team

ECHOES = frozenset({"name", "url", "objectives", "teams", "created_at", "updated_at"})


class ThresholdIn(StrictSerializer):
    """What is agreed on below a share of the budget left."""

    remaining = serializers.FloatField(min_value=-10, max_value=1, help_text="0.25: below a quarter; 0: nothing left")
    action = serializers.CharField(max_length=500)
    holds = serializers.BooleanField(default=False, help_text="Deployments are to wait; see the gate")


class BudgetPolicyIn(StrictSerializer):
    """A policy as a client writes it; what is left out takes its default."""

    echoes = ECHOES

    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    text = serializers.CharField(
        required=False, allow_blank=True, max_length=20_000, help_text="What was agreed on, as Markdown"
    )
    thresholds = ThresholdIn(many=True)


class BudgetPolicyOut(serializers.Serializer[Any]):
    """A policy and who goes by it."""

    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    thresholds = ThresholdIn(many=True)
    objectives = serializers.ListField(child=serializers.CharField(), help_text="That name it themselves")
    teams = serializers.ListField(child=serializers.CharField(), help_text="Whose other objectives go by it")
    url = serializers.CharField(help_text="Its page")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TeamPolicyIn(StrictSerializer):
    """Which policy a team goes by."""

    echoes = frozenset({"team"})

    policy = serializers.CharField(allow_blank=True, max_length=63, help_text="Its name; empty: none")


class TeamPolicyOut(serializers.Serializer[Any]):
    """Which policy a team goes by."""

    team = serializers.CharField()
    policy = serializers.CharField(allow_blank=True, help_text="Empty: none")


class BudgetPolicyList(APIView):
    """All policies."""

    @extend_schema(operation_id="budget_policies_list", responses={200: listed(BudgetPolicyOut), **refusals()})
    def get(self, request: Request) -> Response:
        """List every error-budget policy, by name."""
        return Response({"results": [policy_json(one) for one in budget_policies()]})


class BudgetPolicyView(APIView):
    """One policy, by its name."""

    @extend_schema(operation_id="budget_policies_get", responses={200: BudgetPolicyOut, **refusals(404)})
    def get(self, request: Request, name: str) -> Response:
        """Show the policy and who goes by it."""
        return Response(policy_json(budget_policy(name)))

    @extend_schema(
        operation_id="budget_policies_put",
        request=BudgetPolicyIn,
        responses={200: BudgetPolicyOut, 201: BudgetPolicyOut, **refusals(400, 403)},
    )
    def put(self, request: Request, name: str) -> Response:
        """Make the policy what the body says; for platform admins."""
        same_name(request, name=name)
        body = BudgetPolicyIn(data=request.data)
        body.is_valid(raise_exception=True)
        draft = BudgetPolicyDraft(name=name, **body.validated_data)
        _, created = save_budget_policy(draft=draft, actor=actor_of(request), now=db_now())
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(policy_json(budget_policy(name)), status=code)

    @extend_schema(operation_id="budget_policies_delete", responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, name: str) -> Response:
        """Delete the policy; for platform admins. Objectives that named it go by their team's, if it has one."""
        delete_budget_policy(name=name, actor=actor_of(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamPolicyView(APIView):
    """The policy of a team."""

    @extend_schema(operation_id="teams_budget_policy_get", responses={200: TeamPolicyOut, **refusals(404)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show which policy the team's objectives go by that name none themselves."""
        team = team_by_ref(f"group:{namespace}/{name}")
        return Response({"team": team.ref, "policy": policy_name_of_team(team.pk)})

    @extend_schema(
        operation_id="teams_budget_policy_put",
        request=TeamPolicyIn,
        responses={200: TeamPolicyOut, **refusals(400, 403, 404)},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Let the team go by a policy, or by none; for the team's own people."""
        body = TeamPolicyIn(data=request.data)
        body.is_valid(raise_exception=True)
        team = team_by_ref(f"group:{namespace}/{name}")
        policy = body.validated_data["policy"]
        set_team_policy(team=team, policy=policy, actor=actor_of(request), now=db_now())
        return Response({"team": team.ref, "policy": policy})


def policy_json(policy: BudgetPolicy) -> dict[str, Any]:
    """A policy of `slo.queries.budget_policies` as BudgetPolicyOut."""
    plain = ("name", "title", "text", "thresholds", "created_at", "updated_at")
    return {
        **{name: getattr(policy, name) for name in plain},
        "objectives": [one.name for one in policy.objectives.all()],
        "teams": [one.team.ref for one in policy.teams.all()],
        "url": policy.get_absolute_url(),
    }
