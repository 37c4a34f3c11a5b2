"""Over HTTP: what is shared beyond the sign-in, and the links of one thing."""

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from catalog.models import Sharing
from catalog.operations.sharing import share, unshare
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.problems import refusals
from portal.pages.embedding.sharing import links, may_share, shared
from portal.pages.embedding.things import Thing, find

KINDS = ("badge", "card", "feed")


class SharedThingOut(serializers.Serializer[Any]):
    """A thing that is shared."""

    ref = serializers.CharField(help_text="component:default/ci-runners, group:…, slo:NAME or status:all")
    created_by = serializers.CharField(source="created_by.ref", default=None, allow_null=True)
    created_at = serializers.DateTimeField()


class LinkOut(serializers.Serializer[Any]):
    """One way to show it. `text` is what goes elsewhere: Markdown for a badge, HTML for a card."""

    kind = serializers.ChoiceField(KINDS, source="show.kind")
    what = serializers.CharField(source="show.what")
    title = serializers.CharField(source="show.title")
    url = serializers.CharField()
    text = serializers.CharField()


class SharingOut(serializers.Serializer[Any]):
    """A thing and its links: signed where it is `shared` and you may share it, else for those who sign in."""

    ref = serializers.CharField()
    title = serializers.CharField()
    shared = serializers.BooleanField()
    signed = serializers.BooleanField()
    links = LinkOut(many=True)


class ByRef(KeysetPagination):
    """By reference."""

    ordering = "ref"


class SharingList(APIView):
    """What is shared."""

    pagination_class = ByRef

    @extend_schema(
        operation_id="sharing_list",
        parameters=[OpenApiParameter("q", description="Part of the reference")],
        responses={200: SharedThingOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """All that is shared beyond the sign-in, by reference."""
        pages = ByRef()
        page = pages.paginate_queryset(shared(request.query_params.get("q", "")), request, view=self) or []
        return pages.get_paginated_response(SharedThingOut(page, many=True).data)


class OneSharing(APIView):
    """Badges, cards and feeds of one thing."""

    @extend_schema(operation_id="sharing_retrieve", responses={200: SharingOut, **refusals(404)})
    def get(self, request: Request, ref: str) -> Response:
        """Its links."""
        return Response(_told(request, find(ref)))

    @extend_schema(operation_id="sharing_begin", request=None, responses={200: SharingOut, **refusals(403, 404)})
    def put(self, request: Request, ref: str) -> Response:
        """Share it: from now on its links need no sign-in. Sharing it again changes nothing."""
        thing = find(ref)
        share(ref=thing.ref, owner=thing.owner, scope=thing.scope, actor=actor_of(request), now=db_now())
        return Response(_told(request, thing))

    @extend_schema(operation_id="sharing_end", responses={204: None, **refusals(403, 404)})
    def delete(self, request: Request, ref: str) -> Response:
        """End all its links. Those made when it is shared again are others."""
        thing = find(ref)
        unshare(ref=thing.ref, owner=thing.owner, scope=thing.scope, actor=actor_of(request), now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _told(request: Request, thing: Thing) -> dict[str, object]:
    row = Sharing.objects.filter(ref=thing.ref).first()
    may = may_share(actor_of(request), thing)
    body = {
        "ref": thing.ref,
        "title": thing.title,
        "shared": row is not None,
        "signed": row is not None and may,
        "links": links(request._request, thing, row if may else None),
    }
    return dict(SharingOut(body).data)


urlpatterns: list[URLPattern] = [
    path("sharing", SharingList.as_view(), name="sharings"),
    path("sharing/<path:ref>", OneSharing.as_view(), name="sharing"),
]
