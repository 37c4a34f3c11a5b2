"""Counting a stretch of a ledger again, over HTTP: the twin of `portal ledger rebuild`."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer
from slo import queries
from slo.models import Cursor
from slo.operations.recounting import CannotRecount, DayChange, Recounted, recount
from slo.queries.history import shown

SECONDS = 8.0
"""So long one request counts before it answers with how far it came."""


class RebuildIn(StrictSerializer):
    """Which minutes are counted again."""

    start = serializers.DateTimeField(help_text="With zone: 2026-11-22T12:00:00Z")
    end = serializers.DateTimeField(required=False, help_text="Default: up to where the ledger stands")
    dry_run = serializers.BooleanField(default=False, help_text="Say what would change and write nothing")


class RebuiltDayOut(serializers.Serializer[Any]):
    """A day (UTC) of the stretch; excluded minutes are in neither. Counts are exact, and may be fractional."""

    day = serializers.DateField()
    changed = serializers.BooleanField()
    good = serializers.FloatField()
    total = serializers.FloatField()
    known = serializers.IntegerField(help_text="Known minutes")
    new_good = serializers.FloatField()
    new_total = serializers.FloatField()
    new_known = serializers.IntegerField()


class RebuiltOut(serializers.Serializer[Any]):
    """What counting again found so far. Where it is not `done`, send `reached` as the next `start`."""

    reached = serializers.DateTimeField()
    end = serializers.DateTimeField()
    share = serializers.FloatField(help_text="Of the stretch that was asked for, 0 to 1")
    done = serializers.BooleanField()
    written = serializers.BooleanField()
    queries = serializers.IntegerField(help_text="How often the source was asked")
    days = RebuiltDayOut(many=True)


class RebuildView(APIView):
    """Counting again."""

    @extend_schema(
        operation_id="slos_rebuild",
        request=RebuildIn,
        responses={200: RebuiltOut, **refusals(400, 403, 404, 409)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Count the minutes that end in `(start, end]` again, from what the source still has, and say what changed.

        Answers after some seconds with how far it came; repeat it from `reached` until it is `done`. What was written
        stays written. Refused where the source has less than the ledger, or keeps the stretch only downsampled.
        """
        objective = queries.by_name(name)
        body = RebuildIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        end = asked.get("end") or _stands_at(objective.ledger_id)
        try:
            found = recount(
                objective=objective,
                start=asked["start"],
                end=end,
                actor=actor_of(request),
                now=db_now(),
                dry_run=asked["dry_run"],
                seconds=SECONDS,
            )
        except Invalid as error:
            raise _as_said_here(error) from error
        return Response(_json(found, end))


def _as_said_here(error: Invalid) -> Invalid:
    """The command's `from` and `to` are called otherwise in the body."""
    names = {"from": "start", "to": "end"}
    found = tuple(FieldError(names.get(one.field, one.field), one.code, one.message) for one in error.errors)
    return Invalid("; ".join(f"{one.field}: {one.message}" for one in found) or str(error), errors=found)


def _stands_at(ledger_id: int | None) -> datetime:
    found = Cursor.objects.filter(ledger=ledger_id).values_list("bucket", flat=True).first()
    if found is None:
        raise CannotRecount("It is followed no more.")
    return found


def _json(found: Recounted, end: datetime) -> dict[str, Any]:
    return {
        "reached": found.reached,
        "end": end.astimezone(UTC),
        "share": found.share,
        "done": found.share >= 1,
        "written": found.written,
        "queries": found.queries,
        "days": [{"day": day, **_day(change)} for day, change in sorted(found.days.items())],
    }


def _day(one: DayChange) -> dict[str, Any]:
    counts = ("good", "total", "new_good", "new_total")
    return {
        "changed": one.changed,
        **{name: shown(getattr(one, name)) for name in counts},
        "known": one.known,
        "new_known": one.new_known,
    }
