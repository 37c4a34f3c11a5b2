"""What the supervisor keeps running, and what a part that brings processes of its own (the demo) has to offer."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from portal.run.folder import DataFolder
from portal.run.ports import free_port


def _no_environment() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Process:
    """A program to keep running: when it ends it is started again, when we end it gets SIGTERM and then SIGKILL."""

    name: str  # short: it prefixes the lines in the terminal and names the log file
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=_no_environment)  # beside the environment that all share
    ready: Callable[[], bool] | None = None  # asked in a thread until it says yes; None: ready at once
    grace: float = 8.0  # seconds between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True)
class PrometheusFiles:
    """The folders of the Prometheus that we run ourselves."""

    folder: Path
    promtool: str = "promtool"

    @property
    def storage(self) -> Path:
        """`--storage.tsdb.path`; blocks of history may be put there before it starts."""
        return self.folder / "data"

    @property
    def targets(self) -> Path:
        """Every `*.json` in here is read as file_sd targets; a `job` label in a file names the job."""
        return self.folder / "targets"


@dataclass(slots=True)
class Site:
    """What `bin/up` knows about this installation while it brings it up."""

    folder: DataFolder
    base_url: str  # such as http://localhost:8000, without a slash at the end
    environment: dict[str, str]  # what every process gets: DATABASE_URL, PROMETHEUS_URL, PORTAL_SECRET_KEY, …
    prometheus: PrometheusFiles | None = None  # None: PROMETHEUS_URL was given, so it is not ours
    _ports: dict[str, int] = field(default_factory=dict)

    @property
    def whole_environment(self) -> dict[str, str]:
        """Ours with the additions, for children that are started by hand."""
        return os.environ | self.environment

    def port(self, name: str) -> int:
        """A free TCP port on loopback for `name`, the same in this run and, unless somebody took it, in the next."""
        if name not in self._ports:
            self._ports[name] = free_port(f"{self.folder.identity()}/{name}")
        return self._ports[name]


class Demo(Protocol):
    """What the module `portal.demo.run` offers to `bin/up`; called in this order, none of it inside Django.

    Between `before_prometheus` and `processes`, once the database is migrated, `python -m portal demo seed` is run in
    the environment of the site; it has to be safe to run at every start.
    """

    def environment(self, site: Site) -> Mapping[str, str]:
        """Additions to every process's environment, such as EMAIL_URL of the demo's inbox."""

    def before_prometheus(self, site: Site) -> list[Process]:
        """Put scrape targets where our Prometheus will find them (`site.prometheus.targets`).

        Answers what is to be run to its end, one after the other, before Prometheus starts: the making of history, when
        there is none yet. Not called when PROMETHEUS_URL is given or no Prometheus could be had.
        """

    def processes(self, site: Site) -> list[Process]:
        """The simulator, the mail inbox, …"""

    def words(self, site: Site) -> list[str]:
        """Lines for the terminal once all is up: who may sign in and with what, what to try first."""
