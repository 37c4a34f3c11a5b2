"""The docs say what the code does, and lead where they say."""

import ast
import json
import re
import shlex
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import promql_parser
import pytest
import yaml
from django.conf import settings as chosen
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve
from prometheus_client import REGISTRY

from portal import settings
from portal.lib import conf, doc_text, problem_types
from portal.pages import doc_texts, watch
from portal.pages.setup import PARTS

DOCS = Path(settings.ROOT, "templates/docs")
NAMES = [path.relative_to(DOCS).with_suffix("").as_posix() for path in sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((/[^)\s]*|#[^)\s]*)\)")
HOLDERS = {"DEPLOYMENT": "1", "NAME": "build-ci", "SLUG": "build-ci", "ID": "1", "N": "1"}


def text_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@cache
def anchors_of(name: str) -> frozenset[str]:
    return frozenset(one.anchor for one in doc_text.sections(text_of(name)))


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    """Page and code of every block in one of the languages."""
    for name in NAMES:
        for block in doc_text.blocks(text_of(name)):
            if block.language in languages:
                yield name, block.code


def leads_nowhere(address: str, page: str) -> bool:
    parts = urlsplit(address)
    name = parts.path.removeprefix("/docs/") if parts.path else page
    if parts.path and not parts.path.startswith("/docs/"):
        try:
            resolve(parts.path)
        except Resolver404:
            return True
        return False
    return not (DOCS / f"{name}.md").is_file() or bool(parts.fragment and parts.fragment not in anchors_of(name))


def test_a_method_stays_on_the_line_of_its_address() -> None:
    written = doc_text.html("# Title\n\n`PUT /api/v1/slos/{name}`, `GET it`\n", picture=lambda _: None)
    assert "<code>PUT&nbsp;/api/v1/slos/{name}</code>, <code>GET it</code>" in written


def test_every_variable_that_settings_read_is_explained() -> None:
    read = set(re.findall(r'env\.\w+\(["\']([A-Z_]+)["\']', Path(settings.ROOT, "portal/settings.py").read_text()))
    told = set(re.findall(r"`([A-Z_]+)`", text_of("settings")))
    assert read
    assert read <= told
    assert {name for name in told if name.startswith("PORTAL_")} <= read | {"PORTAL_SECRET_KEY"}


def test_every_figure_of_metrics_is_explained_and_no_other() -> None:
    assert watch.PAUSED
    ours = {one.name for one in REGISTRY.collect() if one.name.startswith("portico_")}
    assert ours == set(re.findall(r"^\| `(portico_\w+)` \|", text_of("metrics"), flags=re.M))


def test_every_step_of_the_setup_leads_to_its_explanation() -> None:
    for part in PARTS:
        page, _, place = part.docs.partition("#")
        assert not place or place in anchors_of(page)


def test_every_kind_of_problem_leads_to_its_explanation() -> None:
    assert set(problem_types.ANCHORS.values()) <= anchors_of("problems")


@pytest.mark.parametrize("name", NAMES)
def test_no_link_and_no_picture_of_a_page_leads_nowhere(name: str) -> None:
    text = text_of(name)
    assert [address for address in LINK.findall(text) if leads_nowhere(address, name)] == []
    for picture in re.findall(r"!\[[^\]]+\]\((pictures/\S+?)[ )]", text):
        assert (DOCS / picture).is_file(), picture


@pytest.mark.parametrize("name", NAMES)
def test_search_and_page_agree_on_the_anchors(name: str) -> None:
    text = text_of(name)
    shown = re.findall(r'<h[1-6] id="([^"]+)"', doc_text.html(text, picture=lambda _: None))
    assert shown == [one.anchor for one in doc_text.sections(text)[1:]]


def test_every_page_is_in_the_list_once() -> None:
    listed = [entry.name for entry in doc_texts.entries()]
    assert sorted(listed) == sorted(NAMES)
    assert [title for title, _ in doc_texts.groups()][-1] == doc_texts.DECISIONS


def test_examples_are_shown_for_where_this_portal_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "PORTAL_BASE_URL", "https://portal.example.org/")
    shown = doc_texts.html("getting-started")
    assert "export PORTICO=https://portal.example.org TOKEN=" in shown
    assert conf.EXAMPLE_URL not in shown
    monkeypatch.setattr(chosen, "PORTAL_BASE_URL", "http://localhost:9000")
    assert "export PORTICO=http://localhost:9000 TOKEN=" in doc_texts.html("getting-started")


def test_pictures_say_what_they_show_and_bring_no_colours_of_their_own() -> None:
    for path in (DOCS / "pictures").glob("*.svg"):
        picture = ET.parse(path).getroot()
        assert picture.get("viewBox"), path
        used = {name for one in picture.iter() for name in one.attrib}
        assert used.isdisjoint({"style", "fill", "stroke", "id"}), path
    page = doc_texts.html("concepts")
    pictures = re.findall(r'<svg class="(wide|narrow)" role="img" aria-label="([^"]+)"', page)
    assert [css for css, _ in pictures] == ["wide", "narrow"] * 6
    assert {shows for _, shows in pictures[::2]} == {shows for _, shows in pictures[1::2]}
    assert page.count("<figcaption>") == 6


def test_a_picture_without_one_for_phones_scrolls_by_itself_and_is_reached_by_the_keyboard() -> None:
    shown = doc_text.html("# A\n\n![It](pictures/x.svg)\n", picture=lambda src: None if "narrow" in src else "<svg />")
    assert '<div class="picture-box" tabindex="0"><svg class="only" role="img" aria-label="It" />' in shown


def test_words_of_a_picture_are_the_same_for_phones() -> None:
    for path in (DOCS / "pictures").glob("*-narrow.svg"):
        narrow, wide = (words_of(one) for one in (path, path.with_name(path.name.replace("-narrow", ""))))
        assert sorted(narrow) == sorted(wide), path


def words_of(path: Path) -> list[str]:
    return " ".join(one.text or "" for one in ET.parse(path).getroot().iter() if one.tag.endswith("text")).split()


def test_every_example_can_be_read() -> None:
    for name, code in blocks("json"):
        assert json.loads(code), name
    for name, code in blocks("toml"):
        assert tomllib.loads(code), name
    for name, code in blocks("python"):
        assert ast.parse(code), name
    for name, code in blocks("yaml"):
        documents = list(yaml.safe_load_all(code))
        assert all(documents), name
        rules = [rule for one in documents if "groups" in one for group in one["groups"] for rule in group["rules"]]
        assert all(promql_parser.parse(rule["expr"]) for rule in rules), name
    shells = [code for _, code in blocks("sh", "")]
    script = "\n".join(f"check_{at}() {{\n{code}\n}}" for at, code in enumerate(shells))
    said = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert said.returncode == 0, said.stderr


def test_every_language_of_a_block_is_looked_at() -> None:
    known = {"sh", "json", "toml", "yaml", "python", "text", "html", "markdown", ""}
    assert {block.language for name in NAMES for block in doc_text.blocks(text_of(name))} <= known


def test_every_call_of_the_api_that_is_shown_has_its_address_and_its_method() -> None:
    calls = [(name, *call) for name, code in blocks("sh", "") for call in api_calls(code)]
    assert len(calls) > 20
    for name, method, path, body in calls:
        match = resolve(path)
        view = getattr(match.func, "cls", None) or getattr(match.func, "view_class", None)
        assert view is None or hasattr(view, method.lower()), f"{name}: {method} {path}"
        assert view is not None or path.startswith(("/api/v1/schema", "/changes")), f"{name}: {path}"
        assert body is None or json.loads(body), f"{name}: {path}"


def test_every_command_that_is_shown_is_one_with_such_options() -> None:
    found = 0
    for name, code in blocks("sh", ""):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line.partition(" > ")[0], comments=True) if line.startswith("portal ") else []
            if len(words) > 1 and words[1] in get_commands():
                parser = load_command_class(get_commands()[words[1]], words[1]).create_parser("portal", words[1])
                parser.parse_args(words[2:])
                found += 1
                assert name
    assert found > 3


def api_calls(code: str) -> Iterator[tuple[str, str, str | None]]:
    """Method, path and body of every curl of a block, and of `send`, which getting-started defines."""
    for line in re.split(r"\n(?! )", code.replace("\\\n", " ")):
        if match := re.match(r"send (\S+) '(.+)'$", line.strip(), flags=re.S):
            yield "PUT", f"/api/v1/{match[1]}", match[2]
        elif "curl " in line and not line.startswith("send()"):
            yield from curl(re.sub(r"^.*?curl ", "curl ", line.strip().replace("$(uuidgen)", "1"), flags=re.S))


def curl(line: str) -> Iterator[tuple[str, str, str | None]]:
    words = shlex.split(re.split(r'"\)?$', line)[0] + '"' if line.endswith('")') else line, comments=True)
    method = words[words.index("-X") + 1] if "-X" in words else ""
    body = next((words[at + 1] for at, word in enumerate(words) if word == "-d"), None)
    sent = body is not None or "--data-binary" in words
    for word in words:
        path = urlsplit(re.sub(r"^(\$\w+|https?://[^/]+)", "", word)).path
        if path.startswith("/api/v1/"):
            yield method or ("POST" if sent else "GET"), path, body
