"""Scorecards: every registered check asked of a batch of components, and what that adds up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from catalog import registries
from catalog.levels import LEVELS, Answer, Sum, add_up
from catalog.models import Component, Score
from catalog.registries import ScorecardCheck, Verdict

log = structlog.get_logger(__name__)
FAILED = Verdict(None, "The check failed; the log says why.")
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`at` of a score that is due at once, `changed_at` of one that was never worked out."""
FRESH_FOR = timedelta(hours=2)
"""Twice the time between two sweeps."""
SILENT = Verdict(None, "The check said nothing about this component.")


@dataclass(frozen=True, slots=True)
class Line:
    """One applicable check and what it said."""

    key: str
    check: ScorecardCheck
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A component's lines, lowest level first, and their sum."""

    lines: tuple[Line, ...]
    sum: Sum

    @property
    def answers(self) -> dict[str, list[object]]:
        """As `Score` keeps them: {check: [outcome, reason]}."""
        return {line.key: [line.verdict.outcome, line.verdict.reason] for line in self.lines}


def checks() -> Mapping[str, ScorecardCheck]:
    """All checks, lowest level first, then in the order of registration."""
    return dict(sorted(registries.scorecard_checks.items(), key=lambda item: LEVELS.index(item[1].level)))


def judge(components: Sequence[Component], *, now: datetime) -> Mapping[int, Scorecard]:
    """The scorecard of each component as it is now; no check can take the others down."""
    lines: dict[int, list[Line]] = {component.pk: [] for component in components}
    for key, check in checks().items():
        for pk, verdict in _asked(key, check, components, now):
            lines[pk].append(Line(key, check, verdict))
    return {pk: _added_up(said) for pk, said in lines.items()}


def shown(component: Component, *, now: datetime) -> Scorecard:
    """The scorecard for the component's page: as `judge`, but what costs much as the last sweep found it."""
    score: Score | None = getattr(component, "score", None)
    fresh = score if score and max(component.updated_at, now - FRESH_FOR) <= score.at else None
    lines = []
    for key, check in checks().items():
        if (kept := _kept(key, check, component, fresh)) is not None:
            lines.append(Line(key, check, kept))
        else:
            lines += [Line(key, check, verdict) for _, verdict in _asked(key, check, [component], now)]
    return _added_up(lines)


def _kept(key: str, check: ScorecardCheck, component: Component, score: Score | None) -> Verdict | None:
    if score is None or check.kept_fix is None or key not in score.answers:
        return None
    outcome, reason = score.answers[key]
    return Verdict(outcome, reason, "" if outcome else check.kept_fix(component))


def _added_up(lines: Sequence[Line]) -> Scorecard:
    return Scorecard(tuple(lines), add_up(Answer(line.check.level, line.verdict.outcome) for line in lines))


def _asked(
    key: str, check: ScorecardCheck, components: Sequence[Component], now: datetime
) -> Iterable[tuple[int, Verdict]]:
    wanted = list(components)
    try:
        if check.applies is not None:
            wanted = [one for one in components if check.applies(one)]
        said = check.answer(wanted, now) if wanted else {}
        return [(one.pk, said.get(one.pk, SILENT)) for one in wanted]
    except Exception:  # a plugin's check may fail in any way; that is unknown, not failed
        log.exception("scorecard_check_failed", check=key)
        return [(one.pk, FAILED) for one in wanted]
