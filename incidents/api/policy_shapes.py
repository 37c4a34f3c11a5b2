"""Escalation policies, team paging and the catch-all as JSON, in and out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from rest_framework import serializers

from catalog.api import named
from incidents import ladders
from incidents.api.oncall_shapes import read as read
from incidents.api.serializers import PageOut as PageOut
from incidents.escalation import Condition, Policy, Step, Target
from incidents.models import EscalationPolicy, PolicyVersion, Schedule, TeamPaging, Urgency
from incidents.operations.policy_drafts import PolicyDraft
from incidents.policy_texts import (
    DAYS,
    BadTarget,
    duration_text,
    hours,
    target_of,
    target_text,
)  # fmt: skip
from incidents.policy_uses import Uses, uses
from incidents.policy_words import Names, lines
from incidents.policy_words import ladders as said_by
from incidents.queries import policies as queries
from portal.lib import durations
from portal.lib.strict import StrictSerializer

REF = "schedule:SLUG, user:NAMESPACE/NAME or group:NAMESPACE/NAME"


class TargetIO(serializers.CharField):
    """`schedule:build-ci`, `user:default/ada` or `group:default/networking`."""

    def run_validation(self, data: Any = serializers.empty) -> Any:  # noqa: ANN401
        """As a Target. Raises ValidationError."""
        try:
            return target_of(super().run_validation(data))
        except BadTarget as error:
            raise serializers.ValidationError(f"{error}.", code="format") from error


class DurationIO(serializers.CharField):
    """`5m`, `1h30m`."""

    def run_validation(self, data: Any = serializers.empty) -> Any:  # noqa: ANN401
        """As a timedelta, or None. Raises ValidationError."""
        text = super().run_validation(data)
        try:
            return None if text is None else durations.parse(text)
        except durations.BadDuration as error:
            raise serializers.ValidationError(f"{error}.", code="format") from error


class ConditionIO(StrictSerializer):
    """When a step applies; equal times are the whole day, an end before the start is over midnight."""

    zone = serializers.CharField(max_length=64)
    days = serializers.ListField(child=serializers.ChoiceField(choices=DAYS), default=list(DAYS), max_length=7)
    start = serializers.TimeField(default=time(0), format="%H:%M")
    end = serializers.TimeField(default=time(0), format="%H:%M")


class StepIO(StrictSerializer):
    """One step: whom to ask, how long to wait for an answer before the next."""

    targets = serializers.ListField(
        child=TargetIO(max_length=300), max_length=50, help_text=f"Each {REF}; all are asked at once"
    )
    delay = DurationIO(max_length=30, default="5m", help_text="Before the next step, 10s to 1d")
    repeat = serializers.IntegerField(min_value=0, max_value=20, default=0, help_text="Ask so many further times")
    round_robin = serializers.BooleanField(default=False, help_text="One of the targets, another from page to page")
    condition = ConditionIO(required=False, allow_null=True, default=None)


class PolicyIn(StrictSerializer):
    """A policy as a client writes it; what is left out takes its default."""

    echoes = frozenset({"slug", "version", "since", "retired_at", "words", "uses", "now", "url"})

    name = serializers.CharField(max_length=200)
    team = named.team(default=None, allow_null=True)
    steps = StepIO(many=True)
    steps_low: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=StepIO(), required=False, allow_null=True, default=None
    )
    repeat = serializers.IntegerField(min_value=0, max_value=20, default=0)
    fallback = named.ByName[EscalationPolicy](
        slug_field="slug", queryset=EscalationPolicy.objects.all(), default=None, allow_null=True
    )
    ack_timeout = DurationIO(max_length=30, default=None, allow_null=True)
    answer_within = DurationIO(max_length=30, default=None, allow_null=True)


class NewPolicyIn(PolicyIn):
    """Without `slug` one is made from the name."""

    echoes = PolicyIn.echoes - {"slug"}
    slug = serializers.SlugField(max_length=80, required=False)


class AskedOut(serializers.Serializer[Any]):
    """One target of a step, and who is behind it now."""

    target = serializers.CharField(help_text=REF)
    name = serializers.CharField()
    reached = serializers.ListField(child=serializers.CharField(), help_text="People who would be reached now")
    without_method = serializers.ListField(child=serializers.CharField(), help_text="People who could not be")


class RungOut(serializers.Serializer[Any]):
    """One step as it would be taken now; `after` the page opens, if every step before it reaches somebody."""

    step = serializers.IntegerField(help_text="From 1")
    after = serializers.CharField()
    applies = serializers.BooleanField(help_text="Whether its condition holds now")
    nobody = serializers.BooleanField(help_text="It would reach nobody now")
    asked = AskedOut(many=True)


class NowOut(serializers.Serializer[Any]):
    """The steps for one urgency, as of now."""

    urgency = serializers.ChoiceField(choices=Urgency.values)
    steps = RungOut(many=True)


class UsesOut(serializers.Serializer[Any]):
    """Where a policy is used."""

    teams = serializers.ListField(child=serializers.CharField())
    catch_all = serializers.BooleanField()
    fallback_of = serializers.ListField(child=serializers.CharField())


class PolicyPreviewOut(serializers.Serializer[Any]):
    """A policy in words, and as of now."""

    words = serializers.ListField(child=serializers.CharField())
    now = NowOut(many=True)


class PolicyOut(PolicyPreviewOut):
    """A policy with its newest version."""

    slug = serializers.CharField()
    name = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    since = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    steps = StepIO(many=True)
    steps_low = StepIO(many=True, allow_null=True)
    repeat = serializers.IntegerField()
    fallback = serializers.CharField(allow_null=True)
    ack_timeout = serializers.CharField(allow_null=True)
    answer_within = serializers.CharField(allow_null=True)
    uses = UsesOut()
    url = serializers.CharField()


class PolicyChangeOut(serializers.Serializer[Any]):
    """A line that came (`+`) or went (`-`)."""

    sign = serializers.CharField()
    words = serializers.CharField()


class PolicyVersionOut(serializers.Serializer[Any]):
    """One version: who, when, what it changed."""

    number = serializers.IntegerField()
    since = serializers.DateTimeField()
    created_by = serializers.CharField(allow_null=True)
    changes = PolicyChangeOut(many=True)


class TeamPagingIn(StrictSerializer):
    """Which policy a team's pages walk (null: the catch-all), which schedule is shown as its own (null: none)."""

    echoes = frozenset({"team"})

    policy = named.ByName[EscalationPolicy](
        slug_field="slug", queryset=EscalationPolicy.objects.filter(retired_at=None), allow_null=True
    )
    schedule = named.ByName[Schedule](
        slug_field="slug", queryset=Schedule.objects.filter(retired_at=None), allow_null=True
    )


class TeamPagingOut(serializers.Serializer[TeamPaging]):
    """How a team is paged."""

    team = serializers.CharField(source="team.ref")
    policy = serializers.CharField(source="policy.slug", default=None, allow_null=True)
    schedule = serializers.CharField(source="schedule.slug", default=None, allow_null=True)


class CatchAllIn(StrictSerializer):
    """The policy that catches the rest."""

    policy = named.ByName[EscalationPolicy](
        slug_field="slug", queryset=EscalationPolicy.objects.filter(retired_at=None)
    )


class CatchAllOut(serializers.Serializer[Any]):
    """The policy that catches the rest; null where none is set."""

    policy = serializers.CharField(allow_null=True)


class StretchOut(serializers.Serializer[Any]):
    """From `start` until before `end`."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class TeamReachOut(serializers.Serializer[Any]):
    """Whether its own policy and fallbacks reach somebody all the time. `policy` false: the team has none."""

    team = serializers.CharField()
    policy = serializers.BooleanField()
    always = serializers.BooleanField()
    hole = StretchOut(allow_null=True, help_text="The first hours at which nobody is reached")


def draft(slug: str, given: Mapping[str, Any]) -> PolicyDraft:
    """A policy for the operations."""
    low = given.get("steps_low")
    return PolicyDraft(
        slug=slug,
        name=given["name"],
        team=given["team"],
        steps=tuple(_step(one) for one in given["steps"]),
        steps_low=None if low is None else tuple(_step(one) for one in low),
        repeat=given["repeat"],
        fallback=given["fallback"],
        ack_timeout=given["ack_timeout"],
        answer_within=given["answer_within"],
    )


def policies_json(rows: Sequence[EscalationPolicy], *, now: datetime) -> list[dict[str, Any]]:
    """Policies as PolicyOut; a fixed number of queries for any number of them."""
    versions = queries.newest([row.pk for row in rows])
    used = uses([row.pk for row in rows], now=now)
    said = {pk: said_by(version) for pk, version in versions.items()}
    every = {(pk, urgency): policy for pk, one in said.items() for urgency, policy in one.items()}
    names = Names.of(every.values())
    drawn = ladders.drawn_many(every, now=now, names=names)
    return [
        _policy_json(row, versions[row.pk], used[row.pk])
        | {"words": lines(said[row.pk], names), "now": [_now(drawn[row.pk, urgency]) for urgency in said[row.pk]]}
        for row in rows
        if row.pk in versions
    ]


def policy_json(row: EscalationPolicy, *, now: datetime) -> dict[str, Any]:
    """One of `policies_json`."""
    return policies_json([row], now=now)[0]


def preview_json(said: PolicyDraft, *, now: datetime) -> dict[str, Any]:
    """A draft as PolicyPreviewOut."""
    names = Names.of(said.said.values())
    drawn = ladders.drawn(said.said, now=now, names=names)
    return {"words": lines(said.said, names), "now": [_now(one) for one in drawn]}


def versions_json(versions: Sequence[PolicyVersion]) -> list[dict[str, Any]]:
    """Versions as PolicyVersionOut, newest first."""
    return [
        {
            "number": one.version.number,
            "since": one.version.since,
            "created_by": one.version.created_by.ref if one.version.created_by else None,
            "changes": [{"sign": each.sign, "words": each.words} for each in one.changes if each.sign],
        }
        for one in ladders.history(versions)
    ]


def _policy_json(row: EscalationPolicy, version: PolicyVersion, used: Uses) -> dict[str, Any]:
    said = said_by(version)
    return {
        "slug": row.slug,
        "name": row.name,
        "team": row.team.ref if row.team else None,
        "version": version.number,
        "since": version.since,
        "retired_at": row.retired_at,
        "steps": _steps_json(said[Urgency.HIGH]),
        "steps_low": _steps_json(said[Urgency.LOW]) if Urgency.LOW in said else None,
        "repeat": version.repeat,
        "fallback": version.fallback.slug if version.fallback else None,
        "ack_timeout": duration_text(version.ack_timeout),
        "answer_within": duration_text(version.answer_within),
        "uses": {
            "teams": [team.ref for team in used.teams],
            "catch_all": used.catch_all,
            "fallback_of": [one.slug for one in used.fallback_of],
        },
        "url": row.get_absolute_url(),
    }


def _step(given: Mapping[str, Any]) -> Step:
    said = given["condition"]
    condition = None
    if said is not None:
        days = frozenset(DAYS.index(day) for day in said["days"])
        condition = Condition(said["zone"], days, said["start"], said["end"])
    targets: tuple[Target, ...] = tuple(given["targets"])
    return Step(targets, given["delay"], given["repeat"], condition, given["round_robin"])


def _steps_json(policy: Policy) -> list[dict[str, Any]]:
    return [
        {
            "targets": [target_text(target) for target in step.targets],
            "delay": durations.render(step.delay),
            "repeat": step.repeat,
            "round_robin": step.round_robin,
            "condition": _condition_json(step.condition),
        }
        for step in policy.steps
    ]


def _condition_json(condition: Condition | None) -> dict[str, Any] | None:
    if condition is None:
        return None
    start, end = hours(condition)
    return {"zone": condition.zone, "days": [DAYS[day] for day in sorted(condition.days)], "start": start, "end": end}


def _now(ladder: ladders.Ladder) -> dict[str, Any]:
    return {
        "urgency": ladder.urgency.value,
        "steps": [
            {
                "step": rung.number,
                "after": durations.render(rung.after),
                "applies": rung.applies,
                "nobody": rung.nobody,
                "asked": [
                    {
                        "target": target_text(one.target),
                        "name": one.label,
                        "reached": [person.ref for person in one.reached],
                        "without_method": [person.ref for person in one.without_method],
                    }
                    for one in rung.asked
                ],
            }
            for rung in ladder.rungs
        ],
    }
