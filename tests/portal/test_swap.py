"""Exchanging databases and files: whatever moment a kill comes at, all of the former or all of the new is there."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.run import swap
from portal.run.folder import DataFolder


class Killed(BaseException):
    """As if the process had ended here: no cleaning up follows."""


class Place:
    """A data folder with a database that can be told by its one file."""

    def __init__(self, root: Path) -> None:
        self.folder, self.home = DataFolder(root / "folder"), root / "home"
        self.folder.path.mkdir(parents=True)
        self.home.mkdir()

    def now(self, what: str, *files: str) -> None:
        """What is there now."""
        (self.home / "data").mkdir()
        (self.home / "data" / "PG_VERSION").write_text(what)
        for name in files:
            self.folder.sub(*Path(name).parent.parts)
            (self.folder.path / name).write_text(f"{what} {name}")

    def stage(self, what: str, *files: str) -> None:
        """What is to be there."""
        data = self.home / swap.STAGED / "data"
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text(what)
        swap.stage_files(self.home, {name: f"{what} {name}".encode() for name in files})

    def state(self) -> tuple[str, dict[str, str]]:
        """What a start would find."""
        data = self.home / "data" / "PG_VERSION"
        files = {name: (self.folder.path / name).read_text() for name in swap.kept_files(self.folder)}
        return data.read_text() if data.exists() else "", files


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Nothing yet."""
    return Place(tmp_path)


OLD = ("old", {"first-sign-in": "old first-sign-in", "secret-key": "old secret-key"})
NEW = ("new", {"prometheus/targets/x.json": "new prometheus/targets/x.json", "secret-key": "new secret-key"})


def _both(place: Place) -> None:
    place.now("old", *OLD[1])
    place.stage("new", *NEW[1])


def test_the_new_is_in_its_place_and_the_old_beside(place: Place) -> None:
    _both(place)
    kept = swap.commit(place.home, place.folder)
    assert place.state() == NEW
    assert kept is not None
    assert swap.is_kept_aside(place.home, kept)
    assert (kept / "files" / "secret-key").read_text() == "old secret-key"
    assert {path.name for path in place.home.iterdir()} == {"data", kept.name}


def test_an_empty_folder_keeps_nothing_aside(place: Place) -> None:
    place.stage("new", *NEW[1])
    assert swap.commit(place.home, place.folder) is None
    assert place.state() == NEW
    assert [path.name for path in place.home.iterdir()] == ["data"]


def test_what_was_kept_aside_can_be_brought_back_and_back_again(place: Place) -> None:
    _both(place)
    first = swap.commit(place.home, place.folder)
    assert first is not None
    second = swap.commit(place.home, place.folder, staged=first.name)
    assert place.state() == OLD
    assert second is not None
    assert second != first
    assert not first.exists()
    swap.commit(place.home, place.folder, staged=second.name)
    assert place.state() == NEW


class Kill:
    """Counts everything that changes the disk, and raises Killed before the step with the number `at`."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def before[**P, R](self, step: Callable[P, R]) -> Callable[P, R]:
        """`step`, counted."""

        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            self.count += 1
            if self.count == self.at:
                raise Killed
            return step(*args, **kwargs)

        return counted

    def instead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand before all that swap does to the disk; folders are removed entry by entry."""
        for name in ("rename", "replace", "unlink", "mkdir"):
            monkeypatch.setattr(Path, name, self.before(getattr(Path, name)))
        for name in ("unlink", "rmdir"):
            monkeypatch.setattr(os, name, self.before(getattr(os, name)))


def _killed(at: int, place: Place, staged: str) -> bool:
    """Whether a swap that is killed before step `at` was, and not over already; then the next start comes."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        Kill(at).instead(monkeypatch)
        try:
            swap.commit(place.home, place.folder, staged=staged)
        except Killed:
            killed = True
        else:
            killed = False
    swap.finish(place.home, place.folder)
    return killed


def _kept_aside(place: Place) -> set[str]:
    folders = [path for path in place.home.iterdir() if swap.is_kept_aside(place.home, path)]
    return {
        (path / "data" / "PG_VERSION").read_text() + (path / "files" / "secret-key").read_text() for path in folders
    }


def test_killed_at_any_step_it_is_the_old_or_the_new_and_never_a_mixture(tmp_path: Path) -> None:
    seen = []
    for at in itertools.count(1):
        place = Place(tmp_path / str(at))
        _both(place)
        killed = _killed(at, place, swap.STAGED)
        assert place.state() in (OLD, NEW), f"killed before step {at}"
        assert _kept_aside(place) == (set() if place.state() == OLD else {"oldold secret-key"})
        assert not any((place.home / name).exists() for name in (swap.STAGED, swap.JOURNAL))
        seen.append(place.state()[0])
        if not killed:
            break
    assert seen == sorted(seen, reverse=True)  # there is one moment before which it is the old, and after it the new
    assert len(seen) > 15


def test_killed_at_any_step_of_bringing_back_neither_is_lost(tmp_path: Path) -> None:
    for at in itertools.count(1):
        place = Place(tmp_path / str(at))
        _both(place)
        kept = swap.commit(place.home, place.folder)
        assert kept is not None
        killed = _killed(at, place, kept.name)
        assert {place.state()[0], *_kept_aside(place)} in (
            {"new", "oldold secret-key"},
            {"old", "newnew secret-key"},
        ), f"killed before step {at}"
        assert place.state() in (OLD, NEW)
        if not killed:
            break
    assert place.state() == OLD


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("secret-key", True),
        ("prometheus/targets/mine.json", True),
        ("../secret-key", False),
        ("/etc/passwd", False),
        ("prometheus/targets/../../secret-key.json", False),
        ("prometheus/targets/deep/mine.json", False),
        ("instance.json", False),
    ],
)
def test_only_what_a_backup_would_hold_is_ever_written(name: str, ours: bool) -> None:
    assert swap.may_be_kept(name) is ours
