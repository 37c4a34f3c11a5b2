"""Teams, people and whoever asks, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import IF_MATCH, READ_REFUSALS, WRITE_REFUSALS, answer, query, refusals
from catalog.api.components import ByRef, paged
from catalog.api.shapes import MeOut, PersonIn, PersonOut, TeamIn, TeamOut, person_json, team_json
from catalog.models import Person, Team
from catalog.operations import Outcome, patch_team, put_person, put_team, retire_team
from catalog.specs import MemberSpec, PersonSpec, TeamSpec
from portal.lib.clock import db_now
from portal.lib.strict import expected_version, said, same_name

SEARCH = [query("q", "In name or title")]


class TeamView(APIView):
    """One team, by its name."""

    @extend_schema(operation_id="teams_get", responses={200: TeamOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """The team, retired or not."""
        team = queries.team_by_ref(f"group:{namespace}/{name}")
        return answer(request, team_json(team), version=team.version)

    @extend_schema(
        operation_id="teams_put",
        request=TeamIn,
        parameters=[IF_MATCH],
        responses={200: TeamOut, 201: TeamOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the team what the body says, creating it when it is not there. Members left out stay."""
        given = said(TeamIn(data=request.data), request, about=TeamSpec)
        same_name(request, kind="group", namespace=namespace, name=name)
        written = put_team(
            spec=TeamSpec(namespace=namespace, name=name, **_frozen(given)),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = team_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    @extend_schema(
        operation_id="teams_patch",
        request=TeamIn,
        parameters=[IF_MATCH],
        responses={200: TeamOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        given = said(TeamIn(data=request.data, partial=True), request, about=TeamSpec)
        same_name(request, kind="group", namespace=namespace, name=name)
        written = patch_team(
            ref=f"group:{namespace}/{name}",
            changes=_frozen(given),
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = team_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)

    @extend_schema(operation_id="teams_retire", parameters=[IF_MATCH], responses={200: TeamOut, **WRITE_REFUSALS})
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Dissolve the team; what it owned is shown as owned by a team that is no more. PUT revives it."""
        written = retire_team(
            ref=f"group:{namespace}/{name}",
            actor=actor_of(request),
            now=db_now(),
            expected_version=expected_version(request),
        )
        body = team_json(written.row, outcome=written.outcome)
        return answer(request, body, version=written.row.version, outcome=written.outcome)


class TeamList(APIView):
    """Many teams."""

    pagination_class = ByRef

    @extend_schema(operation_id="teams_list", parameters=SEARCH, responses={200: TeamOut(many=True), **refusals(400)})
    def get(self, request: Request) -> Response:
        """Teams by reference; `next` leads on."""
        rows = queries.holding(Team.objects.filter(retired_at=None), request.query_params.get("q", ""))
        return paged(self, request, rows.prefetch_related("memberships"), team_json)


class PersonView(APIView):
    """One person, by their name."""

    @extend_schema(operation_id="people_get", responses={200: PersonOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """The person, with or without an account."""
        return Response(person_json(queries.person_by_ref(f"user:{namespace}/{name}")))

    @extend_schema(
        operation_id="people_put",
        request=PersonIn,
        responses={200: PersonOut, 201: PersonOut, **refusals(400, 403)},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the person what the body says, creating them when they are not there; this makes no account."""
        given = said(PersonIn(data=request.data), request, about=PersonSpec)
        same_name(request, namespace=namespace, name=name)
        spec = PersonSpec(namespace=namespace, name=name, **given)
        written = put_person(spec=spec, actor=actor_of(request), now=db_now())
        code = 201 if written.outcome is Outcome.CREATED else 200
        return Response(person_json(written.row, outcome=written.outcome), status=code)


class PersonList(APIView):
    """Many people."""

    pagination_class = ByRef

    @extend_schema(
        operation_id="people_list", parameters=SEARCH, responses={200: PersonOut(many=True), **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """People by reference; `next` leads on."""
        rows = queries.holding(Person.objects.filter(retired_at=None), request.query_params.get("q", ""))
        return paged(self, request, rows, person_json)


class MeView(APIView):
    """Whoever asks."""

    @extend_schema(operation_id="me", responses={200: MeOut, **refusals()})
    def get(self, request: Request) -> Response:
        """Who the token or the session stands for, and what it may write."""
        actor = actor_of(request)
        return Response(
            {
                "ref": actor.ref,
                "name": actor.name,
                "person": person_json(actor.person) if actor.person else None,
                "scopes": actor.token.scopes if actor.token else None,
                "teams": sorted(Team.objects.filter(pk__in=actor.team_ids()).values_list("ref", flat=True)),
                "everywhere": actor.everywhere,
            }
        )


def _frozen(given: dict[str, Any]) -> dict[str, Any]:
    members = given.get("members")
    whole = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return whole if members is None else {**whole, "members": tuple(MemberSpec(**member) for member in members)}
