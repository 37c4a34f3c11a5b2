"""What anything has to do with anything else, over HTTP."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.api.base import query, refusals
from catalog.refs import no_such
from portal.lib.errors import FieldError, Invalid, Missing

MOST = 500


class NothingKnown(Missing):
    """Nothing of that name is registered, and nothing registered names it."""


class RelationOut(serializers.Serializer[Any]):
    """One relation, seen from the entity that was asked about."""

    type = serializers.CharField(help_text="ownedBy, ownerOf, partOf, hasPart, dependsOn, dependencyOf, …")
    target = serializers.CharField(help_text="The other's reference")
    registered = serializers.BooleanField(help_text="false: named, and not there (yet)")
    title = serializers.CharField(help_text="What people call it; empty where it is not registered")
    retired = serializers.BooleanField()


class RelationsOut(serializers.Serializer[Any]):
    """An entity's relations by type and reference; `next` leads on."""

    ref = serializers.CharField()
    registered = serializers.BooleanField(help_text="Whether the entity itself is there")
    results = RelationOut(many=True)
    next = serializers.CharField(allow_null=True)


class RelationsView(APIView):
    """An entity's relations, from its side."""

    open_to_readers = True

    @extend_schema(
        operation_id="entities_relations",
        parameters=[
            query("limit", "How many at once, 1 to 500; 100 where left out", int),
            query("cursor", "Of `next`"),
        ],
        responses={200: RelationsOut, **refusals(400, 404)},
    )
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """List what the entity has to do with others, of whatever kind; also of what is only named by others."""
        ref = f"{kind}:{namespace}/{name}".lower()
        size, after = _size(request), _place(request)
        found = queries.relations_of(ref, after=after, most=size + 1)
        there = ref in queries.names_of([ref])
        if not there and not found and after == ("", ""):
            raise NothingKnown(f"{no_such(ref)} Nothing names it either.")
        shown = found[:size]
        onward = _address(request, shown[-1]) if len(found) > size else None
        return Response({"ref": ref, "registered": there, "results": [_json(one) for one in shown], "next": onward})


def _json(relation: queries.Relation) -> dict[str, object]:
    target = relation.target
    return {
        "type": relation.type,
        "target": relation.target_ref,
        "registered": target is not None,
        "title": target.label if target else "",
        "retired": target is not None and target.retired,
    }


def _size(request: Request) -> int:
    asked = request.query_params.get("limit", "100")
    if not asked.isdecimal() or not asked.isascii() or not 1 <= int(asked[:9]) <= MOST:
        raise _refused("limit", f"Use a number from 1 to {MOST}.")
    return int(asked)


def _place(request: Request) -> tuple[str, str]:
    cursor = request.query_params.get("cursor", "")
    if not cursor:
        return "", ""
    try:
        type_, target = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise _refused("cursor", "Send `next` as it was answered.") from error
    if not all(isinstance(part, str) and "\x00" not in part and part.isprintable() for part in (type_, target)):
        raise _refused("cursor", "Send `next` as it was answered.")
    return type_, target


def _address(request: Request, last: queries.Relation) -> str:
    place = json.dumps([last.type, last.target_ref]).encode()
    asked = {**request.query_params.dict(), "cursor": base64.urlsafe_b64encode(place).decode().rstrip("=")}
    return request.build_absolute_uri(f"{request.path}?{urlencode(asked)}")


def _refused(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
