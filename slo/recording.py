"""Writing down what was decided: standings, rule states, transitions, and the health of components."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import orjson
from django.db import connection
from django.db.models import Case, Q, When

from catalog.models import ComponentHealth
from catalog.operations import report_health
from portal.lib.hints import nudge
from slo.judging import Verdict, blind_since, blinded
from slo.ledger.members import Member
from slo.models import AlertTransition, RuleState, Standing

HEALTH = {
    Standing.State.HEALTHY: ComponentHealth.State.GOOD,
    Standing.State.BUILDING: ComponentHealth.State.UNKNOWN,
    Standing.State.NO_DATA: ComponentHealth.State.UNKNOWN,
    Standing.State.AT_RISK: ComponentHealth.State.AT_RISK,
    Standing.State.EXHAUSTED: ComponentHealth.State.EXHAUSTED,
    Standing.State.BURNING: ComponentHealth.State.BAD,
}

_COLUMNS = {
    "state": "smallint", "data": "text", "firing": "text", "budget": "text", "bucket": "timestamptz",
    "period_start": "timestamptz", "good": "numeric", "total": "numeric", "remaining": "float8", "burn": "float8",
    "burn_slow": "float8", "exhausts_at": "timestamptz", "coverage": "float8", "readings": "jsonb",
    "known_at": "timestamptz", "blind_since": "timestamptz", "error": "text", "caught_up_at": "timestamptz",
    "evaluated_at": "timestamptz", "threshold": "float8",
}  # fmt: skip


def record(verdicts: Sequence[Verdict], *, now: datetime) -> None:
    """Write verdicts down, in the caller's transaction."""
    _stand([verdict.standing for verdict in verdicts])
    _remember([row for verdict in verdicts for row in verdict.memories])
    tell([row for verdict in verdicts for row in verdict.transitions])
    changed = {v.component_id for v in verdicts if v.before != v.standing["state"]}
    report(changed, now=now)


def record_silence(
    members: Sequence[Member], *, data: str, error: str, now: datetime, watched: datetime | None = None
) -> None:
    """Say of ledgers that nothing could be learned now, and why. Rules that fire are held; nothing is decided.

    What was not seen for longer than its objective allows becomes blind; `watched` says since when we have looked.
    """
    mine = [m for m in members if m.in_force == m.ledger_id]
    ids = [m.objective_id for m in mine]
    changed = _silence(ids, data, error)
    RuleState.objects.filter(objective__in=ids, state=RuleState.State.FIRING).exclude(held="no_data").update(
        held="no_data"
    )
    tell(_blind(mine, data, error, now, watched))
    if changed:
        report({m.component_id for m in mine}, now=now)


def _silence(ids: Collection[int], data: str, error: str) -> int:
    """How many standings changed; a second time in the same silence none does."""
    loud = Q(state__in=[Standing.State.BURNING, Standing.State.EXHAUSTED])
    state = Case(When(loud, then="state"), default=Standing.State.NO_DATA)
    rows = Standing.objects.filter(objective__in=ids).exclude(data=data, error=error)
    return rows.update(data=data, error=error, state=state)


def _blind(
    members: Iterable[Member], data: str, error: str, now: datetime, watched: datetime | None
) -> list[AlertTransition]:
    told: list[AlertTransition] = []
    for member in members:
        since = (
            None if member.blind_since else blind_since(member, known_at=member.last_sample, now=now, watched=watched)
        )
        if since and Standing.objects.filter(objective=member.objective_id, blind_since=None).update(blind_since=since):
            told.append(blinded(member.objective_id, since=since, data=data, error=error, remaining=None, now=now))
    return told


def _stand(standings: Sequence[dict[str, object]]) -> None:
    """All standings in one statement."""
    if not standings:
        return
    columns = ", ".join(f"{name} = v.{name}" for name in _COLUMNS)
    types = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE slo_standing s SET {columns}"  # noqa: S608  # names of our own
            f" FROM jsonb_to_recordset(%s::jsonb) AS v(objective_id bigint, {types})"
            " WHERE s.objective_id = v.objective_id",
            [orjson.dumps(standings).decode()],
        )


def _remember(rows: Sequence[RuleState]) -> None:
    RuleState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["objective", "rule"],
        update_fields=["severity", "state", "since", "quiet_since", "held"],
    )


def tell(rows: Sequence[AlertTransition]) -> None:
    """Write transitions, in the caller's transaction, and wake those who take them."""
    if rows:
        AlertTransition.objects.bulk_create(rows)
        nudge("incidents.take_transitions")


def report(components: Collection[int], *, now: datetime) -> None:
    """Tell the catalog how components are: as their loudest objective."""
    if not components:
        return
    mine = Standing.objects.filter(
        Q(objective__definition__group_by=[]) | Q(objective__parent__isnull=False),
        objective__definition__component__in=components,
        objective__retired_at=None,
    ).select_related("objective__definition")
    by_component: dict[int, list[Standing]] = {component_id: [] for component_id in components}
    for one in mine:
        by_component[one.objective.definition.component_id].append(one)
    for component_id, own in by_component.items():
        worst = max(own, key=lambda one: (HEALTH[Standing.State(one.state)], one.state), default=None)
        report_health(
            component_id=component_id,
            source="slo",
            state=HEALTH[Standing.State(worst.state)] if worst else None,
            summary=f"{worst.objective.label}: {worst.get_state_display().lower()}" if worst else "",
            now=now,
        )
