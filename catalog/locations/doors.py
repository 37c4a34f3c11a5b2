"""The two ways in to files: over HTTP, and from folders of this machine. Addresses never lead to folders."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from catalog.locations import targets
from catalog.locations.folders import CannotRead, Folder
from catalog.locations.targets import BadTarget
from portal.lib.fetching import CannotFetch, Fetcher

LARGEST_FILE = 5_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of a file the last time, so that an unchanged one costs a 304."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file's bytes; `digest` is their SHA-256."""

    content: bytes
    etag: str = ""

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


class Door(Protocol):
    """A way in to files."""

    def places(self, target: str, *, base: str) -> Sequence[str]:
        """The addresses that `target` means in the file `base` (empty: in the location). Raises BadTarget."""

    def load(self, address: str, known: Known | None) -> Loaded:
        """The file there. Raises CannotRead."""


class Web:
    """Over HTTP."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher

    def places(self, target: str, *, base: str) -> Sequence[str]:
        """One address, for HTTP lists no files."""
        return [targets.against(target, base=base)]

    def load(self, address: str, known: Known | None) -> Loaded:
        """Asks with the ETag of what is known."""
        try:
            found = self.fetcher.fetch(targets.raw(address), etag=known.etag if known else "")
        except CannotFetch as error:
            raise CannotRead(str(error), gone=error.gone) from error
        if found.unchanged and known:
            return Loaded(known.content, known.etag)
        return Loaded(found.content, found.etag)


class Folders:
    """From directories below the roots; one `Folder` for each target of the location."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = roots
        self.open: list[Folder] = []

    def places(self, target: str, *, base: str) -> Sequence[str]:
        """Every manifest of a directory, every match of a glob, or the one file, as absolute paths."""
        if not base:
            folder = Folder(target, self.roots)
            self.open.append(folder)
            return [str(folder.top / path) for path in folder.files()]
        folder, path = self._holding(base)
        meant = folder.inside(target, base=path)
        found = folder.matching(meant) if targets.has_glob(meant) else [meant]
        return [str(folder.top / one) for one in found]

    def load(self, address: str, known: Known | None) -> Loaded:
        """Reads it anew; that costs nothing."""
        folder, path = self._holding(address)
        return Loaded(folder.read(path, limit=LARGEST_FILE))

    def _holding(self, address: str) -> tuple[Folder, str]:
        for folder in self.open:
            if PurePosixPath(address).is_relative_to(folder.top):
                return folder, str(PurePosixPath(address).relative_to(folder.top))
        raise BadTarget(f"{address!r} is in no folder of this location.")


class Doors:
    """Picks the way in: addresses by HTTP, paths from folders where the location is a directory."""

    def __init__(self, web: Web, folders: Folders | None = None) -> None:
        self.web = web
        self.folders = folders

    def places(self, target: str, *, base: str) -> Sequence[str]:
        """See `Door`. A directory's manifests may name addresses, never the other way round."""
        if targets.is_web(target) or (base and targets.is_web(base)) or self.folders is None:
            if not base and not targets.is_web(target):
                raise BadTarget(f"{target!r}: write a whole address, beginning with https:// or http://.")
            return self.web.places(target, base=base)
        return self.folders.places(target, base=base)

    def load(self, address: str, known: Known | None) -> Loaded:
        """See `Door`."""
        if targets.is_web(address):
            return self.web.load(address, known)
        if self.folders is None:
            raise CannotRead("Addresses never lead to files of this machine.")
        return self.folders.load(address, known)
