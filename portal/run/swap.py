"""Putting a restored database and its files in the place of those that are there, in one step that a kill can't split.

What is restored is made beside (`restore.new`). Writing the journal (`restore.json`) is the step: before it everything
is as it was, and what lies in `restore.new` is thrown away by whoever comes next; after it the rest is only renamed,
and whoever comes next (`bin/up`, `portal backup`, `portal restore`) renames what is left. What was there before is kept
in a folder of the same make, so that it can be brought back in the same way.
"""

import fnmatch
import itertools
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from portal.embedded import stop_leftover
from portal.run.archive import sync_folder
from portal.run.folder import DataFolder, write_private

STAGED = "restore.new"
JOURNAL = "restore.json"
ASIDE = "before-restore-"
_FILES = "files"
_KEPT = ("secret-key", "first-sign-in", "prometheus/targets/*.json")


def kept_files(folder: DataFolder) -> list[str]:
    """What lies in the data folder beside the database and can't be made anew, as paths below it."""
    found = itertools.chain.from_iterable(folder.path.glob(pattern) for pattern in _KEPT)
    return sorted(str(path.relative_to(folder.path)) for path in found)


def may_be_kept(name: str) -> bool:
    """Whether a file of a backup is one that we would have put into it; a path that leads elsewhere is not."""
    parts = Path(name).parts
    return ".." not in parts and any(
        len(parts) == len(Path(one).parts) and fnmatch.fnmatchcase(name, one) for one in _KEPT
    )


def stage_files(home: Path, files: dict[str, bytes]) -> None:
    """Put the files that go with the staged database beside it."""
    (home / STAGED / _FILES).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        _write(home / STAGED / _FILES / name, content)


def commit(home: Path, folder: DataFolder, *, staged: str = STAGED) -> Path | None:
    """Put what is staged in its place; answers where the former things are kept, None when there were none."""
    stop_leftover(home / "data")
    former = {name: (folder.path / name).read_bytes() for name in kept_files(folder)}
    aside = home / staged / "aside"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    for name, content in former.items():
        _write(aside / _FILES / name, content)
    kept = _unused(home) if former or (home / "data").exists() else None
    write_private(home / JOURNAL, json.dumps({"staged": staged, "aside": kept.name if kept else ""}))
    sync_folder(home)
    finish(home, folder)
    return kept


def finish(home: Path, folder: DataFolder) -> bool:
    """Finish a restore that was killed after its step, forget one that was killed before; True when it was finished."""
    journal = home / JOURNAL
    if not journal.exists():
        if (home / STAGED).exists():
            stop_leftover(home / STAGED / "data")
            shutil.rmtree(home / STAGED)
        return False
    step = json.loads(journal.read_text())
    staged, name = home / step["staged"], step["aside"]
    if name:
        _move(staged / "aside", home / name)
    if (staged / "data").exists():
        if name:
            _move(home / "data", home / name / "data")
        _move(staged / "data", home / "data")
    _put_files(staged / _FILES, folder)
    sync_folder(home)
    journal.unlink()  # before what it needed is removed, so that the removal may be cut short
    shutil.rmtree(staged)
    return True


def is_kept_aside(home: Path, path: Path) -> bool:
    """Whether `path` is a folder that a restore kept aside, with its database."""
    inside = path.parent == home and path.name.startswith(ASIDE)
    return inside and (path / "data" / "PG_VERSION").exists()


def _put_files(source: Path, folder: DataFolder) -> None:
    """Make the kept files those in `source`: written anew, and none beside."""
    names = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    for name in set(kept_files(folder)) - names:
        (folder.path / name).unlink()
    for name in names:
        folder.sub(*Path(name).parent.parts)
        write_private(folder.path / name, (source / name).read_text())


def _move(source: Path, target: Path) -> None:
    """Rename, unless that was done before."""
    if source.exists() and not target.exists():
        source.rename(target)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _unused(home: Path) -> Path:
    stamp = f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = itertools.chain([stamp], (f"{stamp}-{number}" for number in itertools.count(2)))
    return next(home / name for name in names if not (home / name).exists())
