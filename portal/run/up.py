"""`portal up`: the whole product on one machine, in one terminal, until Ctrl-C."""

import argparse
import asyncio
import contextlib
import dataclasses
import importlib
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import cast

from portal.embedded import InUse, OtherMajor, Server, StartFailed, home_for
from portal.lib.env import BadEnvironment, Env
from portal.run import prometheus, swap
from portal.run.death import stop_marked
from portal.run.folder import AlreadyRunning, DataFolder, Running
from portal.run.lines import Terminal
from portal.run.ports import NoPort, claim
from portal.run.process import Demo, Process, PrometheusFiles, Site
from portal.run.programs import NoPrograms
from portal.run.supervisor import Failed, Supervisor

EXPECTED = (AlreadyRunning, BadEnvironment, Failed, InUse, NoPort, NoPrograms, OtherMajor, StartFailed)
_PYTHON: tuple[str, ...] = (sys.executable, "-m")


@dataclass
class Up:
    """One run: what it was asked for, what it started so far, and how it ends."""

    site: Site
    supervisor: Supervisor
    terminal: Terminal
    host: str
    port: int
    demo: Demo | None
    server: Server | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def database(self) -> str:
        """The demo has a database of its own, so that starting without it starts empty."""
        return "portico_demo" if self.demo else "portico"

    async def run(self) -> int:
        """Bring everything up and keep it so until a signal comes; then end everything. Answers the exit code."""
        story = asyncio.create_task(self._story())
        self._end_on_signals(story)
        try:
            await story
        except asyncio.CancelledError:
            return 0
        except EXPECTED as error:
            self.terminal.say(str(error))
            return 1
        finally:
            await self._end()
        return 0

    def _end_on_signals(self, story: asyncio.Task[None]) -> None:
        def told() -> None:
            if story.cancelling():
                self.supervisor.hurry.set()  # asked a second time
                return
            self.terminal.say("\nStopping …")
            self.terminal.stopping = True
            story.cancel()

        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if one is signal.SIGHUP and signal.getsignal(one) is signal.SIG_IGN:
                continue  # started under nohup
            asyncio.get_running_loop().add_signal_handler(one, told)

    async def _end(self) -> None:
        self.terminal.stopping = True
        await self.supervisor.stop()
        if self.server is not None:
            self.server.stop()
        self.site.folder.tell(None)
        self.terminal.say("Stopped.")

    async def _story(self) -> None:
        self._sweep_up()
        self._start_database()
        found = asyncio.Event()
        await _together(self._prepare(found), self._start_prometheus(found))
        self.site.folder.tell(Running(os.getpid(), self.site.base_url, self.site.environment))
        self.terminal.say("Starting web server, workers and beat …")
        processes = self._processes()
        for process in processes:
            self.supervisor.keep(process)
        await self._until_ready(processes)
        self._announce()
        await self._keep_database()

    async def _prepare(self, found: asyncio.Event) -> None:
        """The database and what is in it; the past of the metrics may still be written beside it.

        Whether there is a Prometheus has to be known by then: the demo's objectives count on it.
        """
        self.terminal.say("Preparing the database and static files …")
        await self._django("prepare", PORTAL_COLLECT_STATIC="1")
        await found.wait()
        if self.demo is None:
            self.terminal.say("Looking for somebody who may sign in …")
            await self._django("first_sign_in")
            return
        self.terminal.say("Preparing the demo platform: its catalog, and sixty days of incidents …")
        began = time.monotonic()
        await self._django("demo", "seed")
        self.terminal.say(f"The demo platform is there ({time.monotonic() - began:.0f} s).")

    def _sweep_up(self) -> None:
        folder = self.site.folder.path
        if "REDIS_URL" not in os.environ:  # messages are wake-ups; nobody needs those of an earlier run
            shutil.rmtree(folder / "broker", ignore_errors=True)
            self.site.folder.sub("broker", "queue")
            self.site.folder.sub("broker", "control")
        for schedule in folder.glob("beat-schedule*"):  # a kill may have left it half-written
            schedule.unlink()

    def _start_database(self) -> None:
        if os.environ.get("DATABASE_URL"):
            return
        self.terminal.say("Starting PostgreSQL …")
        self.server = Server(home=home_for(self.site.folder), log=self.site.folder.sub("logs") / "postgres.log")
        self.server.start(self.database)
        self.site.environment["DATABASE_URL"] = self.server.url(self.database)

    async def _keep_database(self) -> None:
        while True:
            await asyncio.sleep(1)
            if self.server is not None and not self.server.alive():
                self.terminal.say(f"PostgreSQL ended, starting it again; see {self.server.log}")
                self.server.start(self.database)

    async def _django(self, *command: str, **env: str) -> None:
        await self.supervisor.once(Process(name=command[0], argv=(*_PYTHON, "portal.cli", *command), env=env))

    async def _start_prometheus(self, known: asyncio.Event) -> None:
        files = self.site.prometheus
        found = await self._find_prometheus() if files is not None else None
        known.set()
        if files is None or found is None:
            return
        self.site.prometheus = files = dataclasses.replace(files, promtool=found.promtool)
        prometheus.write_config(files, portal=f"127.0.0.1:{self.port}")
        if self.demo:
            for process in self.demo.before_prometheus(self.site):
                self.terminal.say(f"Making {process.name} for Prometheus (once) …")
                await self.supervisor.once(process)
        self.supervisor.keep(prometheus.process(found, files, port=self.site.port("prometheus")))

    async def _find_prometheus(self) -> prometheus.Binaries | None:
        """Fetched where it is not there; without one the site has no PROMETHEUS_URL either."""
        tools = self.site.folder.sub("tools")
        if prometheus.find(tools) is None:
            self.terminal.say("Fetching Prometheus (once) …")
            argv = (*_PYTHON, "portal.run.prometheus", str(tools))
            try:
                await self.supervisor.once(Process(name="prometheus", argv=argv))
            except Failed as failure:
                self.terminal.say(str(failure).splitlines()[-1])
        found = prometheus.find(tools)
        if found is None:
            del self.site.environment["PROMETHEUS_URL"]
        return found

    def _processes(self) -> list[Process]:
        threads = str(min(8, 2 * (os.cpu_count() or 1) + 1))
        where = ("--interface", "wsgi", "--host", self.host, "--port", str(self.port), "--no-ws")
        how = (
            "--blocking-threads",
            threads,
            "--backpressure",
            "64",
            "--respawn-failed-workers",
            "--log-level",
            "warning",
        )
        ours = [
            Process(name="web", argv=(*_PYTHON, "granian", *where, *how, "portal.wsgi:application")),
            _worker("pages", "page,deliver"),
            _worker("sweeps", "evaluate,default"),
            Process(name="beat", argv=(*_PYTHON, "celery", "-A", "portal", "beat", "--pidfile=")),
        ]
        return [*ours, *(self.demo.processes(self.site) if self.demo else [])]

    async def _until_ready(self, processes: list[Process]) -> None:
        said = time.monotonic()
        while problem := await asyncio.to_thread(_not_ready, f"http://127.0.0.1:{self.port}/readyz", processes):
            if time.monotonic() - said > 20:
                said = time.monotonic()
                self.terminal.say(f"Not ready yet: {problem}")
            await asyncio.sleep(0.2)

    def _announce(self) -> None:
        folder, say = self.site.folder.path, self.terminal.say
        address = self.terminal.strong(self.site.base_url)
        say(f"\nPortico is up at {address} ({time.monotonic() - self.began:.0f} s).")
        for line in self.demo.words(self.site) if self.demo else _first_sign_in(self.site.folder):
            say(f"  {line}")
        metrics = self.site.environment.get("PROMETHEUS_URL") or os.environ.get("PROMETHEUS_URL")
        say(f"  Prometheus: {metrics or 'none, so objectives on it will say that they see nothing'}")
        say(f"  Logs and data: {folder}")
        say("Ctrl-C ends everything.")


async def _together(*steps: Coroutine[None, None, None]) -> None:
    """Like gather, but when one step fails the others are ended before the failure goes on."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _worker(name: str, queues: str) -> Process:
    argv = (*_PYTHON, "celery", "-A", "portal", "worker", "-Q", queues, "-n", f"{name}@%h", "--concurrency", "2")
    return Process(name=name, argv=(*argv, "--without-gossip", "--without-mingle", "--without-heartbeat"))


def _not_ready(url: str, processes: list[Process]) -> str:
    """What is still missing, in words; empty once `url` answers 200 and every process says that it is ready."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
            pass
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")[:500]
    except OSError as error:
        return f"the web server does not answer ({error})"
    return ", ".join(process.name for process in processes if process.ready is not None and not process.ready())


def _first_sign_in(folder: DataFolder) -> list[str]:
    try:
        name, password = (folder.path / "first-sign-in").read_text().split()
    except FileNotFoundError:
        return ["Sign in with the accounts that you made (portal portal_admin makes one)."]
    return [
        f"Sign in as {name} with the password {password} (made at the first start; to change it: the initials at the",
        "top right, then Change password).",
    ]


def main(argv: list[str]) -> int:
    """Run `portal up` with its arguments; answers the exit code."""
    parser = argparse.ArgumentParser(prog="bin/up", description=__doc__)
    parser.add_argument("--without-demo", action="store_true", help="start empty, in a database of its own")
    options = parser.parse_args(argv)
    folder, terminal = DataFolder.of(os.environ), Terminal()
    try:
        with contextlib.closing(folder.lock()):
            if not os.environ.get("DATABASE_URL") and swap.finish(home_for(folder), folder):
                terminal.say("Finished a restore that was cut short.")
            return asyncio.run(_run(folder, terminal, with_demo=not options.without_demo))
    except EXPECTED as error:
        terminal.say(str(error))
        return 1


async def _run(folder: DataFolder, terminal: Terminal, *, with_demo: bool) -> int:
    env = Env()
    host, wanted = env.text("PORTAL_HOST", "127.0.0.1"), env.number("PORTAL_PORT", 8000)
    left = stop_marked(folder.identity(), grace=5)  # first, for they may still hold our ports
    if left:
        terminal.say(f"Ended {left} processes that an earlier run left behind.")
    port, holder = claim(host, wanted)
    if port != wanted:
        terminal.say(moved(wanted, port, base_url=env.text("PORTAL_BASE_URL")))
    with holder:
        demo = cast("Demo", importlib.import_module("portal.demo.run")) if with_demo else None
        site = _site(folder, env, port=port, with_demo=with_demo)
        if demo is not None:
            site.environment |= demo.environment(site)
        supervisor = Supervisor(
            logs=folder.sub("logs"), terminal=terminal, identity=folder.identity(), environment=site.environment
        )
        return await Up(site, supervisor, terminal, host, port, demo).run()


def moved(wanted: int, port: int, *, base_url: str = "") -> str:
    """What to say where another program listens on the port that was wanted, and how to choose one."""
    other = port + 1000 if port < 60_000 else 8000
    said = [
        f"Port {wanted} is taken by another program, so Portico takes {port}.",
        f"To choose one yourself, end this with Ctrl-C and type: PORTAL_PORT={other} bin/up",
    ]
    if base_url:
        said.append(f"PORTAL_BASE_URL is {base_url}: links in messages lead there, which may be the other program.")
    return "\n".join(said)


def _site(folder: DataFolder, env: Env, *, port: int, with_demo: bool) -> Site:
    base_url = env.text("PORTAL_BASE_URL", f"http://localhost:{port}").rstrip("/")
    site = Site(folder=folder, base_url=base_url, environment={})
    site.environment |= {
        "PORTAL_DATA": str(folder.path),
        "PORTAL_PORT": str(port),
        "PORTAL_BASE_URL": base_url,
        "PORTAL_DEMO": "1" if with_demo else "0",
        "PORTAL_SECRET_KEY": env.text("PORTAL_SECRET_KEY") or folder.secret_key(),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONUNBUFFERED": "1",
    }
    if not env.text("PROMETHEUS_URL"):
        site.prometheus = PrometheusFiles(folder.sub("prometheus-demo" if with_demo else "prometheus"))
        site.environment["PROMETHEUS_URL"] = f"http://127.0.0.1:{site.port('prometheus')}"
    return site
