"""Search over everything, and what each further filter would leave, over HTTP."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.api.base import query, refusals
from catalog.api.components import FILTERS
from catalog.filters import starred_filter
from catalog.registries import Hit
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid

MOST = 50
HEALTHS = {4: "bad", 3: "exhausted", 2: "at-risk", 1: "unknown", 0: "good", -1: "none"}


class ChoiceOut(serializers.Serializer[Any]):
    """One choice of a filter."""

    value = serializers.CharField(help_text="As the filter takes it")
    title = serializers.CharField()
    count = serializers.IntegerField(help_text="How many components it would leave; of large catalogs up to 10 s old")
    chosen = serializers.BooleanField()


class FacetsOut(serializers.Serializer[Any]):
    """Choices by filter, those that leave most first."""

    total = serializers.IntegerField(help_text="How many the filters leave as they are")
    kind = ChoiceOut(many=True)
    health = ChoiceOut(many=True)
    tier = ChoiceOut(many=True)
    type = ChoiceOut(many=True)
    lifecycle = ChoiceOut(many=True)
    owner = ChoiceOut(many=True)
    system = ChoiceOut(many=True)
    tag = ChoiceOut(many=True)


class HitOut(serializers.Serializer[Any]):
    """One thing found."""

    kind = serializers.CharField(help_text="component, resource, api, system, domain, team, person, objective, …")
    ref = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    url = serializers.CharField(help_text="Its page, from the root of the portal")
    score = serializers.FloatField(help_text="How well it fits; 1 is the whole name, below 0.5 it is only like it")
    health = serializers.ChoiceField(choices=list(HEALTHS.values()), allow_null=True, help_text="Of components")
    matches = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()), help_text="Parts of the title, [start, end)"
    )


class SearchOut(serializers.Serializer[Any]):
    """The best few, best first."""

    results = HitOut(many=True)


class FacetsView(APIView):
    """What each further filter of the component list would leave."""

    open_to_readers = True

    @extend_schema(operation_id="components_facets", parameters=FILTERS, responses={200: FacetsOut, **refusals(400)})
    def get(self, request: Request) -> Response:
        """List the choices of every filter with their counts, given the choices in all other filters."""
        found = queries.count_choices(starred_filter(request))
        shown = {field: [_choice(one) for one in choices] for field, choices in found.facets.items()}
        return Response({"total": found.total, **shown})


class SearchView(APIView):
    """One search over everything."""

    open_to_readers = True

    @extend_schema(
        operation_id="search",
        parameters=[
            query("q", "Words; each begins a word of the name, or of a text about the thing. Slips are forgiven"),
            query("kind", "Only these kinds, such as component, team or incident", many=True),
            query("limit", f"1 to {MOST}", int),
        ],
        responses={200: SearchOut, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Search everything: the best few of each kind that fit."""
        text, now = request.query_params.get("q", ""), db_now()
        found = queries.search(text, limit=_limit(request), now=now, only=_kinds(request))
        return Response({"results": [_hit(one, text) for one in found]})


def _choice(one: queries.Facet) -> dict[str, object]:
    return {"value": one.value, "title": one.title, "count": one.count, "chosen": one.chosen}


def _hit(one: Hit, text: str) -> dict[str, object]:
    return {
        "kind": one.kind,
        "ref": one.ref,
        "title": one.title,
        "detail": one.detail,
        "url": one.url,
        "score": round(min(one.score, 1.0), 3),
        "health": None if one.health is None else HEALTHS[one.health],
        "matches": [list(part) for part in queries.marked(one, text)],
    }


def _limit(request: Request) -> int:
    asked = request.query_params.get("limit", "20")
    if not asked.isdecimal() or len(asked) > 4 or not 1 <= int(asked) <= MOST:
        raise _refused("limit", f"Use a number from 1 to {MOST}.")
    return int(asked)


def _kinds(request: Request) -> Sequence[str]:
    signed_in = request.auth is not None or request.user.is_authenticated
    known, asked = (
        queries.kinds(known=signed_in),
        [kind.lower() for kind in request.query_params.getlist("kind") if kind],
    )
    for kind in asked:
        if kind not in known:
            raise _refused("kind", f"{kind!r}: use some of {', '.join(known)}.")
    return asked or ([] if signed_in else known)


def _refused(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
