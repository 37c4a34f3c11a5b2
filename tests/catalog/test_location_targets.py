"""What targets mean: beside which file, and where the text behind a page is."""

import pytest

from catalog.locations.targets import BadTarget, against, hosts, line_link, matches, raw

GITHUB = "https://github.com/acme/platform/blob/main/catalog-info.yaml"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (GITHUB, "https://raw.githubusercontent.com/acme/platform/main/catalog-info.yaml"),
        ("https://github.com/acme/p/raw/main/a.yaml", "https://raw.githubusercontent.com/acme/p/main/a.yaml"),
        ("https://gitlab.com/g/sub/p/-/blob/main/a.yaml", "https://gitlab.com/g/sub/p/-/raw/main/a.yaml"),
        ("https://gitlab.corp/g/p/blob/main/a.yaml", "https://gitlab.corp/g/p/raw/main/a.yaml"),
        ("https://ghe.corp/o/r/blob/main/d/a.yaml", "https://ghe.corp/o/r/raw/main/d/a.yaml"),
        ("https://bitbucket.org/w/r/src/main/d/a.yaml", "https://bitbucket.org/w/r/raw/main/d/a.yaml"),
        (
            "https://bb.corp/projects/P/repos/r/browse/d/a.yaml?at=refs/heads/main",
            "https://bb.corp/projects/P/repos/r/raw/d/a.yaml?at=refs/heads/main",
        ),
        ("https://git.corp/o/r/src/branch/main/a.yaml", "https://git.corp/o/r/raw/branch/main/a.yaml"),
        ("https://codeberg.org/o/r/src/tag/v1/a.yaml", "https://codeberg.org/o/r/raw/tag/v1/a.yaml"),
        ("https://example.org/catalog-info.yaml", "https://example.org/catalog-info.yaml"),
    ],
)
def test_the_page_of_a_file_leads_to_its_text(page: str, text: str) -> None:
    assert raw(page) == text
    assert raw(text) == text


@pytest.mark.parametrize(
    ("target", "base", "meant"),
    [
        ("./a/b.yaml", GITHUB, "https://github.com/acme/platform/blob/main/a/b.yaml"),
        ("../x.yaml", "https://h.org/a/b/c.yaml", "https://h.org/a/x.yaml"),
        ("a.yaml", "https://h.org/p/browse/c.yaml?at=dev", "https://h.org/p/browse/a.yaml?at=dev"),
        ("https://other.org/a.yaml#L3", GITHUB, "https://other.org/a.yaml"),
        ("./a.yaml", "/srv/repo/b.yaml", "./a.yaml"),
        ("./*/a.yaml", "/srv/repo/b.yaml", "./*/a.yaml"),
    ],
)
def test_a_target_is_beside_the_file_that_names_it(target: str, base: str, meant: str) -> None:
    assert against(target, base=base) == meant


@pytest.mark.parametrize(
    ("target", "base", "said"),
    [
        ("", GITHUB, "empty"),
        ("file:///etc/passwd", GITHUB, "only https"),
        ("git@github.com:acme/x.git", "", "git@"),
        ("/etc/passwd", GITHUB, "begins with /"),
        ("./*/a.yaml", GITHUB, "can't be listed"),
        ("https://h.org/*/a.yaml", "", "can't be listed"),
        ("https://github.com/acme/x/tree/main/services", "", "page of a folder"),
        ("https://gitlab.com/g/x/-/tree/main/services", "", "page of a folder"),
    ],
)
def test_what_can_not_be_read_is_refused_with_what_to_write(target: str, base: str, said: str) -> None:
    if target.startswith("git@"):
        assert against(target, base=base) == target  # a path to people who type one; the form refuses it
        return
    with pytest.raises(BadTarget, match=said):
        against(target, base=base)


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("**/catalog-info.yaml", "catalog-info.yaml", True),
        ("**/catalog-info.yaml", "a/b/catalog-info.yaml", True),
        ("**/catalog-info.yaml", "a/b/other.yaml", False),
        ("*/x.yaml", "a/x.yaml", True),
        ("*/x.yaml", "a/b/x.yaml", False),
        ("a/**/b.yaml", "a/b.yaml", True),
        ("**", "a/b", True),
        ("teams/[ab]?.yaml", "teams/a1.yaml", True),
        ("?", "/", False),
    ],
)
def test_globs_stand_for_paths(glob: str, path: str, fits: bool) -> None:
    assert matches(glob, path) is fits


def test_many_stars_cost_no_more_than_one() -> None:
    assert not matches("/".join(["**", "a"] * 30), "/".join(["a"] * 29 + ["b"]))


def test_problems_link_to_their_line_where_the_host_can_show_it() -> None:
    assert line_link(GITHUB, 12) == f"{GITHUB}#L12"
    assert line_link("https://bitbucket.org/w/r/src/main/a.yaml", 3).endswith("#lines-3")
    assert line_link("https://example.org/a.yaml", 12) == "https://example.org/a.yaml"
    assert line_link("/srv/repo/a.yaml", 12) == ""


def test_what_signs_in_is_for_the_page_and_for_the_text_behind_it() -> None:
    assert hosts([GITHUB, "/srv/x"]) == {"https://github.com:443", "https://raw.githubusercontent.com:443"}
