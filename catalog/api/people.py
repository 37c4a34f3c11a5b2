"""Teams, people and whoever asks, over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import IF_MATCH, READ_REFUSALS, WRITE_REFUSALS, refusals
from catalog.api.entities import HARD, SEARCH, ByRef, EntityView, paged
from catalog.api.shapes.incoming import PersonIn, TeamIn
from catalog.api.shapes.outgoing import MeOut, PersonOut, TeamOut, entity_json
from catalog.models import Person, Team
from catalog.operations import patch_person, patch_team, put_person, put_team, retire_person, retire_team
from catalog.specs import PersonSpec, TeamSpec


class TeamView(EntityView):
    """One team, by its name."""

    open_to_readers = True

    incoming, spec, kind = TeamIn, TeamSpec, "group"

    @extend_schema(operation_id="teams_get", responses={200: TeamOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show the team, retired or not."""
        return self.read(request, queries.team_by_ref(f"group:{namespace}/{name}"))

    @extend_schema(
        operation_id="teams_put",
        request=TeamIn,
        parameters=[IF_MATCH],
        responses={200: TeamOut, 201: TeamOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the team what the body says, creating it when it is not there. Members left out stay."""
        return self.upsert(request, put_team, namespace=namespace, name=name)

    @extend_schema(
        operation_id="teams_patch",
        request=TeamIn,
        parameters=[IF_MATCH],
        responses={200: TeamOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        return self.merge(request, patch_team, f"group:{namespace}/{name}", namespace=namespace, name=name)

    @extend_schema(
        operation_id="teams_retire",
        parameters=[IF_MATCH, HARD],
        responses={200: TeamOut, 204: None, **WRITE_REFUSALS, **refusals(409)},
    )
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Dissolve the team; what it owned is shown as owned by a team that is no more. PUT revives it."""
        return self.remove(request, retire_team, f"group:{namespace}/{name}")


class TeamList(APIView):
    """Many teams."""

    open_to_readers = True
    pagination_class = ByRef

    @extend_schema(operation_id="teams_list", parameters=[SEARCH], responses={200: TeamOut(many=True), **refusals(400)})
    def get(self, request: Request) -> Response:
        """List teams by reference; `next` leads on."""
        rows = queries.holding(Team.objects.filter(retired_at=None), request.query_params.get("q", ""))
        return paged(self, request, rows.prefetch_related("memberships"))


class PersonView(EntityView):
    """One person, by their name."""

    incoming, spec = PersonIn, PersonSpec

    @extend_schema(operation_id="people_get", responses={200: PersonOut, **READ_REFUSALS})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show the person, with or without an account."""
        return self.read(request, queries.person_by_ref(f"user:{namespace}/{name}"))

    @extend_schema(
        operation_id="people_put",
        request=PersonIn,
        parameters=[IF_MATCH],
        responses={200: PersonOut, 201: PersonOut, **WRITE_REFUSALS},
    )
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Make the person what the body says, creating them when they are not there; this makes no account."""
        return self.upsert(request, put_person, namespace=namespace, name=name)

    @extend_schema(
        operation_id="people_patch",
        request=PersonIn,
        parameters=[IF_MATCH],
        responses={200: PersonOut, **WRITE_REFUSALS},
    )
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change only what the body names; labels and annotations are merged key by key, null removes."""
        return self.merge(request, patch_person, f"user:{namespace}/{name}", namespace=namespace, name=name)

    @extend_schema(
        operation_id="people_retire",
        parameters=[IF_MATCH, HARD],
        responses={200: PersonOut, 204: None, **WRITE_REFUSALS, **refusals(409)},
    )
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Say that the person left: their account can't sign in any more, their history stays. PUT revives them."""
        return self.remove(request, retire_person, f"user:{namespace}/{name}")


class PersonList(APIView):
    """Many people."""

    pagination_class = ByRef

    @extend_schema(
        operation_id="people_list", parameters=[SEARCH], responses={200: PersonOut(many=True), **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """List people by reference; `next` leads on."""
        rows = queries.holding(Person.objects.filter(retired_at=None), request.query_params.get("q", ""))
        return paged(self, request, rows.prefetch_related("memberships"))


class MeView(APIView):
    """Whoever asks."""

    @extend_schema(operation_id="me", responses={200: MeOut, **refusals()})
    def get(self, request: Request) -> Response:
        """Show who the token or the session stands for, and what it may write."""
        actor = actor_of(request)
        return Response(
            {
                "ref": actor.ref,
                "name": actor.name,
                "person": entity_json(actor.person) if actor.person else None,
                "scopes": actor.token.scopes if actor.token else None,
                "teams": sorted(Team.objects.filter(pk__in=actor.team_ids()).values_list("ref", flat=True)),
                "everywhere": actor.everywhere,
            }
        )
