"""Form fields for what a catalog holds as lists and maps: written one a line, as people paste them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from catalog.specs import Link


class Lines(forms.CharField):
    """References, one a line."""

    def __init__(self, *, rows: int = 2, mono: bool = True, label: str | None = None, help_text: str = "") -> None:
        attrs = {"rows": rows, **({"class": "mono", "spellcheck": "false"} if mono else {})}
        super().__init__(required=False, widget=forms.Textarea(attrs=attrs), label=label, help_text=help_text)

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # what the framework says
        """The words, in order."""
        return tuple(str(value or "").split())

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401
        """A tuple a line each; what was typed stays as it is."""
        return "\n".join(value) if isinstance(value, tuple) else value


class Words(forms.CharField):
    """Tags, with commas or blanks between."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401
        """The words, in order."""
        return tuple(str(value or "").replace(",", " ").split())

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401
        """A tuple with commas."""
        return ", ".join(value) if isinstance(value, tuple) else value


class Pairs(Lines):
    """Labels or annotations: `key: value`, one a line; a value that lines can't hold stands in JSON's quotes."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401
        """The map. Raises ValidationError naming the line."""
        found: dict[str, str] = {}
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            key, mark, rest = line.partition(":")
            if not mark:
                raise forms.ValidationError(f"Line {number}: write key: value, for example team: build.")
            if key.strip() in found:
                raise forms.ValidationError(f"Line {number}: {key.strip()} is there twice; keep one.")
            found[key.strip()] = _unquoted(rest.strip())
        return found

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401
        """A map a line each."""
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{key}: {_quoted(text)}" for key, text in value.items())


class Links(Lines):
    """Links: the address, then what it is called; what else a known link says (icon, type) stays with it."""

    known: Mapping[str, Link]

    def __init__(self, *, help_text: str = "") -> None:
        super().__init__(mono=False, help_text=help_text)
        self.known = {}

    def to_python(self, value: Any) -> Any:  # noqa: ANN401
        """The links, in order."""
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        return tuple(self.known.get(line) or _link(line) for line in lines)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401
        """A tuple a line each."""
        return "\n".join(_written(link) for link in value) if isinstance(value, tuple) else value

    def remember(self, links: Sequence[Link]) -> None:
        """Keep what lines don't show of these."""
        self.known = {_written(link): link for link in links}


def _quoted(text: str) -> str:
    plain = text == text.strip() and len(text.splitlines()) < 2 and not text.startswith('"')
    return text if plain else json.dumps(text)


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return said if isinstance(said, str) else text


def _written(link: Link) -> str:
    return f"{link['url']} {link.get('title', '')}".strip()


def _link(line: str) -> Link:
    url, _, title = line.partition(" ")
    return {"url": url, "title": title.strip()} if title.strip() else {"url": url}
