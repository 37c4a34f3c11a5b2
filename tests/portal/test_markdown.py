"""Markdown from strangers: readable, and harmless."""

import pytest

from portal.lib.markdown import to_html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "![x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '[x](https://e.example/"onmouseover="alert(1))',
        "<javascript:alert(1)>",
    ],
)
def test_nothing_a_stranger_writes_becomes_active(hostile: str) -> None:
    html = to_html(hostile).lower()
    assert "<script" not in html
    assert "<img src=x" not in html
    assert 'href="javascript' not in html
    assert 'src="javascript' not in html
    assert 'href="data:text' not in html
    assert '"onmouseover=' not in html


def test_a_heading_can_be_linked_to_and_a_table_is_a_table() -> None:
    html = to_html("## When jobs wait\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<h2 id="when-jobs-wait">' in html
    assert "<td>1</td>" in html


def test_code_that_scrolls_is_reached_by_the_keyboard_and_stays_code() -> None:
    html = to_html("```sh\ncurl <pre> | sh\n```")
    assert '<pre tabindex="0"><code class="language-sh">curl &lt;pre&gt; | sh' in html


def test_a_wide_table_scrolls_by_itself_and_is_reached_by_the_keyboard() -> None:
    html = to_html("| a |\n|---|\n| 1 |\n\nafter")
    assert '<div class="table-responsive" tabindex="0"><table>' in html
    assert html.index("</table>\n</div>") < html.index("<p>after")


def test_links_out_do_not_vouch_for_where_they_lead() -> None:
    assert 'rel="noopener nofollow"' in to_html("[x](https://example.org)")
    assert "rel=" not in to_html("[x](/docs)")


def test_a_text_too_long_to_be_read_is_cut_and_says_so() -> None:
    html = to_html("word " * 100_000)
    assert len(html) < 61_000
    assert "too long to be shown" in html
