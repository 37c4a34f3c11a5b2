"""Markdown as people write it in docs, runbooks and reviews, made into HTML that is safe to show."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

LONGEST = 60_000
"""Characters that are rendered: about fifteen printed pages. Some texts cost the square of their length."""


def to_html(text: str) -> SafeString:
    """CommonMark with tables. HTML is shown as text, a `javascript:` link stays text, headings can be linked to."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}\n\n*… the rest is too long to be shown here.*"
    html: str = renderer().render(shown)
    return mark_safe(html)  # noqa: S308  # html=False escaped whatever markup the text brought


def renderer() -> MarkdownIt:
    """What reads and writes all our Markdown; a fresh one, so that a caller may add rules of its own."""
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["table", "strikethrough"])
    markdown.add_render_rule("link_open", _link)
    markdown.add_render_rule("heading_open", _heading)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("table_open", _table)
    markdown.add_render_rule("table_close", _table_end)
    return markdown


def _link(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    if "://" in str(tokens[at].attrGet("href")):
        tokens[at].attrSet("rel", "noopener nofollow")
    return renderer.renderToken(tokens, at, options, env)


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """Long lines scroll, so the keyboard has to reach them."""
    return renderer.fence(tokens, at, options, env).replace("<pre>", '<pre tabindex="0">', 1)


def _table(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """A wide one scrolls by itself on a phone, so the keyboard has to reach it."""
    return '<div class="table-responsive" tabindex="0">' + renderer.renderToken(tokens, at, options, env)


def _table_end(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    return renderer.renderToken(tokens, at, options, env) + "</div>"


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    if not tokens[at].attrGet("id"):
        tokens[at].attrSet("id", slugify(tokens[at + 1].content))
    return renderer.renderToken(tokens, at, options, env)
