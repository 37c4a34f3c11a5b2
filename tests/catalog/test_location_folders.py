"""Directories of this machine: what is found, and what is out of reach."""

import os
from pathlib import Path

import pytest

from catalog.locations.folders import CannotRead, Folder
from catalog.locations.targets import BadTarget


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`repos/platform` below an opened root, and a secret beside the root."""
    for path in (
        "repos/platform/catalog-info.yaml",
        "repos/platform/services/a/catalog-info.yml",
        "repos/platform/services/b/catalog-info.yaml",
        "repos/platform/services/b/other.yaml",
        "repos/platform/.git/catalog-info.yaml",
        "repos/platform/node_modules/x/catalog-info.yaml",
        "repos/second/catalog-info.yaml",
        "outside/secret.yaml",
        "outside/deep/catalog-info.yaml",
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {path}\n")
    return tmp_path


def folder(root: Path, path: str = "repos/platform") -> Folder:
    return Folder(str(root / path), [root / "repos"])


def test_manifests_are_found_in_every_folder_but_hidden_and_foreign_ones(root: Path) -> None:
    found = ["catalog-info.yaml", "services/a/catalog-info.yml", "services/b/catalog-info.yaml"]
    assert folder(root).files() == found


def test_a_glob_finds_what_it_stands_for(root: Path) -> None:
    assert folder(root, "repos/platform/services/*/other.yaml").files() == ["b/other.yaml"]
    assert folder(root, "repos/**/catalog-info.yaml").files()[0] == "platform/catalog-info.yaml"


def test_one_file_may_be_named(root: Path) -> None:
    assert folder(root, "repos/platform/services/b/other.yaml").files() == ["other.yaml"]


@pytest.mark.parametrize("path", ["outside", "repos/../outside", "reposit", "repos/platform/../../outside"])
def test_a_path_outside_the_roots_is_refused(root: Path, path: str) -> None:
    with pytest.raises(BadTarget, match="PORTAL_LOCATION_ROOTS"):
        folder(root, path)


def test_without_roots_directories_are_off(root: Path) -> None:
    with pytest.raises(BadTarget, match="is off"):
        Folder(str(root / "repos"), [])


def test_a_folder_that_is_not_there_is_told(root: Path) -> None:
    with pytest.raises(CannotRead, match="No such file"):
        folder(root, "repos/nothing")


def test_a_link_to_a_folder_outside_is_never_entered(root: Path) -> None:
    (root / "repos/platform/away").symlink_to(root / "outside")
    assert all("away" not in path for path in folder(root).files())
    with pytest.raises(CannotRead, match="leads out"):
        folder(root).read("away/secret.yaml", limit=1000)


def test_the_location_itself_may_not_be_a_link_that_leads_out(root: Path) -> None:
    (root / "repos/way-out").symlink_to(root / "outside")
    with pytest.raises(BadTarget, match="symbolic link"):
        folder(root, "repos/way-out")


def test_a_link_to_a_file_outside_is_refused_and_one_to_a_file_inside_is_read(root: Path) -> None:
    here = root / "repos/platform/services"
    (here / "c").mkdir()
    (here / "c/catalog-info.yaml").symlink_to(root / "outside/secret.yaml")
    (here / "d").mkdir()
    (here / "d/catalog-info.yaml").symlink_to("../b/other.yaml")
    with pytest.raises(CannotRead, match="leads out of the location's folder"):
        folder(root).read("services/c/catalog-info.yaml", limit=1000)
    assert b"other.yaml" in folder(root).read("services/d/catalog-info.yaml", limit=1000)


def test_a_link_that_is_put_in_between_looking_and_opening_leads_nowhere(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = folder(root)
    real = os.path.realpath
    target = made.top / "services/b/other.yaml"

    def swapped(path: str | Path, strict: bool = False) -> str:
        found = real(path, strict=strict)
        target.unlink()
        target.symlink_to(root / "outside/secret.yaml")
        return found

    monkeypatch.setattr("catalog.locations.folders.os.path.realpath", swapped)
    with pytest.raises(CannotRead):
        made.read("services/b/other.yaml", limit=1000)


@pytest.mark.parametrize("target", ["../second/catalog-info.yaml", "/etc/passwd", "../../outside/secret.yaml", ".."])
def test_a_file_may_name_only_what_is_in_its_own_location(root: Path, target: str) -> None:
    with pytest.raises(BadTarget, match="leads out"):
        folder(root).inside(target, base="catalog-info.yaml")


def test_what_is_no_ordinary_file_is_refused_and_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "repos/platform/pipe.yaml")
    with pytest.raises(CannotRead, match="no ordinary file"):
        folder(root).read("pipe.yaml", limit=1000)


def test_a_large_file_is_refused(root: Path) -> None:
    (root / "repos/platform/big.yaml").write_bytes(b"x" * 2000)
    with pytest.raises(CannotRead, match="larger than 1,000 bytes"):
        folder(root).read("big.yaml", limit=1000)


def test_a_heap_of_files_is_not_searched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.locations.folders.MOST_ENTRIES", 3)
    with pytest.raises(CannotRead, match="name a folder further down"):
        folder(root).files()


def test_what_is_hidden_in_a_checkout_is_not_read_even_where_a_manifest_names_it(root: Path) -> None:
    (root / "repos/platform/.git/config").write_text("url = https://token@example.com")
    (root / "repos/platform/shown.txt").symlink_to(".git/config")
    here = folder(root)
    for path in (".git/config", "services/../.git/config", "shown.txt"):
        with pytest.raises(CannotRead, match="is hidden"):
            here.read(path, limit=1000)
    assert here.read("services/a/../a/catalog-info.yml", limit=1000)
