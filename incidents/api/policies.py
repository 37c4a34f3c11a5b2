"""Escalation policies over HTTP: list, make, set, read, retire, their versions; team paging, catch-all, reach."""

from datetime import UTC, datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import Actor, require_owned, require_scope
from catalog.queries import team_by_ref
from incidents import access
from incidents.api import policy_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.api.severities import SeverityRules, TryAlert, WhatIf
from incidents.models import EscalationPolicy, Page
from incidents.operations import policies as operations
from incidents.operations.policy_drafts import check
from incidents.operations.replanning import apply_new_policy
from incidents.queries import policies as queries
from incidents.queries.reach import reach
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import Missing
from portal.lib.problems import listed, refusals
from portal.lib.strict import same_name

SCOPE = "oncall:write"


class BySlug(KeysetPagination):
    """In order of their names in addresses."""

    ordering = "slug"


class Policies(APIView):
    """All escalation policies, and making one."""

    pagination_class = BySlug

    @extend_schema(
        operation_id="escalation_policies_list",
        parameters=[
            OpenApiParameter("q", description="Part of a name"),
            OpenApiParameter("team", description="Reference, such as group:default/ci"),
            OpenApiParameter("retired", bool, description="Those retired instead"),
        ],
        responses={200: io.PolicyOut(many=True), **refusals()},
    )
    def get(self, request: Request) -> Response:
        """List escalation policies, each with what it says and where it is used."""
        asked, pager = request.query_params, BySlug()
        found = queries.policies(
            text=asked.get("q", ""), team=asked.get("team", ""), retired=asked.get("retired") in ("true", "1")
        )
        rows = pager.paginate_queryset(found, request, view=self) or []
        return pager.get_paginated_response(io.policies_json(rows, now=db_now()))

    @extend_schema(
        operation_id="escalation_policies_create",
        request=io.NewPolicyIn,
        responses={201: io.PolicyOut, **refusals(400, 403, 409)},
    )
    def post(self, request: Request) -> Response:
        """Make an escalation policy. A team's first one becomes the one its pages walk."""
        actor, given = actor_of_api(request), io.read(io.NewPolicyIn, request)
        draft = io.draft(given.pop("slug", ""), given)
        require_owned(actor, [draft.team], scope=SCOPE)
        made = operations.create_policy(draft=draft, by=actor, now=db_now())
        return Response(io.policy_json(made.policy, now=db_now()), status=status.HTTP_201_CREATED)


class PreviewPolicy(APIView):
    """What a policy would say."""

    @extend_schema(
        operation_id="escalation_policies_preview",
        request=io.PolicyIn,
        responses={200: io.PolicyPreviewOut, **refusals(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Show a policy in words, with who would be reached now by each step; nothing is saved."""
        require_scope(actor_of_api(request), SCOPE)
        draft = io.draft("", io.read(io.PolicyIn, request))
        now = db_now()
        check(draft, now=now)
        return Response(io.preview_json(draft, now=now))


class OnePolicy(APIView):
    """One escalation policy."""

    @extend_schema(operation_id="escalation_policies_get", responses={200: io.PolicyOut, **refusals(404)})
    def get(self, request: Request, slug: str) -> Response:
        """Show what a policy says, where it is used, and who would be reached now by each step."""
        return Response(io.policy_json(queries.policy_by_slug(slug), now=db_now()))

    @extend_schema(
        operation_id="escalation_policies_put",
        request=io.PolicyIn,
        responses={200: io.PolicyOut, 201: io.PolicyOut, **refusals(400, 403)},
    )
    def put(self, request: Request, slug: str) -> Response:
        """Make the policy say this: a version where it differs, nothing where it doesn't. Running pages keep theirs."""
        same_name(request, slug=slug)
        actor, given = actor_of_api(request), io.read(io.PolicyIn, request)
        there = EscalationPolicy.objects.filter(slug=slug).first()
        draft = io.draft(slug, given)
        require_owned(actor, [draft.team, *([there.team_id] if there else [])], scope=SCOPE)
        version, written = operations.put_policy(draft=draft, by=actor, now=db_now())
        code = status.HTTP_201_CREATED if written and version.number == 1 else status.HTTP_200_OK
        return Response(io.policy_json(version.policy, now=db_now()), status=code)

    @extend_schema(operation_id="escalation_policies_delete", responses={204: None, **refusals(403, 404, 409)})
    def delete(self, request: Request, slug: str) -> Response:
        """Retire a policy. Refused while a team, the catch-all or another policy's fallback names it."""
        actor = actor_of_api(request)
        require_scope(actor, SCOPE)
        policy = queries.policy_by_slug(slug)
        require_owned(actor, [policy.team_id], scope=SCOPE)
        operations.retire_policy(policy=policy, by=actor, now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PolicyVersions(APIView):
    """What a policy has said."""

    @extend_schema(
        operation_id="escalation_policies_versions", responses={200: listed(io.PolicyVersionOut), **refusals(404)}
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the newest 100 versions, newest first, each with the lines it changed."""
        versions = list(queries.versions_of(queries.policy_by_slug(slug))[:101])
        return Response({"results": io.versions_json(versions)[:100]})


class ApplyPolicy(APIView):
    """A running page and the newer version of its policy."""

    @extend_schema(
        operation_id="pages_apply_policy", request=None, responses={200: io.PageOut, **refusals(403, 404, 409)}
    )
    def post(self, request: Request, number: int, page: int) -> Response:
        """Walk the newest version from its first step, at once. 409 where there is nothing newer."""
        actor = actor_of_api(request)
        require_scope(actor, access.SCOPE)
        held = Page.objects.select_related("incident").filter(pk=page, incident=number).first()
        if held is None:
            raise Missing(f"INC-{number} has no page {page}.")
        access.require_hand(actor, held.incident)
        done = apply_new_policy(page=held, by=actor, now=db_now())
        return Response(io.PageOut(done).data)


class TeamPagingView(APIView):
    """How a team is paged."""

    @extend_schema(operation_id="teams_paging_get", responses={200: io.TeamPagingOut, **refusals(404)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show a team's policy and the schedule shown as its on call; null where there is none."""
        paging = queries.paging_of(team_by_ref(f"group:{namespace}/{name}"))
        return Response(io.TeamPagingOut(paging).data)

    @extend_schema(
        operation_id="teams_paging_put",
        request=io.TeamPagingIn,
        responses={200: io.TeamPagingOut, **refusals(400, 403, 404)},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Set a team's policy and schedule; for the team's own people. It counts for the next page."""
        actor, given = actor_of_api(request), io.read(io.TeamPagingIn, request)
        require_scope(actor, SCOPE)
        team = team_by_ref(f"group:{namespace}/{name}")
        require_owned(actor, [team], scope=SCOPE)
        operations.set_team_paging(team=team, **given, by=actor, now=db_now())
        return Response(io.TeamPagingOut(queries.paging_of(team)).data)


class TeamReach(APIView):
    """How far a team's pages reach."""

    @extend_schema(operation_id="teams_reach_get", responses={200: io.TeamReachOut, **refusals(404)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show whether a team's policy reaches somebody at every hour of four weeks, and the first hour it doesn't."""
        team = team_by_ref(f"group:{namespace}/{name}")
        found = reach([team.pk], now=db_now())[team.pk]
        hole = {"start": _utc(found.hole[0]), "end": _utc(found.hole[1])} if found.hole else None
        return Response({"team": team.ref, "policy": found.policy, "always": found.always, "hole": hole})


class CatchAllView(APIView):
    """The policy that catches the rest."""

    @extend_schema(operation_id="catch_all_get", responses={200: io.CatchAllOut, **refusals()})
    def get(self, request: Request) -> Response:
        """Show the catch-all policy; null where none is set, which leaves what has no owner without anybody."""
        policy = queries.catch_all()
        return Response({"policy": policy.slug if policy else None})

    @extend_schema(
        operation_id="catch_all_put",
        request=io.CatchAllIn,
        responses={200: io.CatchAllOut, **refusals(400, 403)},
    )
    def put(self, request: Request) -> Response:
        """Choose another catch-all policy; for platform admins."""
        actor: Actor = actor_of_api(request)
        given: dict[str, Any] = io.read(io.CatchAllIn, request)
        operations.set_catch_all(policy=given["policy"], by=actor, now=db_now())
        return Response({"policy": given["policy"].slug})


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


urlpatterns = [
    path("escalation-policies", Policies.as_view(), name="policies"),
    path("escalation-policies/preview", PreviewPolicy.as_view(), name="preview-policy"),
    path("escalation-policies/<slug:slug>", OnePolicy.as_view(), name="policy"),
    path("escalation-policies/<slug:slug>/versions", PolicyVersions.as_view(), name="policy-versions"),
    path("incidents/<int:number>/pages/<int:page>/apply-policy", ApplyPolicy.as_view(), name="apply-policy"),
    path("teams/<str:namespace>/<str:name>/paging", TeamPagingView.as_view(), name="team-paging"),
    path("teams/<str:namespace>/<str:name>/reach", TeamReach.as_view(), name="team-reach"),
    path("catch-all", CatchAllView.as_view(), name="catch-all"),
    path("severity-rules", SeverityRules.as_view(), name="severity-rules"),
    path("severity-rules/try", TryAlert.as_view(), name="severity-rules-try"),
    path("severity-rules/what-if", WhatIf.as_view(), name="severity-what-if"),
]
