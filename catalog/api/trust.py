"""The queue, confirming and scorecards over HTTP. A case is put right by the ordinary PATCH or DELETE of its holder."""

from typing import Any

from django.db.models import F
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries, scorecard
from catalog.access import actor_of
from catalog.api.base import READ_REFUSALS, query, refusals
from catalog.api.entities import ByRef
from catalog.filters import LEVEL_NAMES, QUEUED_KINDS, queue_filter, score_filter
from catalog.levels import LEVELS
from catalog.models import Component, Score, Team
from catalog.operations import confirm_components, confirm_team
from catalog.queries import OUTCOMES, TROUBLES, Case
from catalog.refs import BadReference, parse
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer

MOST = 1000
QUEUE_FILTERS = [
    query("trouble", f"One of {', '.join(TROUBLES)}", many=True),
    query("team", "A team's reference or short name: the owner, there or not", many=True),
    query("kind", f"One of {', '.join(QUEUED_KINDS)}", many=True),
]
SCORE_FILTERS = [
    query("level", f"One of {', '.join(LEVEL_NAMES)}", many=True),
    query("tier", "1 to 4", int, many=True),
    query("type", "Type", many=True),
    query("team", "The owner's reference or short name", many=True),
    query("check", "A check's key: those it applies to"),
    query("outcome", "With `check`: passed, failed or unknown"),
]


class CaseOut(serializers.Serializer[Any]):
    """One thing to put right."""

    trouble = serializers.ChoiceField(choices=list(TROUBLES))
    ref = serializers.CharField(help_text="Who has the trouble: PATCH, DELETE or confirm this")
    owner = serializers.CharField(help_text="Whose it is; empty: nobody's")
    since = serializers.DateTimeField()
    field = serializers.CharField(help_text="Where `ref` says so, in the words of PATCH")
    named = serializers.CharField(help_text="The reference in question; empty where there is none")
    meant = serializers.CharField(help_text="What was probably meant instead; empty where nothing is close")
    others = serializers.ListField(
        child=serializers.CharField(), help_text="What still depends on a retired one, or the sources that dropped it"
    )


class QueueOut(serializers.Serializer[Any]):
    """A page of the queue."""

    results = CaseOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class QueueCountsOut(serializers.Serializer[Any]):
    """How many cases each kind of trouble has."""

    total = serializers.IntegerField()
    troubles = serializers.DictField(child=serializers.IntegerField())


class ConfirmIn(StrictSerializer):
    """What is right: components by reference, or all that a team owns."""

    refs = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, allow_empty=False, max_length=MOST
    )
    team = serializers.CharField(required=False, max_length=200, help_text="A team's reference or short name")


class ConfirmOut(serializers.Serializer[Any]):
    """What was confirmed, and when."""

    confirmed = serializers.ListField(child=serializers.CharField())
    at = serializers.DateTimeField()


class LineOut(serializers.Serializer[Any]):
    """One check of a component."""

    check = serializers.CharField()
    title = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    outcome = serializers.ChoiceField(choices=list(OUTCOMES))
    reason = serializers.CharField()
    fix = serializers.CharField(help_text="Where to put it right; empty where nothing is to do")


class ScorecardOut(serializers.Serializer[Any]):
    """A component's scorecard."""

    ref = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVEL_NAMES)
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="When it was worked out")
    checks = LineOut(many=True, required=False, help_text="Of one component only")


class FleetOut(serializers.Serializer[Any]):
    """What the scorecards add up to."""

    levels = serializers.DictField(child=serializers.IntegerField())
    checks = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    days = serializers.ListField(
        child=serializers.DictField(), help_text="Day by day, of all or of one team; empty with other filters"
    )


class QueueView(APIView):
    """What is unowned or rotten."""

    open_to_readers = True

    @extend_schema(
        operation_id="queue_list",
        parameters=[
            *QUEUE_FILTERS,
            query("cursor", "`next` or `previous` as answered"),
            query("limit", "1 to 500", int),
        ],
        responses={200: QueueOut, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List cases, the oldest first. To put one right, write what says it; `components/confirm` confirms."""
        now, wanted = db_now(), queue_filter(request.query_params)
        size = KeysetPagination().get_page_size(request) or KeysetPagination.page_size
        try:
            page = queries.queue(wanted, now=now, cursor=request.query_params.get("cursor", ""), size=size)
        except queries.BadCursor as error:
            message = "Send `next` or `previous` as they were answered."
            raise Invalid(f"cursor: {message}", errors=(FieldError("cursor", "invalid", message),)) from error
        meant = queries.meant({case.named for case in page.cases if case.named and "meant" in case.trouble.fixes})
        return Response(
            {
                "results": [_case_json(case, meant.get(case.named, "")) for case in page.cases],
                "next": _link(request, page.next),
                "previous": _link(request, page.previous),
            }
        )


class QueueCountsView(APIView):
    """How much there is to put right."""

    open_to_readers = True

    @extend_schema(
        operation_id="queue_counts", parameters=QUEUE_FILTERS[1:], responses={200: QueueCountsOut, **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """Count the cases by kind of trouble."""
        found = queries.trouble_counts(queue_filter(request.query_params), now=db_now())
        return Response({"total": sum(found.values()), "troubles": found})


class ConfirmView(APIView):
    """Saying that what the catalog says is right."""

    @extend_schema(
        operation_id="components_confirm", request=ConfirmIn, responses={200: ConfirmOut, **refusals(400, 403, 404)}
    )
    def post(self, request: Request) -> Response:
        """Confirm components, all of them or none, or all that a team owns; for the owner team and platform admins."""
        given = ConfirmIn(data=request.data)
        given.is_valid(raise_exception=True)
        refs, team = given.validated_data.get("refs"), given.validated_data.get("team")
        if (refs is None) == (team is None):
            raise ValidationError({"refs": "Name either refs or a team."})
        actor, now = actor_of(request), db_now()
        if team is not None:
            done = confirm_team(ref=_whole("team", team, "group"), actor=actor, now=now)
        else:
            whole = [_whole(f"refs[{place}]", ref, "component") for place, ref in enumerate(refs)]
            done = confirm_components(refs=whole, actor=actor, now=now)
        return Response({"confirmed": list(done.refs), "at": now})


class ScorecardView(APIView):
    """One component's scorecard."""

    open_to_readers = True

    @extend_schema(operation_id="components_scorecard", responses={200: ScorecardOut, **READ_REFUSALS})
    def get(self, request: Request, kind: str, namespace: str, name: str) -> Response:
        """Show the scorecard: every check that applies, asked now."""
        component, now = queries.component_by_ref(f"{kind}:{namespace}/{name}"), db_now()
        return Response(_card_json(component, scorecard.judge([component], now=now)[component.pk], now))


class ScoreList(APIView):
    """Scorecards as last worked out."""

    open_to_readers = True
    pagination_class = ByRef

    @extend_schema(
        operation_id="scorecards_list",
        parameters=SCORE_FILTERS,
        responses={200: ScorecardOut(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List scorecards by reference; `next` leads on. One with all reasons is at its component."""
        rows = queries.scores(score_filter(request.query_params)).annotate(ref=F("component__ref"))
        pages = ByRef()
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([_score_json(score) for score in page])


class ScoreFleetView(APIView):
    """What the scorecards add up to."""

    open_to_readers = True

    @extend_schema(
        operation_id="scorecards_fleet", parameters=SCORE_FILTERS, responses={200: FleetOut, **refusals(400)}
    )
    def get(self, request: Request) -> Response:
        """Show components by level, how each check went, and the trend of the last 90 days."""
        wanted = score_filter(request.query_params)
        fleet = queries.fleet(wanted)
        return Response(
            {
                "levels": dict(zip(LEVEL_NAMES, fleet.levels, strict=True)),
                "checks": {
                    key: {"passed": one.passed, "failed": one.failed, "unknown": one.unknown}
                    for key, one in fleet.checks.items()
                },
                "days": _days_json(wanted),
            }
        )


def _days_json(wanted: queries.ScoreFilter) -> list[dict[str, object]]:
    if not wanted.empty and wanted != queries.ScoreFilter(team=wanted.team[:1]):
        return []
    team = Team.objects.filter(ref=wanted.team[0]).first() if wanted.team else None
    if wanted.team and team is None:
        return []
    days = queries.trend(team, now=db_now())
    return [{"day": one.day, "levels": dict(zip(LEVEL_NAMES, one.levels, strict=True))} for one in days]


def _case_json(case: Case, meant: str) -> dict[str, object]:
    return {
        "trouble": case.trouble.key,
        "ref": case.ref,
        "owner": case.owner.ref if case.owner else "",
        "since": case.since,
        "field": case.field,
        "named": case.named,
        "meant": meant,
        "others": list(case.users),
    }


def _card_json(component: Component, card: scorecard.Scorecard, now: object) -> dict[str, object]:
    outcomes = {value: name for name, value in OUTCOMES.items()}
    return {
        "ref": component.ref,
        "level": LEVEL_NAMES[card.sum.level],
        "passed": card.sum.passed,
        "failed": card.sum.failed,
        "unknown": card.sum.unknown,
        "at": now,
        "checks": [
            {
                "check": line.key,
                "title": line.check.title,
                "level": line.check.level,
                "outcome": outcomes[line.verdict.outcome],
                "reason": line.verdict.reason,
                "fix": line.verdict.fix,
            }
            for line in card.lines
        ],
    }


def _score_json(score: Score) -> dict[str, object]:
    return {
        "ref": score.component.ref,
        "level": LEVEL_NAMES[score.level],
        "passed": score.passed,
        "failed": score.failed,
        "unknown": score.unknown,
        "at": score.at,
    }


def _whole(field: str, text: str, kind: str) -> str:
    try:
        return str(parse(text, kind=kind))
    except BadReference as error:
        raise ValidationError({field: f"{error}."}) from error


def _link(request: Request, cursor: str) -> str | None:
    if not cursor:
        return None
    view: QueryDict = request.query_params.copy()
    view["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{view.urlencode()}")
