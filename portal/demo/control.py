"""The portal's side of the simulator: what the platform is doing, and the levers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from portal.demo.exporters import SCALE_SET, series
from portal.demo.faults import SCENARIOS, Scenario
from portal.lib import http
from portal.lib.errors import Expected, Missing

TIMEOUT = 3.0
_ASSIGNED, _RUNNING = (series(metric, SCALE_SET) for metric in ("gha_assigned_jobs", "gha_running_jobs"))


class SimulatorDown(Expected):
    """The simulated platform does not answer; it is started by bin/up together with the portal."""

    status = 503
    title = "The demo's platform is not there"


class NoSuchScenario(Missing):
    """There is no such thing to break."""


@dataclass(frozen=True, slots=True)
class Lever:
    """A scenario, and since when it has been broken (None: it works)."""

    scenario: Scenario
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did to the platform: a scenario's name, or another word for a repair."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Platform:
    """The simulated platform at a moment; `events` are what was done to it, oldest first."""

    levers: tuple[Lever, ...]
    events: tuple[Done, ...]
    jobs_waiting: int
    jobs_running: int

    @property
    def broken(self) -> int:
        """How many things are broken now."""
        return sum(lever.since is not None for lever in self.levers)


def look() -> Platform:
    """The platform now. Raises SimulatorDown."""
    return _platform(_ask("GET", "truth"))


def break_(scenario: str) -> Platform:
    """Break it; breaking it twice is breaking it once. Raises NoSuchScenario, SimulatorDown."""
    if scenario not in SCENARIOS:
        raise NoSuchScenario
    return _platform(_ask("POST", f"break/{scenario}"))


def repair() -> Platform:
    """Repair everything. Raises SimulatorDown."""
    return _platform(_ask("POST", "recover"))


def _ask(method: str, path: str) -> Mapping[str, Any]:
    headers = {"Authorization": f"Bearer {settings.PORTAL_DEMO_TOKEN}"}
    url = f"{settings.PORTAL_DEMO_SIMULATOR}/{path}"
    with http.session(timeout=TIMEOUT, connections=1) as session:
        session.trust_env = False  # it is on this machine: no proxy can reach it
        try:
            answer = session.request(method, url, headers=headers)
            answer.raise_for_status()
            found: Mapping[str, Any] = answer.json()
        except (http.RequestException, ValueError) as error:
            raise SimulatorDown from error
    return found


def _platform(truth: Mapping[str, Any]) -> Platform:
    broken, runners = truth["broken"], truth["samples"]["runners"]
    levers = (Lever(scenario, _moment(broken.get(name))) for name, scenario in SCENARIOS.items())
    running = int(runners[_RUNNING])
    events = tuple(Done(datetime.fromtimestamp(event["at"], UTC), event["what"]) for event in truth["events"])
    return Platform(tuple(levers), events, jobs_waiting=int(runners[_ASSIGNED]) - running, jobs_running=running)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
