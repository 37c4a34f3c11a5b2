"""Schedules, shifts and overrides as JSON, in and out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from catalog.api import named
from incidents.models import LayerVersion, Override
from incidents.oncall.wallclock import Window
from incidents.operations.turns import Turns
from incidents.queries.oncall import OnCall
from portal.lib.errors import Invalid
from portal.lib.strict import StrictSerializer

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class WindowIn(StrictSerializer):
    """A time of day by the schedule's clock, over midnight where `end` is not after `start`; on all days without."""

    start = serializers.TimeField()
    end = serializers.TimeField()
    days = serializers.ListField(child=serializers.ChoiceField(choices=WEEKDAYS), required=False, max_length=7)


class RotationIn(StrictSerializer):
    """People (or a team: its members of now) take turns, in this order; `starts_at` is now when left out."""

    name = serializers.CharField(max_length=100, default="Primary")
    people = serializers.ListField(child=named.Reference(kind="user"), min_length=1, max_length=200)
    unit = serializers.ChoiceField(choices=LayerVersion.Unit.choices, default="week")
    length = serializers.IntegerField(min_value=1, max_value=366, default=1)
    handoff = serializers.TimeField(default=time(9))
    weekday = serializers.ChoiceField(choices=WEEKDAYS, default="monday")
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    restrictions = WindowIn(many=True, default=list)


class LayerIn(RotationIn):
    """A layer: its rotation from a moment on."""


class OrderIn(StrictSerializer):
    """Positions of all layers, from bottom to top; `starts_at` is now when left out."""

    positions = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=1000), max_length=100)
    starts_at = serializers.DateTimeField(required=False)


class ScheduleIn(StrictSerializer):
    """A schedule with one `rotation`, or with several `layers` from bottom to top."""

    name = serializers.CharField(max_length=200)
    team = named.team(default=None, allow_null=True)
    time_zone = serializers.CharField(max_length=64, default="UTC")
    rotation = RotationIn(required=False)
    layers = serializers.ListField(child=RotationIn(), required=False, min_length=1, max_length=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("rotation" in attrs) == ("layers" in attrs):
            raise serializers.ValidationError({"rotation": "Send either rotation or layers."}, code="required")
        return attrs


class NewScheduleIn(ScheduleIn):
    """Without `slug` one is made from the name."""

    slug = serializers.SlugField(max_length=80, required=False)


class SettingsIn(StrictSerializer):
    """What is no part of the rotation; what is left out stays."""

    tells_handoffs = serializers.BooleanField(required=False, help_text="Both people are told at each handoff")


class OverrideIn(StrictSerializer):
    """`person` null is deliberately nobody."""

    person = named.person(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)


class TakeOverIn(StrictSerializer):
    """Who takes over; the signed-in person when left out."""

    person = named.person(required=False)


class RotationOut(serializers.ModelSerializer[LayerVersion]):
    """What the rotation says from `starts_at` on."""

    weekday = serializers.SerializerMethodField()
    restrictions = serializers.SerializerMethodField()

    class Meta:
        model = LayerVersion
        fields = (
            "position", "name", "people", "unit", "length", "handoff", "weekday", "starts_at", "ends_at",
            "restrictions",
        )  # fmt: skip
        read_only_fields = fields

    def get_weekday(self, version: LayerVersion) -> str:
        """By name."""
        return WEEKDAYS[version.weekday]

    def get_restrictions(self, version: LayerVersion) -> list[dict[str, Any]]:
        """With days by name."""
        return [
            {**raw, "days": [WEEKDAYS[day] for day in raw["days"]]} if raw.get("days") else raw
            for raw in version.restrictions
        ]


class OnCallOut(serializers.Serializer[OnCall]):
    """Who has it: a reference, or null for nobody; `until` null means no end within a year."""

    person = serializers.CharField(source="ref", allow_null=True)
    name = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    by_override = serializers.BooleanField()
    next_person = serializers.CharField(source="next_ref", allow_null=True)


class TeamOnCallOut(OnCallOut):
    """Who has it for a team, and by which schedule; a team without one has nobody."""

    team = serializers.CharField()
    schedule = serializers.CharField(source="schedule.slug", allow_null=True)


class ScheduleOut(serializers.Serializer[OnCall]):
    """A schedule, its rotation by versions, and who has it now."""

    slug = serializers.CharField(source="schedule.slug")
    name = serializers.CharField(source="schedule.name")
    team = serializers.CharField(source="schedule.team.ref", default=None, allow_null=True)
    time_zone = serializers.CharField(source="schedule.time_zone")
    tells_handoffs = serializers.BooleanField(source="schedule.tells_handoffs")
    rotations = RotationOut(source="schedule.layers", many=True)
    on_call = OnCallOut(source="*")


class DutyOut(serializers.Serializer[Any]):
    """One shift."""

    person = serializers.CharField(source="ref")
    name = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    by_override = serializers.BooleanField()


class HoleOut(serializers.Serializer[Any]):
    """Nobody is on call; `decided` by an override that says so; `lasting` beyond the end of the period."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    decided = serializers.BooleanField()
    lasting = serializers.BooleanField()


class PeriodOut(serializers.Serializer[Any]):
    """A period's shifts and gaps, in order."""

    shifts = DutyOut(many=True)
    gaps = HoleOut(many=True)


class OverrideOut(serializers.ModelSerializer[Override]):
    """An override."""

    person = serializers.CharField(source="person.ref", default=None, allow_null=True)
    created_by = serializers.CharField(source="created_by.ref", default=None, allow_null=True)

    class Meta:
        model = Override
        fields = ("id", "person", "starts_at", "ends_at", "reason", "created_at", "created_by")
        read_only_fields = fields


def read(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """What was sent, checked. Raises ValidationError naming the fields."""
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


@contextmanager
def placed(several: bool = False) -> Iterator[None]:
    """What an operation says of a rotation's field, said with the field's place in the body."""
    try:
        yield
    except Invalid as error:
        inside = set() if several else set(RotationIn().fields) - {"name"}
        found = tuple(
            replace(one, field=f"rotation.{one.field}" if one.field.partition("[")[0] in inside else one.field)
            for one in error.errors
        )
        raise Invalid(str(error), errors=found) from error


def layers(given: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The layers of a schedule's body, taken out of it, as arguments of the operations."""
    said = given.pop("layers", None) or [given.pop("rotation")]
    found = [turns(one, now) for one in said]
    return {"turns": found[0], "above": found[1:]}


def turns(given: dict[str, Any], now: datetime) -> Turns:
    """A rotation for the operations."""
    return Turns(
        people=tuple(ref.strip().lower() for ref in given["people"]),
        starts_at=given.get("starts_at", now),
        unit=given["unit"],
        length=given["length"],
        handoff=given["handoff"],
        weekday=WEEKDAYS.index(given["weekday"]),
        name=given["name"],
        restrictions=tuple(_window(one) for one in given["restrictions"]),
        ends_at=given.get("ends_at"),
    )


def _window(given: dict[str, Any]) -> Window:
    days = frozenset(WEEKDAYS.index(day) for day in given.get("days") or WEEKDAYS)
    return Window(given["start"], given["end"], days)
