"""A location is read as a whole: what its files name is followed, within limits, and nothing breaks the rest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.locations import reading
from catalog.locations.doors import Doors, Folders, Known, Web
from catalog.locations.reading import Reading
from catalog.manifest import Marker
from portal.lib.addresses import allowed
from portal.lib.fetching import Fetcher
from tests.catalog.manifest_files import api, component, location, stream
from tests.fakes.repository import Repository


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A server of files."""
    with Repository.running() as made:
        yield made


def read(*targets: str, roots: tuple[Path, ...] | None = None, most: int = 100, **how: object) -> Reading:
    """Read through real doors that may reach loopback."""
    with Fetcher(limit_bytes=1_000_000, timeout=5, allowed=allowed(["127.0.0.1"])) as fetcher:
        doors = Doors(Web(fetcher), Folders(roots) if roots is not None else None)
        return reading.read(targets, doors, most_files=most, **how)  # type: ignore[arg-type]


def names(found: Reading) -> list[str]:
    return [file.address.rpartition("/")[2] for file in found.files]


def faults(found: Reading) -> list[str]:
    return [problem.message for file in found.files for problem in file.problems]


def test_locations_named_by_locations_are_followed_relative_to_their_file(repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", "./teams/all.yaml", f"{repository.url}/x.yaml"))
    repository.put("/teams/all.yaml", stream(component("a"), location("teams", "b.yaml")))
    repository.put("/teams/b.yaml", component("b"))
    repository.put("/x.yaml", component("x"))
    found = read(top)
    assert names(found) == ["all.yaml", "all.yaml", "x.yaml", "b.yaml"]
    assert found.whole


def test_a_circle_ends_and_each_file_is_read_once(repository: Repository) -> None:
    first = repository.put("/a.yaml", location("a", "./b.yaml", "./a.yaml"))
    repository.put("/b.yaml", location("b", "./a.yaml", "./b.yaml#again"))
    assert names(read(first, first)) == ["a.yaml", "b.yaml"]
    assert len(repository.asked) == 2


def test_locations_nest_to_a_depth_and_no_deeper(repository: Repository) -> None:
    for n in range(10):
        repository.put(f"/{n}.yaml", location(f"l{n}", f"./{n + 1}.yaml"))
    found = read(f"{repository.url}/0.yaml")
    assert len(found.files) == reading.DEEPEST + 1
    assert "deep and no deeper" in faults(found)[0]
    assert not found.whole


def test_there_is_a_most_of_files(repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", *(f"./{n}.yaml" for n in range(10))))
    for n in range(10):
        repository.put(f"/{n}.yaml", component(f"c{n}"))
    found = read(top, most=4)
    assert (len(found.files), found.whole) == (4, False)
    assert "More than 4 files" in found.stopped


def test_when_time_is_over_the_rest_is_left(repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", "./a.yaml", "./b.yaml"))
    repository.put("/a.yaml", component("a"))
    left = iter([True, True, False])
    found = read(top, in_time=lambda: next(left))
    assert (names(found), found.whole) == (["all.yaml", "a.yaml"], False)
    assert "took too long" in found.stopped


def test_one_file_that_is_lost_takes_no_other_with_it(repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", "./gone.yaml", "./a.yaml", "./*.yaml"))
    repository.put("/a.yaml", component("a"))
    found = read(top)
    assert [file.error for file in found.files if file.error] == [
        "The server answered 404 Not Found: there is nothing, or it hides it from those who don't sign in."
    ]
    assert "can't be listed over HTTP" in faults(found)[0]
    assert names(found)[-1] == "a.yaml"
    assert not found.whole


def test_an_optional_target_may_be_missing(repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", "./maybe.yaml", presence="optional"))
    found = read(top)
    assert (names(found), found.whole) == (["all.yaml"], True)


def test_markers_are_read_beside_their_file_once_and_through_the_same_door(repository: Repository) -> None:
    top = repository.put(
        "/d/a.yaml", stream(api("a", "$text: ./openapi.yaml"), api("b", "$openapi: ./openapi.yaml"), component("c"))
    )
    repository.put("/d/openapi.yaml", "openapi: 3.1.0\n")
    found = read(top)
    assert [(file.address.rpartition("/")[2], file.part) for file in found.files] == [
        ("a.yaml", False),
        ("openapi.yaml", True),
    ]
    (file,) = found.manifests
    assert file.marked(Marker("$openapi", "./openapi.yaml")) == "openapi: 3.1.0\n"
    assert file.marked(Marker("$text", "./other.yaml")) is None
    assert repository.statuses("/d/openapi.yaml") == [200]


def test_a_marker_that_can_not_be_read_is_told_with_its_line_and_the_file_survives(repository: Repository) -> None:
    top = repository.put("/a.yaml", stream(component("c"), api("a", "$text: ./gone.yaml")))
    found = read(top)
    (problem,) = found.files[0].problems
    assert (problem.code, problem.line) == ("unreadable_marker", 19)
    assert "$text ./gone.yaml: The server answered 404" in problem.message
    assert found.whole  # all manifests were read


@pytest.mark.parametrize("target", ["/etc/passwd", "file:///etc/passwd", "./*.yaml", "http://10.0.0.5/x"])
def test_a_marker_leads_nowhere_else(repository: Repository, target: str) -> None:
    top = repository.put("/a.yaml", api("a", f"$text: {target}"))
    assert len(read(top).files[0].problems) == 1


def test_an_unchanged_file_costs_a_304_and_is_followed_all_the_same(repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", "./a.yaml"))
    repository.put("/a.yaml", component("a"))
    first = read(top)
    known = {file.address: Known(file.loaded.content, file.loaded.etag) for file in first.files if file.loaded}
    again = read(top, known=known)
    assert [one.status for one in repository.asked] == [200, 200, 304, 304]
    assert [file.loaded and file.loaded.digest for file in again.files] == [
        file.loaded and file.loaded.digest for file in first.files
    ]


def test_a_broken_manifest_is_still_a_file_that_was_read(repository: Repository) -> None:
    found = read(repository.put("/a.yaml", "a: [1\n---\n" + location("l", "./b.yaml")), f"{repository.url}/b.yaml")
    assert found.files[0].loaded is not None


def test_a_directory_is_searched_and_its_markers_and_locations_stay_inside(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    (repo / "services/a").mkdir(parents=True)
    (tmp_path / "secret").write_text("hush")
    (repo / "catalog-info.yaml").write_text(location("all", "./services/*/thing.yaml", "../secret"))
    (repo / "services/a/thing.yaml").write_text(
        stream(api("a", "$text: ./def.yaml"), api("b", "$text: ../../../secret"))
    )
    (repo / "services/a/def.yaml").write_text("openapi: 3.1.0\n")
    found = read(str(repo), roots=(tmp_path,))
    assert names(found) == ["catalog-info.yaml", "thing.yaml", "def.yaml"]
    assert all("leads out of the location's folder" in fault for fault in faults(found))
    assert len(faults(found)) == 2


def test_an_address_never_leads_to_a_file_of_this_machine(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "catalog-info.yaml").write_text(component("a"))
    top = repository.put("/a.yaml", location("all", str(tmp_path)))
    assert "begins with /" in faults(read(top, roots=(tmp_path,)))[0]
    assert "whole address" in read(str(tmp_path)).files[0].error
