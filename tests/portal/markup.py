"""Pages read as a browser would, for what must never be in them: markup or a link that somebody's text became."""

import json
import re
from html.parser import HTMLParser

MARK = "xssmark"
"""In the name of every element and attribute that a payload would make."""
SUM = 7 * 1910731
MARKUP = (
    f"'\"><{MARK} on{MARK}=1>",
    f"</title></textarea></script><script {MARK}>{MARK}()</script>",
    f"<svg/on{MARK}=1><img src=x on{MARK}=1>",
    f"` on{MARK}=1 '{{{{7*1910731}}}}{{%now%}}",
    f"[l](javascript:{MARK}) <javascript:{MARK}>",
    f"![i](data:text/html,{MARK}) \"on{MARK}='1",
)
ADDRESSES = (
    f"javascript:{MARK}()",
    f"JaVa\tScRiPt:{MARK}()",
    f" \x01javascript:{MARK}()",
    f"data:text/html,<{MARK}>",
    f"vbscript:{MARK}",
    f'https://x.example/"><{MARK}>',
    f"javascript://x.example/%0a{MARK}()",
)
LINKING = {
    "href",
    "src",
    "action",
    "formaction",
    "xlink:href",
    "poster",
    "data",
    "srcset",
    "ping",
    "cite",
    "background",
}
SCHEMES = {"http", "https", "mailto"}
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
OWN_MARKUP = re.compile(r"[a-z][a-z0-9]*(-[a-z]+)*")


class Page(HTMLParser):
    """What a page holds: its links, and the faults that were found in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.faults: list[str] = []
        self._script = ""
        self.feed(text)
        self.close()
        if str(SUM) in text:
            self.faults.append("a template was filled in")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK in tag or not OWN_MARKUP.fullmatch(tag):
            self.faults.append(f"element <{tag}>")
        for name, value in attrs:
            if MARK in name or name.startswith("on"):
                self.faults.append(f"attribute {name} of <{tag}>")
            if name in LINKING or (name.startswith("hx-") and name[3:] in {"get", "post", "put", "patch", "delete"}):
                self._link(tag, name, value or "")
        self._script = dict(attrs).get("type") or "code" if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if not self._script or not data.strip():
            return
        if self._script == "application/json":
            json.loads(data)
        elif MARK in data:
            self.faults.append(f"script holds {data[:60]!r}")

    def _link(self, tag: str, name: str, value: str) -> None:
        # a browser drops control characters and blanks around, and tabs and newlines anywhere
        meant = re.sub(r"[\t\r\n]", "", value).strip("".join(map(chr, range(33))))
        scheme = SCHEME.match(meant)
        if scheme and scheme[1].lower() not in SCHEMES:
            self.faults.append(f"{name} of <{tag}> is {value!r}")
        if tag == "a" and name == "href":
            self.links.append(value)
