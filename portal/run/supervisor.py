"""Keeps processes running, and ends all of them when it is told to or can't go on."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.run.death import MARK, die_with_parent, stop_marked
from portal.run.folder import CHECKOUT
from portal.run.lines import Log, Pipe, Terminal
from portal.run.process import Process

_SETTLED = 30.0  # seconds alive after which a child's next death counts as its first
_LONGEST_PAUSE = 30.0  # seconds between two starts of a child that keeps dying


class Failed(Exception):
    """A step that has to succeed before anything else can start did not; the message shows its last lines."""


@dataclass
class Supervisor:
    """Starts children in process groups of their own, restarts the dead, and stops all groups in the end."""

    logs: Path
    terminal: Terminal
    identity: str
    environment: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _children: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _keepers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def once(self, process: Process) -> None:
        """Run `process` to its end; raises Failed, with the end of what it said, unless that is a success."""
        log = self._log(process.name)
        began = log.path.stat().st_size if log.path.exists() else 0
        code = await self._run(process, log)
        if code != 0:
            said = log.path.read_bytes()[began:].decode(errors="replace").splitlines()[-15:]
            raise Failed("\n".join([f"{process.name} failed ({_ending(code)}); {log.path} has all of it:", *said]))

    def keep(self, process: Process) -> None:
        """Start `process` and start it again whenever it ends."""
        self._keepers[process.name] = asyncio.create_task(self._keep(process), name=process.name)

    def pids(self) -> dict[str, int]:
        """The process ids of the children that run now, by name."""
        return {name: child.pid for name, child in self._children.items()}

    async def stop(self) -> None:
        """End every child: SIGTERM, and SIGKILL for its whole group after its grace or when `hurry` is set."""
        for keeper in self._keepers.values():
            keeper.cancel()  # each ends its own child on the way out
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        stop_marked(self.identity, grace=0 if self.hurry.is_set() else 2)

    async def _keep(self, process: Process) -> None:
        log, pause = self._log(process.name), 1.0
        while True:
            began = self.clock()
            code = await self._run(process, log)
            pause = 1.0 if self.clock() - began > _SETTLED else pause
            self.terminal.say(
                f"ended ({_ending(code)}), starting it again in {pause:g} s; see {log.path}", name=process.name
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _run(self, process: Process, log: Log) -> int:
        with contextlib.closing(Pipe(log.take)) as pipe:
            try:
                child = await self._spawn(process, pipe)
            except OSError as error:
                log.take(f"ERROR {process.argv[0]} can't be started: {error}")
                return 127
            finally:
                pipe.close_writing()
            try:
                return await child.wait()
            finally:
                await self._end(process, child)

    async def _spawn(self, process: Process, pipe: Pipe) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *process.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe.writing,
            stderr=pipe.writing,
            cwd=CHECKOUT,
            env={**os.environ, **self.environment, **process.env, MARK: self.identity},
            start_new_session=True,  # Ctrl-C in the terminal is for us; we tell the children, in order
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self._children[process.name] = child
        return child

    async def _end(self, process: Process, child: asyncio.subprocess.Process) -> None:
        """Have `child` and everything in its group gone when this returns."""
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            await self._wait_within(child, process.grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        self._children.pop(process.name, None)

    async def _wait_within(self, child: asyncio.subprocess.Process, seconds: float) -> None:
        waits = [asyncio.create_task(child.wait()), asyncio.create_task(self.hurry.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _log(self, name: str) -> Log:
        return Log(name=name, path=self.logs / f"{name}.log", terminal=self.terminal)


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
