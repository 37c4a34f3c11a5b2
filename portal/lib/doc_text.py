"""A text of the documentation: its title, its sections with their anchors, and its HTML with the pictures drawn in."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it.token import Token

from portal.lib.markdown import renderer

HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
MARKS = re.compile(r"[`*_]|\[([^\]]*)\]\([^)]*\)")
CALL = re.compile(r"<code>(GET|PUT|POST|PATCH|DELETE) /")
"""A method stays on the line of its address."""
IN_CONTENTS = (2, 3)
NARROW = re.compile(r"(\.svg)$")
"""Beside `x.svg` there may be `x-narrow.svg`: the same, drawn for a phone."""

Picture = Callable[[str], str | None]
"""The path of a picture as the text names it → its SVG, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, `level` 1 to 6, and the text below it up to the next one; `anchor` is unique in its page."""

    level: int
    heading: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code: its language, as the fence says it, and what it holds."""

    language: str
    code: str


def sections(text: str) -> list[Section]:
    """All parts of a page in order; the first is its title. Read by lines, for search reads every page."""
    found: list[tuple[int, str, list[str]]] = []
    fence = ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip().startswith(fence):
            fence = ""
        heading = None if fence or mark else HEADING.match(line)
        if heading:
            found.append((len(heading[1]), heading[2], []))
        elif found:
            found[-1][2].append(line)
    anchors = _anchors(heading for _, heading, _ in found)
    return [
        Section(level, plain(heading), anchor, "\n".join(lines))
        for (level, heading, lines), anchor in zip(found, anchors, strict=True)
    ]


def plain(text: str) -> str:
    """Inline Markdown as words: without marks, of links what they say."""
    return MARKS.sub(lambda found: found[1] or "", text).strip()


def blocks(text: str) -> list[Block]:
    """Every fenced block of the page."""
    return [Block(one.info.strip(), one.content) for one in renderer().parse(text) if one.type == "fence"]


def html(text: str, *, picture: Picture) -> SafeString:
    """The page without its title. Headings carry their anchors and a link to themselves; pictures are drawn in.

    A picture is Markdown's image in a paragraph of its own: `![what it shows](pictures/x.svg "caption")`. It becomes
    part of the page, so that it takes the page's colours; what it shows is said to those who don't see it.
    """
    markdown = renderer()
    tokens = markdown.parse(text)
    _number(tokens)
    _label(tokens)
    shown = list(_without_title(_drawn(tokens, picture)))
    markdown.add_render_rule("heading_close", lambda _self, given, at, *_: _closed(given[at]))
    written: str = CALL.sub(r"<code>\1&nbsp;/", markdown.renderer.render(shown, markdown.options, {}))
    return mark_safe(written)  # noqa: S308  # html=False escaped whatever markup the text brought


def _anchors(headings: Iterator[str]) -> Iterator[str]:
    """One for each heading; where two are called the same, the second gets a figure."""
    used: dict[str, int] = {}
    for heading in headings:
        anchor = slugify(heading) or "section"
        used[anchor] = used.get(anchor, 0) + 1
        yield anchor if used[anchor] == 1 else f"{anchor}-{used[anchor]}"


def _number(tokens: Sequence[Token]) -> None:
    opened = [(at, token) for at, token in enumerate(tokens) if token.type == "heading_open"]
    anchors = _anchors(tokens[at + 1].content for at, _ in opened)
    for (at, token), anchor in zip(opened, anchors, strict=True):
        token.attrSet("id", anchor)
        tokens[at + 2].meta = {"anchor": anchor, "heading": plain(tokens[at + 1].content)}


def _label(tokens: Sequence[Token]) -> None:
    """On a phone the cells of a row stand one below the other, each with the name of its column."""
    heads: list[str] = []
    column = 0
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            heads = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            heads.append(plain(tokens[at + 1].content))
        elif token.type == "td_open":
            if 0 < column < len(heads) and len(heads) > 2 and heads[column]:
                token.attrSet("data-label", heads[column])
            column += 1


def _closed(token: Token) -> str:
    link = format_html(
        ' <a class="anchor" href="#{}" aria-label="Link to “{}”">#</a>',
        token.meta.get("anchor", ""),
        token.meta.get("heading", ""),
    )
    return f"{link}</{token.tag}>\n"


def _without_title(tokens: Sequence[Token]) -> Sequence[Token]:
    """The page's head shows the title."""
    titled = len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1"
    return tokens[3:] if titled else tokens


def _drawn(tokens: Sequence[Token], picture: Picture) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        image = _alone(tokens, at)
        svg = picture(_source(image)) if image else None
        if image and svg:
            narrow = picture(NARROW.sub(r"-narrow\1", _source(image)))
            found.append(Token("html_block", "", 0, content=_figure(image, svg, narrow)))
            at += 3
        else:
            found.append(tokens[at])
            at += 1
    return found


def _alone(tokens: Sequence[Token], at: int) -> Token | None:
    """The image of a paragraph that holds nothing else."""
    if tokens[at].type != "paragraph_open":
        return None
    inside = tokens[at + 1].children or []
    return inside[0] if len(inside) == 1 and inside[0].type == "image" else None


def _source(image: Token) -> str:
    return str(image.attrGet("src") or "")


def _figure(image: Token, svg: str, narrow: str | None) -> str:
    """Where there is none for narrow screens the wide one scrolls by itself, so the keyboard has to reach it."""
    caption = str(image.attrGet("title") or "")
    said = format_html("<figcaption>{}</figcaption>", caption) if caption else ""
    box = '<div class="picture-box" tabindex="0">' + _named(svg, image.content, "only")
    if narrow:
        box = '<div class="picture-box">' + _named(svg, image.content, "wide") + _named(narrow, image.content, "narrow")
    return f'<figure class="picture">{box}</div>{said}</figure>\n'


def _named(svg: str, shows: str, css: str) -> str:
    """It is its own name for those who don't see it; of two, the one that is not shown is not read either."""
    return svg.replace("<svg ", format_html('<svg class="{}" role="img" aria-label="{}" ', css, shows), 1)
