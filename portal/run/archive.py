"""The file that `portal backup` writes: a ZIP of stored members, of which the last says what the others have to be.

A ZIP keeps its table of contents at the end, so the beginning of a backup is never mistaken for a backup; and whoever
has lost Portico can still open it with what every system brings, for its databases are ordinary archives of pg_dump.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files/"
_CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # members carry no times of their own; the manifest says when it was


class NotABackup(Exception):
    """The file can't be read as a backup, or not by this version; the message says what to do."""


class Occupied(Exception):
    """There is a file of that name already."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database in a backup: its member is `databases/<role>.dump`."""

    postgres: str  # the major version of the server that it came from
    size: int  # bytes that it took up there, indexes included
    migrations: tuple[str, ...]  # applied ones, as "app.name"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds and who made it."""

    made_at: str  # ISO 8601, UTC
    key: str  # fingerprint of the secret key that seals what is in it; see `fingerprint`
    databases: dict[str, Database]  # by role: "main", "demo"
    portico: str = ""
    format: int = FORMAT
    members: dict[str, tuple[int, str]] = field(default_factory=dict)  # name → bytes and SHA-256 in hex


def version() -> str:
    """This Portico's own version."""
    return importlib.metadata.version("portico")


def fingerprint(key: str) -> str:
    """Tells two secret keys apart without telling either."""
    return hashlib.sha256(f"portico backup: {key}".encode()).hexdigest()[:12]


def member_of(role: str) -> str:
    """The name of the member that holds the database of this role."""
    return f"databases/{role}.dump"


class Draft:
    """A backup that is being written; what is added is hashed on its way."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._members: dict[str, tuple[int, str]] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> int:
        """Write one member; answers its size in bytes."""
        digest, size = hashlib.sha256(), 0
        with self._file.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as member:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                member.write(chunk)
        self._members[name] = (size, digest.hexdigest())
        return size

    def finish(self, manifest: Manifest) -> None:
        """Write what the members are, as the last one."""
        said = asdict(manifest) | {"portico": version(), "members": self._members}
        self._file.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), json.dumps(said, indent=1))


@contextlib.contextmanager
def writing(target: Path, *, force: bool) -> Iterator[Draft]:
    """A draft that becomes `target` in one step when the block ends well, and is gone when it doesn't.

    Raises Occupied when there is such a file, unless `force`.
    """
    _refuse_occupied(target, force=force)
    _sweep(target.parent)
    scratch = target.parent / f".portico-backup-{os.getpid()}.part"
    try:
        with os.fdopen(os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                yield Draft(archive)
            file.flush()
            os.fsync(file.fileno())
        _refuse_occupied(target, force=force)  # it took a while
        scratch.replace(target)
        sync_folder(target.parent)
    finally:
        scratch.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` survive a power cut."""
    with contextlib.suppress(OSError):  # some network file systems can't, and know no better way either
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refuse_occupied(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise Occupied(f"{target} exists already; choose another name, or overwrite it with --force.")


def _sweep(folder: Path) -> None:
    """Remove the drafts of runs that were killed."""
    for scratch in folder.glob(".portico-backup-*.part"):
        owner = re.fullmatch(r"\.portico-backup-(\d+)\.part", scratch.name)
        if owner is not None and not psutil.pid_exists(int(owner[1])):
            scratch.unlink(missing_ok=True)


class Backup:
    """A backup that was opened; nothing in it is believed before `verify`."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self.path, self._file = path, file
        self.manifest = _manifest(path, file)

    def verify(self) -> None:
        """Read everything once and compare. Raises NotABackup, naming the member that is damaged."""
        for name, (size, digest) in self.manifest.members.items():
            try:
                with self.stream(name) as member:
                    found = hashlib.sha256()
                    for piece in chunks(member):
                        found.update(piece)
                intact = found.hexdigest() == digest and self._file.getinfo(name).file_size == size
            except (KeyError, zipfile.BadZipFile, EOFError):
                intact = False
            if not intact:
                raise NotABackup(f"{self.path} is damaged ({name} is not what was written); use another copy of it.")

    def stream(self, name: str) -> IO[bytes]:
        """One member, to be read from its beginning."""
        return self._file.open(name)

    def files(self) -> dict[str, bytes]:
        """The files of the data folder in it, by their path below the data folder."""
        return {
            name.removeprefix(FILES): self._file.read(name) for name in self.manifest.members if name.startswith(FILES)
        }


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """The backup in `path`. Raises NotABackup when it is missing, cut off, something else, or too new for us."""
    try:
        file = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise NotABackup(f"There is no {path}.") from None
    except zipfile.BadZipFile:
        raise NotABackup(f"{path} is no backup of Portico, or only the beginning of one; use another copy.") from None
    with file:
        yield Backup(path, file)


def _manifest(path: Path, file: zipfile.ZipFile) -> Manifest:
    try:
        said: dict[str, Any] = json.loads(file.read(MANIFEST))
        if said["format"] > FORMAT:
            raise NotABackup(
                f"{path} was written by Portico {said['portico']}, in a form that this one ({version()}) doesn't know; "
                f"restore it with that version or a later one."
            )
        databases = {
            role: Database(str(one["postgres"]), int(one["size"]), tuple(one["migrations"]))
            for role, one in said.pop("databases").items()
        }
        members = {name: (int(size), str(digest)) for name, (size, digest) in said.pop("members").items()}
        return Manifest(databases=databases, members=members, **said)
    except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile):
        raise NotABackup(f"{path} is a ZIP, but no backup that Portico made.") from None


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of `file`, in pieces."""
    while piece := file.read(_CHUNK):
        yield piece
