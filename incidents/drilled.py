"""A drill as its page and the API show it: the report as kept, or as it stands while the drill runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.drill_reports import report
from incidents.models import Drill
from incidents.models.notification import channel_words

TIMES = frozenset({
    "at", "sent_at", "due_at", "answered_at", "exhausted_at", "start", "end",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reached:
    """One person of the chain: when they would have been called at the latest, and when they were."""

    person: str
    ref: str
    team: str
    channel: str
    expected_after: float | None
    called_after: float | None
    sent_after: float | None
    step: int | None
    state: str
    error: str

    @property
    def by(self) -> str:
        """The channel as people call it."""
        return channel_words(self.channel)


@dataclass(frozen=True, slots=True)
class Told:
    """`teams`, `holes` and `ahead` as in `drill_reports.report`, with moments as such; `people` in order of calling."""

    drill: Drill
    teams: list[dict[str, Any]]
    holes: list[dict[str, Any]]
    ahead: dict[str, Any]
    people: list[Reached]

    @property
    def answered_after(self) -> float | None:
        """Seconds until the last of the teams had somebody; None where one had nobody."""
        return answered_after(self.teams)

    @property
    def asked(self) -> list[Reached]:
        """Who was called, and while it runs who may still be."""
        return [one for one in self.people if one.state or self.drill.running]

    @property
    def spared(self) -> list[Reached]:
        """Who did not have to be called."""
        return [one for one in self.people if not one.state and not self.drill.running]


def answered_after(teams: Iterable[Mapping[str, Any]]) -> float | None:
    """Seconds until the last of the teams of a report had somebody; None where one had nobody."""
    found = [team["answered_after"] for team in teams]
    return max(found) if found and all(one is not None for one in found) else None


def told(drill: Drill, *, now: datetime) -> Told:
    """The report of a drill."""
    said: Mapping[str, Any] = drill.report or report(drill, now=now)
    return Told(
        drill, _moments(said["teams"]), _moments(said["holes"]), _moments(said["ahead"]), _people(drill, said["teams"])
    )


def _people(drill: Drill, teams: Iterable[Mapping[str, Any]]) -> list[Reached]:
    """Who was called, and who would have been if nobody had answered."""
    wanted: dict[tuple[str, str], tuple[str, str, float]] = {}
    for team in drill.expected:
        for call in team["calls"]:
            after = (datetime.fromisoformat(call["at"]) - drill.begun_at).total_seconds()
            wanted.setdefault((call["ref"], team["team"]), (call["person"], call["channel"], after))
    found = []
    for team in teams:
        for call in team["calls"]:
            would = wanted.pop((call["ref"], team["team"]), None)
            by_then = would[2] if would else None
            called = (datetime.fromisoformat(call["due_at"]) - drill.begun_at).total_seconds()
            said = (call["step"], call["state"], call["error"])
            found.append(
                Reached(
                    call["person"],
                    call["ref"],
                    team["team"],
                    call["channel"],
                    by_then,
                    called,
                    call["sent_after"],
                    *said,
                )
            )
    left = [
        Reached(person, ref, team, channel, after, None, None, None, "", "")
        for (ref, team), (person, channel, after) in wanted.items()
    ]
    return found + sorted(left, key=lambda one: one.expected_after or 0)


def _moments(said: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(said, list):
        return [_moments(one) for one in said]
    if isinstance(said, dict):
        return {
            key: datetime.fromisoformat(value) if key in TIMES and isinstance(value, str) else _moments(value)
            for key, value in said.items()
        }
    return said
