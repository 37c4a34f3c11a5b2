"""Read a whole location: its targets, the locations those files name, and the files their markers name.

Each file once, in order, within limits of number, depth, size and time. What can't be read is said where it was named
and takes nothing else with it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog import manifest
from catalog.locations.doors import Door, Known, Loaded
from catalog.locations.folders import CannotRead
from catalog.locations.targets import BadTarget, raw
from catalog.manifest import LocationSpec, Marker, Problem
from catalog.manifest.mapping import marker
from catalog.manifest.nodes import ListNode, MapNode, Node

MOST_FILES = 1000
MOST_BYTES = 100_000_000
DEEPEST = 5
OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Named:
    """A target to follow, where it was named, and how deep."""

    target: str
    base: str = ""
    depth: int = 0
    optional: bool = False
    document: int = 0
    at: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class ReadFile:
    """One file: what was read of it, or why not. `part`: a marker of another file names it; it holds no entities."""

    address: str
    loaded: Loaded | None = None
    error: str = ""
    part: bool = False
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def marked(self, named: Marker) -> str | None:
        """What stands where `named` points; None where that could not be read."""
        return self.texts.get((named.key, named.target))


@dataclass(slots=True)
class Reading:
    """What became of a location's files. `whole`: nothing was left out, so what is no longer named is known."""

    files: list[ReadFile] = field(default_factory=list)
    stopped: str = ""

    @property
    def manifests(self) -> list[ReadFile]:
        """Files that hold entities and were read."""
        return [file for file in self.files if not file.part and file.loaded]

    @property
    def failed(self) -> list[ReadFile]:
        """Files that could not be read."""
        return [file for file in self.files if file.error]

    @property
    def whole(self) -> bool:
        """Whether every manifest was reached and read, so that what is no longer named is known."""
        lost = any(problem.code == "location_target" for file in self.files for problem in file.problems)
        return not self.stopped and not lost and not any(not file.part for file in self.failed)


def read(
    targets: Sequence[str],
    door: Door,
    *,
    known: Mapping[str, Known] | None = None,
    in_time: Callable[[], bool] = lambda: True,
    most_files: int = MOST_FILES,
) -> Reading:
    """Everything that `targets` lead to through `door`. Never raises for what is out there."""
    return _Walk(door, known or {}, in_time, most_files).through(targets)


class _Walk:
    def __init__(self, door: Door, known: Mapping[str, Known], in_time: Callable[[], bool], most: int) -> None:
        self.door, self.known, self.in_time, self.most = door, known, in_time, most
        self.reading = Reading()
        self.seen: dict[str, ReadFile] = {}
        self.bytes = 0

    def through(self, targets: Sequence[str]) -> Reading:
        waiting = deque(Named(target) for target in targets)
        while waiting and not self.reading.stopped:
            named = waiting.popleft()
            for address in self._places(named):
                file = self._manifest(address, named)
                if file is not None and file.loaded:
                    waiting.extend(self._follow(file, file.loaded, named.depth + 1))
        return self.reading

    def _places(self, named: Named) -> Sequence[str]:
        try:
            return self.door.places(named.target, base=named.base)
        except (BadTarget, CannotRead) as error:
            if not named.base:
                self.reading.files.append(ReadFile(named.target, error=str(error)))
            else:
                self._fault(named, "location_target", str(error))
            return ()

    def _manifest(self, address: str, named: Named) -> ReadFile | None:
        """The file, read now; None where it was read before, may be missing, or is one too many."""
        before = self.seen.get(raw(address))
        if before is not None:
            again, before.part = before.part, False  # a marker named it first; now it is a manifest too
            return before if again else None
        file = ReadFile(address)
        try:
            file.loaded = self._loaded(address)
        except (BadTarget, CannotRead) as error:
            if named.optional and getattr(error, "gone", False):
                return None
            file.error = str(error)
        if self.reading.stopped:
            return None
        self._keep(file)
        return file

    def _keep(self, file: ReadFile) -> None:
        self.seen[raw(file.address)] = file
        self.reading.files.append(file)

    def _loaded(self, address: str) -> Loaded | None:
        if len(self.reading.files) >= self.most:
            self.reading.stopped = f"More than {self.most:,} files; the rest was not read. Make it several locations."
        elif self.bytes > MOST_BYTES:
            self.reading.stopped = f"More than {MOST_BYTES:,} bytes in all; the rest was not read."
        elif not self.in_time():
            self.reading.stopped = "It took too long; the rest was not read. Make it several locations."
        if self.reading.stopped:
            return None
        found = self.door.load(address, self.known.get(address))
        self.bytes += len(found.content)
        return found

    def _follow(self, file: ReadFile, loaded: Loaded, depth: int) -> Iterator[Named]:
        for document in manifest.read(loaded.content).documents:
            if document.root is None:
                continue
            for found, at in _markers(document.root):
                self._part(file, found, document.number, at)
            if document.kind == "Location" and (entity := manifest.entity_of(document)) is not None:
                yield from self._targets(file, entity, depth)

    def _targets(self, file: ReadFile, entity: manifest.Entity, depth: int) -> Iterator[Named]:
        spec = entity.spec
        if not isinstance(spec, LocationSpec):
            return
        at = entity.root.mark if entity.root else (1, 1)
        for target in (*([spec.target] if spec.target else []), *spec.targets):
            named = Named(target, file.address, depth, spec.presence == OPTIONAL, entity.document, at)
            if depth > DEEPEST:
                self._fault(named, "location_target", f"Locations name locations {DEEPEST} deep and no deeper.")
            else:
                yield named

    def _part(self, file: ReadFile, found: Marker, document: int, at: tuple[int, int]) -> None:
        named = Named(found.target, file.address, document=document, at=at)
        try:
            (address,) = self.door.places(found.target, base=file.address)
            file.texts[(found.key, found.target)] = self._text(address)
        except (BadTarget, CannotRead, UnicodeDecodeError) as error:
            said = "it is not UTF-8 text." if isinstance(error, UnicodeDecodeError) else str(error)
            self._fault(named, "unreadable_marker", f"{found.key} {found.target}: {said}")
        except ValueError:  # a glob that stands for none or several
            self._fault(named, "unreadable_marker", f"{found.key} {found.target}: name exactly one file.")

    def _text(self, address: str) -> str:
        """The text of a part, which may be named often and may be a manifest too."""
        if raw(address) in self.seen:
            before = self.seen[raw(address)]
            if before.loaded is None:
                raise CannotRead(before.error)
            return before.loaded.content.decode("utf-8-sig")
        file = ReadFile(address, part=True)
        try:
            file.loaded = self._loaded(address)
        except (BadTarget, CannotRead) as error:
            file.error = str(error)
        if self.reading.stopped:
            raise CannotRead(self.reading.stopped)
        self._keep(file)
        if file.loaded is None:
            raise CannotRead(file.error)
        return file.loaded.content.decode("utf-8-sig")

    def _fault(self, named: Named, code: str, words: str) -> None:
        file = next(one for one in self.reading.files if one.address == named.base and not one.part)
        file.problems.append(
            Problem(named.document, *named.at, "spec.targets" if "target" in code else "", code, words)
        )


def _markers(root: Node) -> Iterator[tuple[Marker, tuple[int, int]]]:
    """Every marker of a document, each once, and where it stands; not inside what is no mapping of one key."""
    waiting: list[Node] = [root]
    seen: set[Marker] = set()
    visited: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:  # an alias stands for a node that was looked at
            continue
        visited.add(id(node))
        found = marker(node)
        if found is not None:
            if found not in seen:
                seen.add(found)
                yield found, node.mark
        elif isinstance(node, MapNode):
            waiting.extend(reversed(list(node.entries.values())))
        elif isinstance(node, ListNode):
            waiting.extend(reversed(node.items))
