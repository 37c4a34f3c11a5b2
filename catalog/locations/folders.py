"""Files of checked-out repositories on this machine: below a root that an admin opened, and never out of it.

A symbolic link is followed only where it ends inside the location's own folder. The file is then opened step by step
without following any, so that a link put in a moment later leads nowhere.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from catalog.locations.targets import BadTarget, has_glob, matches

NAMES = frozenset({"catalog-info.yaml", "catalog-info.yml"})
SKIPPED = frozenset({"node_modules", "vendor", "venv", "__pycache__", "site-packages", "dist", "target"})
MOST_ENTRIES = 200_000
MOST_IN_ONE = 20_000
DEEPEST = 40


class CannotRead(Exception):
    """The file or folder can't be read; the message says why and what to do. `gone`: it is not there."""

    def __init__(self, words: str, *, gone: bool = False) -> None:
        super().__init__(words)
        self.gone = gone


class Folder:
    """One target of a location: `top` is its real path below one of `roots`."""

    def __init__(self, path: str, roots: Sequence[Path]) -> None:
        """Raises BadTarget where directories are off or the path is outside, CannotRead where it is not there."""
        fixed, self.pattern = _cut(path)
        inside = within_roots(fixed, roots)
        try:
            real = Path(os.path.realpath(inside, strict=True))
        except OSError as error:
            raise CannotRead(f"{fixed} can't be read: {error.strerror}.", gone=True) from error
        if not any(real.is_relative_to(os.path.realpath(root)) for root in roots):
            raise BadTarget(f"{fixed} leads out of PORTAL_LOCATION_ROOTS by a symbolic link.")
        self.only = real.name if real.is_file() else ""
        self.top = real.parent if self.only else real

    def files(self) -> list[str]:
        """Paths of its manifests, relative to `top`, in order. Raises CannotRead where it holds too much."""
        if self.only:
            return [self.only]
        if self.pattern:
            return self.matching(self.pattern)
        return sorted(str(path) for path in self._walk() if path.name in NAMES)

    def matching(self, pattern: str) -> list[str]:
        """Paths of files that `pattern` (`**/catalog-info.yaml`) stands for, relative to `top`, in order."""
        return sorted(str(path) for path in self._walk() if matches(pattern, str(path)))

    def inside(self, target: str, *, base: str) -> str:
        """The relative path that `target` means in the file `base`. Raises BadTarget where that is outside."""
        start = PurePosixPath(base).parent
        found = os.path.normpath(start / target)
        if PurePosixPath(target).is_absolute() or found == ".." or found.startswith("../"):
            raise BadTarget(f"{target!r} leads out of the location's folder.")
        return found

    def read(self, path: str, *, limit: int) -> bytes:
        """The file's bytes. Raises CannotRead."""
        try:
            real = Path(os.path.realpath(self.top / path, strict=True))
            if _hidden(path) or (real.is_relative_to(self.top) and _hidden(real.relative_to(self.top))):
                raise CannotRead(f"{path} is hidden, and hidden files may hold what signs in; move it elsewhere.")
            if not real.is_relative_to(self.top):
                raise CannotRead(f"{path} is a symbolic link that leads out of the location's folder.")
            handle = _opened(self.top, real.relative_to(self.top))
        except OSError as error:
            raise CannotRead(f"It can't be read: {error.strerror}.", gone=not (self.top / path).exists()) from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise CannotRead("It is no ordinary file.")
            content = file.read(limit + 1)
        if len(content) > limit:
            raise CannotRead(f"It is larger than {limit:,} bytes, the most that is read of one file.")
        return content

    def _walk(self) -> Iterator[PurePosixPath]:
        seen, waiting = 0, [PurePosixPath()]
        while waiting:
            here = waiting.pop()
            try:
                entries = sorted(os.scandir(self.top / here), key=lambda entry: entry.name)
            except OSError as error:
                if here == PurePosixPath():
                    raise CannotRead(f"{self.top} can't be read: {error.strerror}.") from error
                continue  # a folder that is closed to us, or that went away
            seen += len(entries)
            if seen > MOST_ENTRIES:
                raise CannotRead(f"More than {MOST_ENTRIES:,} files and folders; name a folder further down.")
            if len(entries) > MOST_IN_ONE:
                continue  # nobody keeps manifests in such a heap
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not _skipped(entry.name) and len(here.parts) < DEEPEST:
                        waiting.append(here / entry.name)
                elif entry.is_file():  # a link to a file is looked at when it is read
                    yield here / entry.name


def within_roots(path: str, roots: Sequence[Path]) -> Path:
    """The path, where it is absolute and below one of `roots` as written. Raises BadTarget."""
    if not roots:
        raise BadTarget("Reading directories is off; a platform admin turns it on by PORTAL_LOCATION_ROOTS.")
    if not path.startswith("/"):
        raise BadTarget(f"{path!r}: write the absolute path of a directory.")
    if "\x00" in path:
        raise BadTarget("A path can't hold NUL.")
    found = Path(os.path.normpath(path))
    if not any(found.is_relative_to(root) for root in roots):
        raise BadTarget(f"{path} is not below {' or '.join(str(root) for root in roots)} (PORTAL_LOCATION_ROOTS).")
    return found


def _cut(path: str) -> tuple[str, str]:
    """A path before its first part with a wildcard, and the rest."""
    parts = PurePosixPath(path).parts
    first = next((place for place, part in enumerate(parts) if has_glob(part)), len(parts))
    rest = str(PurePosixPath(*parts[first:])) if parts[first:] else ""
    return (str(PurePosixPath(*parts[:first])) if parts else path), rest


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


def _hidden(path: str | Path) -> bool:
    """`.git/config` and `.env` of a checkout hold what fetches it, and whoever writes its manifests could show it."""
    return any(part.startswith(".") and part not in {".", ".."} for part in PurePosixPath(path).parts)


def _opened(top: Path, path: Path) -> int:
    """A handle on `path` below `top`, opened part by part without following links. Raises OSError."""
    here = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in path.parts[:-1]:
            there = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = there
        return os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)
