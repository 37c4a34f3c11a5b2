"""The file of a backup: whole or not there, and believed only after it was compared with what it says of itself."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.run.archive import (
    Database,
    Manifest,
    NotABackup,
    Occupied,
    fingerprint,
    member_of,
    opened,
    version,
    writing,
)

CONTENT = b"a dump" * 1000


def _write(target: Path, *, force: bool = False) -> Path:
    with writing(target, force=force) as draft:
        draft.add(member_of("main"), [CONTENT, CONTENT])
        draft.add("files/secret-key", [b"key"])
        draft.finish(Manifest("2026-11-26T10:00:00+00:00", fingerprint("key"), {"main": Database("18", 7, ("a.1",))}))
    return target


def _half() -> Iterator[bytes]:
    yield b"half"
    raise OSError("disk full")


def _rewrite(path: Path, **changes: object) -> None:
    """The same backup with a manifest that says something else."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    with opened(_write(tmp_path / "b.zip")) as backup:
        backup.verify()
        assert backup.manifest.databases == {"main": Database("18", 7, ("a.1",))}
        assert backup.manifest.portico == version()
        assert backup.files() == {"secret-key": b"key"}
        assert backup.stream(member_of("main")).read() == CONTENT * 2


def test_only_its_owner_can_read_it_for_it_holds_the_secret_key(tmp_path: Path) -> None:
    assert stat.S_IMODE(_write(tmp_path / "b.zip").stat().st_mode) == 0o600


def test_it_overwrites_nothing_unless_told(tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    target.write_text("something else")
    with pytest.raises(Occupied, match="--force"):
        _write(target)
    assert target.read_text() == "something else"
    assert zipfile.is_zipfile(_write(target, force=True))


def test_a_file_that_appeared_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    with pytest.raises(Occupied), writing(target, force=False):
        target.write_text("somebody else's")
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert target.read_text() == "somebody else's"


def test_one_that_failed_leaves_nothing_and_the_former_one_as_it_was(tmp_path: Path) -> None:
    target = _write(tmp_path / "b.zip")
    before = target.read_bytes()
    with pytest.raises(OSError, match="disk full"), writing(target, force=True) as draft:
        draft.add("files/secret-key", _half())
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


def test_the_next_one_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".portico-backup-{gone.pid}.part").write_text("half")
    lives = tmp_path / f".portico-backup-{os.getppid()}.part"
    lives.write_text("another one's")
    _write(tmp_path / "b.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([lives.name, "b.zip"])


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_one_that_is_cut_off_is_said_so(tmp_path: Path, share: float) -> None:
    target = _write(tmp_path / "b.zip")
    content = target.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(NotABackup, match="only the beginning of one"), opened(target):
        pass


def test_a_byte_that_changed_is_found_and_its_member_named(tmp_path: Path) -> None:
    target = _write(tmp_path / "b.zip")
    content = bytearray(target.read_bytes())
    content[content.index(b"a dump") + 60] ^= 1
    target.write_bytes(content)
    with opened(target) as backup, pytest.raises(NotABackup, match=r"damaged \(databases/main.dump"):
        backup.verify()


def test_a_member_that_was_exchanged_is_found(tmp_path: Path) -> None:
    target = _write(tmp_path / "b.zip")
    _rewrite(target, members={"files/secret-key": [3, "0" * 64]})
    with opened(target) as backup, pytest.raises(NotABackup, match="damaged"):
        backup.verify()


def test_one_in_a_later_form_is_refused_with_the_version_that_reads_it(tmp_path: Path) -> None:
    target = _write(tmp_path / "b.zip")
    _rewrite(target, format=2, portico="9.1", something_new=1)
    with pytest.raises(NotABackup, match=r"written by Portico 9\.1"), opened(target):
        pass


@pytest.mark.parametrize("changes", [{"databases": 5}, {"databases": {"main": {}}}, {"format": None}, {"extra": 1}])
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    target = _write(tmp_path / "b.zip")
    _rewrite(target, **changes)
    with pytest.raises(NotABackup, match="no backup that Portico made"), opened(target):
        pass


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotABackup, match="There is no"), opened(tmp_path / "missing.zip"):
        pass
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("letter.txt", "hello")
    with pytest.raises(NotABackup, match="is a ZIP, but"), opened(tmp_path / "other.zip"):
        pass
