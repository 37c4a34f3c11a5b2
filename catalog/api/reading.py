"""What readers keep for themselves, over HTTP: stars and saved views."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.api.base import refusals
from catalog.filters import kept_query
from catalog.models import SavedView, Star
from catalog.operations import Outcome, ViewSpec, delete_view, save_view, star, unstar
from catalog.operations.reading import NoSuchView, reader
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.strict import StrictSerializer, said


class StarOut(serializers.Serializer[Any]):
    """A thing kept at hand."""

    ref = serializers.CharField()
    title = serializers.CharField(help_text="As it was called when it was starred")
    url = serializers.CharField(help_text="Its page, from the root of the portal")
    created_at = serializers.DateTimeField()


class ViewIn(StrictSerializer):
    """A view to be saved."""

    echoes = frozenset({"id", "mine", "by", "url", "created_at"})

    name = serializers.CharField(max_length=60)
    query = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="A list's query string, such as tier=1&health=bad",
    )
    team = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, help_text="A team of yours to share it with"
    )
    page = serializers.ChoiceField(choices=["catalog"], required=False)


class ViewOut(serializers.Serializer[Any]):
    """A saved view."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    page = serializers.CharField()
    query = serializers.CharField()
    team = serializers.CharField(help_text="Whom it is shared with; empty: nobody")
    by = serializers.CharField(help_text="Who made it")
    mine = serializers.BooleanField()
    created_at = serializers.DateTimeField()


@dataclass(frozen=True, slots=True)
class ViewSaid:
    """What a body says where it says nothing."""

    name: str = ""
    query: str = ""
    team: str = ""
    page: str = "catalog"


class Newest(KeysetPagination):
    """In the order in which they were made, newest first."""

    ordering = "-pk"


class StarList(APIView):
    """What the reader starred."""

    pagination_class = Newest

    @extend_schema(operation_id="me_stars", responses={200: StarOut(many=True), **refusals(400, 403)})
    def get(self, request: Request) -> Response:
        """List my stars, newest first; `next` leads on."""
        pages = Newest()
        rows = pages.paginate_queryset(queries.stars_of(reader(actor_of(request))), request, view=self) or []
        return pages.get_paginated_response([_star(row) for row in rows])


class StarView(APIView):
    """One star, by the reference of the thing."""

    @extend_schema(
        operation_id="me_star", request=None, responses={200: StarOut, 201: StarOut, **refusals(403, 404, 409)}
    )
    def put(self, request: Request, ref: str) -> Response:
        """Star an entity; twice is once."""
        written = star(ref=ref, actor=actor_of(request), now=db_now())
        return Response(_star(written.row), status=201 if written.outcome is Outcome.CREATED else 200)

    @extend_schema(operation_id="me_unstar", responses={204: None, **refusals(403)})
    def delete(self, request: Request, ref: str) -> Response:
        """Take the star away, whether there is one or not."""
        unstar(ref=ref, actor=actor_of(request))
        return Response(status=204)


class ViewList(APIView):
    """The reader's saved views."""

    pagination_class = Newest

    @extend_schema(operation_id="me_views", responses={200: ViewOut(many=True), **refusals(400, 403)})
    def get(self, request: Request) -> Response:
        """List my own views and those shared with my teams, newest first; `next` leads on."""
        person, pages = reader(actor_of(request)), Newest()
        rows = pages.paginate_queryset(queries.views_for(person), request, view=self) or []
        return pages.get_paginated_response([_view(row, person.pk) for row in rows])

    @extend_schema(
        operation_id="me_save_view",
        request=ViewIn,
        responses={200: ViewOut, 201: ViewOut, **refusals(400, 403, 409)},
    )
    def post(self, request: Request) -> Response:
        """Save a view; one of the same name becomes this."""
        given = said(ViewIn(data=request.data), request, about=ViewSaid)
        actor = actor_of(request)
        spec = ViewSpec(**{**given, "query": kept_query(given.get("query", "")), "team": given.get("team", "")})
        written = save_view(spec=spec, actor=actor, now=db_now())
        code = 201 if written.outcome is Outcome.CREATED else 200
        return Response(_view(written.row, written.row.person_id), status=code)


class SavedViewView(APIView):
    """One saved view."""

    @extend_schema(operation_id="me_delete_view", responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, number: str) -> Response:
        """Take a view away."""
        actor = actor_of(request)
        reader(actor)
        if not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise NoSuchView
        delete_view(view_id=int(number), actor=actor, now=db_now())
        return Response(status=204)


def _star(row: Star) -> dict[str, object]:
    return {"ref": row.ref, "title": row.title, "url": row.url, "created_at": row.created_at}


def _view(row: SavedView, reader_id: int) -> dict[str, object]:
    return {
        "id": row.pk,
        "name": row.name,
        "page": row.page,
        "query": row.query,
        "team": row.team.ref if row.team else "",
        "by": row.person.ref,
        "mine": row.person_id == reader_id,
        "created_at": row.created_at,
    }
