"""The change log over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.base import query, refusals
from catalog.filters_changes import change_filter
from catalog.queries.changes import change_json, changes
from portal.lib.api import KeysetPagination

FILTERS = [
    query("q", "Words in the name or title of what was written, or of who wrote"),
    query("actor", "Who, such as user:default/ada, token:ci, or just ada"),
    query("kind", "Kind of the object: component, group, user, token, …"),
    query("object", "Reference of the object"),
    query("team", "Whose it was then: a team's reference or short name"),
    query("action", "component.update, or just update"),
    query("via", "web, api, cli, link or system"),
    query("since", "From this moment or day on"),
    query("until", "Before this moment or day"),
]


class ChangeOut(serializers.Serializer[Any]):
    """One write by anyone."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="user:…, token:… or system:…")
    actor_name = serializers.CharField()
    via = serializers.CharField()
    action = serializers.CharField()
    object = serializers.CharField()
    owner = serializers.CharField(help_text="Whose it was then; empty: nobody's")
    diff = serializers.DictField(child=serializers.ListField(), help_text="{field: [before, after]}")


class NewestFirst(KeysetPagination):
    """By time; those of one moment by number."""

    ordering = ("-at", "-pk")


class ChangeList(APIView):
    """What was written, by whom."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="changes_list", parameters=FILTERS, responses={200: ChangeOut(many=True), **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """List changes, newest first; `next` leads on. /changes.csv and /changes.jsonl send everything at once."""
        pages = NewestFirst()
        page = pages.paginate_queryset(changes(change_filter(request.query_params)), request, view=self) or []
        return pages.get_paginated_response([change_json(row) for row in page])
