"""What children say: all of it into files, what matters into the terminal."""

import asyncio
import contextlib
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_MATTERS = re.compile(r"level=(warn|err|crit|fatal)|(?<!%)\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback|^panic:")
_LARGEST_LOG = 10 * 2**20  # bytes; then the file moves aside to NAME.log.1
_AT_MOST, _WITHIN = 3, 30.0  # lines of one child in the terminal, per seconds
_WIDEST = 240  # characters of such a line; the file has the rest
_COLOURS = ("36", "35", "34", "33", "32", "96", "95", "94")


@dataclass
class Terminal:
    """Prints for a person; a terminal that went away is no reason to stop."""

    stopping: bool = False  # what children complain about then is our doing
    colour: bool = field(default_factory=lambda: sys.stdout.isatty() and "NO_COLOR" not in os.environ)

    def say(self, text: str, *, name: str = "") -> None:
        """Print `text`, prefixed with the coloured `name` of who says it."""
        if name and self.stopping:
            return
        with contextlib.suppress(OSError, ValueError):
            print(f"{self._prefix(name)}{text}", flush=True)

    def strong(self, text: str) -> str:
        """`text` in bold where the terminal can."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def _prefix(self, name: str) -> str:
        if not name:
            return ""
        if not self.colour:
            return f"{name:>9} | "
        return f"\x1b[{_COLOURS[sum(name.encode()) % len(_COLOURS)]}m{name:>9} |\x1b[0m "


@dataclass
class Log:
    """One child's lines: a file that can't grow without end, and a trickle of warnings to the terminal."""

    name: str
    path: Path
    terminal: Terminal
    clock: Callable[[], float] = time.monotonic
    shown: deque[float] = field(default_factory=lambda: deque(maxlen=_AT_MOST))

    def take(self, line: str) -> None:
        """Write `line` down and show it if it is a warning and not one of very many."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            size = file.tell()
        if size > _LARGEST_LOG:
            self.path.replace(self.path.with_suffix(".log.1"))
        if _MATTERS.search(line) and self._may_show():
            self.terminal.say(line if len(line) <= _WIDEST else f"{line[:_WIDEST]} …", name=self.name)

    def _may_show(self) -> bool:
        now = self.clock()
        if len(self.shown) == _AT_MOST and now - self.shown[0] < _WITHIN:
            return False
        self.shown.append(now)
        return True


class Pipe:
    """The reading end of a child's output; hands over whole lines while the event loop runs."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._read)

    def close_writing(self) -> None:
        """Our copy of the child's end; called once the child has its own."""
        os.close(self.writing)

    def close(self) -> None:
        """Take what is left and let go, also when a grandchild still holds the other end."""
        self._loop.remove_reader(self._reading)
        self._read()
        if self._rest:
            self._take(self._rest.decode(errors="replace"))
        os.close(self._reading)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._reading, 65536):
                *lines, self._rest = (self._rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line.decode(errors="replace"))
            with contextlib.suppress(OSError, ValueError):
                self._loop.remove_reader(self._reading)
