"""What goes in and out as JSON: shares as numbers (0.995), times as ISO 8601, durations as `10m`; null is unknown."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from rest_framework import serializers

from portal.lib import durations
from portal.lib.strict import StrictSerializer
from slo.drafts import described
from slo.ledger import BucketRow
from slo.models import Definition, Objective
from slo.queries import FleetRow, ObjectiveDetail, RuleReading, SourceRow, TransitionRow
from slo.queries.fleet import row
from slo.queries.history import shown

ECHOES = frozenset(
    {"name", "url", "version", "revision", "status", "changed", "created_at", "updated_at", "retired_at", "warnings"}
)


def _text(help_text: str = "", *, required: bool = False, most: int = 200) -> serializers.CharField:
    return serializers.CharField(required=required, allow_blank=not required, help_text=help_text, max_length=most)


class ObjectiveIn(StrictSerializer):
    """An objective as a client writes it. In PUT what is left out takes its default, in PATCH it stays."""

    echoes = ECHOES

    component = _text("A component's reference, such as component:default/ci-runners", required=True)
    type = _text("events, latency, uptime, promql or response", required=True)
    indicator = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="events: two of good, bad, total (counter selectors); latency: histogram, threshold; "
        "uptime: query, condition (`>= 1`), combine; promql: two of good, bad, total with $window, or ratio; "
        "response: moment (acknowledged, restored, paged), within, severity, of",
    )
    target = serializers.DecimalField(
        max_digits=14, decimal_places=10, coerce_to_string=False, help_text="A share: 0.995 is 99.5 %"
    )
    window = _text("1d to 90d (default 30d), or week, month, quarter, year")
    time_zone = _text("Of a calendar window, such as Europe/Berlin; default UTC")
    title = _text("What people call it")
    description = _text(most=10_000)
    source = _text("A data source's name; the default one where left out")  # type: ignore[assignment]  # declared
    policy = _text("An alert policy's name; default workbook")
    budgeting = _text("occurrences (default) or timeslices")
    no_data = _text("What a slice without data is: ignore (default), bad or good")
    blind_after = _text("How long without data until it is blind; default 10m")
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    slice_length = _text("Length of a slice of time; default 60s")
    group_by = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Labels: one objective per combination of values"
    )
    max_series = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=1_000_000,
        help_text="More series than this are counted by increase(); null: the usual limit",
    )  # fmt: skip
    budget_policy = _text("A budget policy's name; empty: its team's")
    preset = _text("The preset it was made from")


class StandsOut(serializers.Serializer[Any]):
    """In which state an objective is, and how its budget is spent."""

    state = serializers.CharField(help_text="burning, exhausted, at_risk, no_data, building or healthy")
    remaining = serializers.FloatField(allow_null=True, help_text="Share of the error budget left; below 0 overspent")
    burn = serializers.FloatField(allow_null=True, help_text="In the long window of the first alert rule")


class StatusOut(StandsOut):
    """How an objective stood at its last evaluation."""

    data = serializers.CharField(  # type: ignore[assignment]  # declared
        help_text="flowing, quiet, stale, absent, unreachable, error or waiting"
    )
    firing = serializers.CharField(help_text="page, ticket or empty", allow_blank=True)
    current = serializers.FloatField(allow_null=True, help_text="Share of good events in the period")
    good = serializers.FloatField(allow_null=True)
    total = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField(allow_null=True, help_text="Share of the period's minutes that are known")
    exhausts_at = serializers.DateTimeField(allow_null=True)
    blind_since = serializers.DateTimeField(allow_null=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class ObjectiveOut(ObjectiveIn):
    """An objective as it is."""

    name = serializers.CharField()
    url = serializers.CharField(help_text="Its page")
    version = serializers.IntegerField(help_text="The ETag")
    revision = serializers.IntegerField(help_text="Counts changes of what is counted")
    status = StatusOut()
    changed = serializers.BooleanField(required=False, help_text="In answers to writes: whether anything was written")
    warnings = serializers.ListField(child=serializers.CharField(), required=False)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)


class RuleOut(serializers.Serializer[Any]):
    """One alert rule as last read."""

    name = serializers.CharField()
    severity = serializers.CharField()
    long = serializers.CharField()
    short = serializers.CharField()
    factor = serializers.FloatField()
    capped = serializers.BooleanField()
    burn_long = serializers.FloatField(allow_null=True)
    burn_short = serializers.FloatField(allow_null=True)
    good = serializers.FloatField(allow_null=True)
    bad = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField(allow_null=True)
    state = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    held = serializers.CharField(allow_blank=True)


class DetailOut(StatusOut):
    """The status with budget, windows and what the page says."""

    name = serializers.CharField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    bad = serializers.FloatField(allow_null=True)
    allowed = serializers.FloatField(allow_null=True, help_text="Bad events the period's budget allows")
    left = serializers.FloatField(allow_null=True, help_text="Of those, how many are left")
    rules = RuleOut(many=True)
    outage_pages_after = serializers.CharField(allow_null=True)
    fill_share = serializers.FloatField(allow_null=True, help_text="How much of its history is read; null: all of it")
    notes = serializers.ListField(child=serializers.CharField())


class BucketOut(serializers.Serializer[Any]):
    """A known minute."""

    end = serializers.DateTimeField()
    good = serializers.FloatField()
    total = serializers.FloatField()
    carried_good = serializers.FloatField()
    carried_total = serializers.FloatField()
    flags = serializers.IntegerField()
    provisional = serializers.BooleanField()
    excluded = serializers.BooleanField()


class LedgerOut(serializers.Serializer[Any]):
    """What was counted, minute by minute."""

    name = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    buckets = BucketOut(many=True)


class TransitionOut(serializers.Serializer[Any]):
    """A change of state."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    rule_title = serializers.CharField()
    severity = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    burn_long = serializers.FloatField(allow_null=True)
    burn_short = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class SourceIn(StrictSerializer):
    """A data source as a client writes it. Secrets are never shown again; left out they stay."""

    echoes = frozenset(
        {"name", "reachable", "version", "latency", "ok_at", "down_since", "error", "objectives", "warning"}
    )

    url = _text(required=True, most=500)
    kind = _text("prometheus (default), thanos, mimir or victoriametrics")
    is_default = serializers.BooleanField(required=False)
    auth = _text("none (default), basic, bearer or mtls")
    username = _text()
    secret = _text("Password or token", most=10_000)
    headers = serializers.DictField(child=serializers.CharField(), required=False)
    verify = serializers.BooleanField(required=False)
    timeout = _text("Such as 10s")
    delay = _text("How long after its end a minute waits for late samples; default 30s")
    external_labels = serializers.ListField(child=serializers.CharField(), required=False)
    cert_file = _text("A client certificate, as a file on the portal's machine", most=500)
    key_file = _text("Its key, as a file on the portal's machine", most=500)
    ca_file = _text("A certificate authority, as a file on the portal's machine", most=500)
    description = _text(most=10_000)


class ReplicaChangeOut(serializers.Serializer[Any]):
    """From `at` on another replica was counted, because the one before answered no more."""

    at = serializers.DateTimeField()
    before = serializers.CharField(help_text="Labels of the replica: replica=a")
    after = serializers.CharField()
    targets = serializers.IntegerField(help_text="How many metrics of targets changed")


class SourceOut(serializers.Serializer[Any]):
    """A data source and how it is."""

    name = serializers.CharField()
    url = serializers.CharField()
    kind = serializers.CharField()
    is_default = serializers.BooleanField()
    reachable = serializers.BooleanField(allow_null=True)
    version = serializers.CharField(allow_blank=True)
    latency = serializers.FloatField(allow_null=True, help_text="Seconds")
    ok_at = serializers.DateTimeField(allow_null=True)
    down_since = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    warning = serializers.CharField(allow_blank=True, help_text="What it said beside its last answer")
    description = serializers.CharField(allow_blank=True)
    objectives = serializers.IntegerField()
    lag = serializers.CharField(allow_null=True, help_text="How late samples arrive, as last measured")
    delay = serializers.CharField(help_text="How long a minute waits for late samples")
    replica_changes = ReplicaChangeOut(many=True, help_text="The newest ones, where several replicas answer")


def objective_json(objective: Objective, *, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    """The objective as ObjectiveOut."""
    definition: Definition = objective.definition
    draft = asdict(described(objective)) | {"target": float(objective.target)}
    return {
        **draft,
        "url": objective.get_absolute_url(),
        "version": objective.version,
        "revision": definition.revision,
        "status": status_json(row(objective), objective),
        "warnings": list(warnings),
        "created_at": objective.created_at,
        "updated_at": objective.updated_at,
        "retired_at": objective.retired_at,
    }


def status_json(found: FleetRow, objective: Objective) -> dict[str, Any]:
    """The standing as StatusOut."""
    stood = objective.standing
    names = ("state", "data", "firing", "current", "remaining", "burn", "coverage", "exhausts_at", "blind_since")
    return {
        **{name: getattr(found, name) for name in (*names, "evaluated_at", "error")},
        "good": None if stood.good is None else shown(stood.good),
        "total": None if stood.total is None else shown(stood.total),
    }


def detail_json(detail: ObjectiveDetail) -> dict[str, Any]:
    """The detail as DetailOut."""
    names = ("period_start", "period_end", "bad", "allowed", "left", "fill_share", "notes")
    return {
        "name": detail.objective.name,
        **status_json(detail.row, detail.objective),
        **{name: getattr(detail, name) for name in names},
        "rules": [_rule_json(rule) for rule in detail.rules],
        "outage_pages_after": _rendered(detail.outage_pages_after),
    }


def _rendered(duration: timedelta | None) -> str | None:
    return None if duration is None else durations.render(duration)


def _rule_json(rule: RuleReading) -> dict[str, Any]:
    body = asdict(rule) | {"long": durations.render(rule.long), "short": durations.render(rule.short)}
    return {name: body[name] for name in RuleOut().get_fields()}


def bucket_json(bucket: BucketRow) -> dict[str, Any]:
    """The bucket as BucketOut."""
    counts = ("good", "total", "carried_good", "carried_total")
    return asdict(bucket) | {name: shown(getattr(bucket, name)) for name in counts}


def transition_json(transition: TransitionRow) -> dict[str, Any]:
    """The transition as TransitionOut."""
    return {name: getattr(transition, name) for name in TransitionOut().get_fields()}


def source_json(source: SourceRow) -> dict[str, Any]:
    """The source as SourceOut."""
    names = ("at", "before", "after", "targets")
    changes = [{name: getattr(one, name) for name in names} for one in source.replica_changes]
    lag = None if source.lag is None else durations.render(source.lag)
    found = {name: getattr(source, name) for name in SourceOut().get_fields()}
    return {**found, "lag": lag, "delay": durations.render(source.delay), "replica_changes": changes}
