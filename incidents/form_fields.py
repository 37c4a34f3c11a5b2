"""Fields that several forms of the incidents app have: things are typed by name, with suggestions while one types."""

from collections.abc import Container, Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from catalog import queries
from catalog.models import Component, Team
from catalog.refs import BadReference, parse
from catalog.registries import Hit
from portal.lib.clock import db_now

SUGGESTED = 12
MEANT = 3
KINDS = {"components": ("component", "resource", "api"), "people": ("person",), "teams": ("team",)}
"""What can be suggested, as kinds of the search."""


def suggestions(what: str, text: str, *, most: int = SUGGESTED) -> list[tuple[str, str]]:
    """What fits `text`, best first: what to type for it, and what it is. `what` is a key of KINDS."""
    hits = _hits(what, text, most=most)
    if what == "components":
        return [(typed_as(hit.ref), " · ".join(filter(None, (hit.title, hit.detail)))) for hit in hits]
    return [(f"{hit.title} ({hit.ref})", hit.detail) for hit in hits]


def _hits(what: str, text: str, *, most: int) -> list[Hit]:
    return queries.search(text.replace("\x00", " ")[:200], limit=most, now=db_now(), only=KINDS[what])


def typed_as(ref: str) -> str:
    """A component's reference as it is typed: as short as is clear."""
    return ref.removeprefix("component:default/")


class Suggesting(forms.TextInput):
    """A line to type a name in. A list below it offers what fits while one types; without a script one types on."""

    def __init__(self, what: str) -> None:
        """`what` is a key of KINDS."""
        super().__init__({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
        self.what = what

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ANN401  # as its base says
        """The line and its list."""
        offers = f"offers_{(attrs or {}).get('id', name)}"
        asking = {
            "list": offers,
            "hx-get": reverse("incidents:suggest", args=[self.what]),
            "hx-trigger": "input changed delay:150ms",
            "hx-target": f"#{offers}",
            "hx-swap": "innerHTML",
        }
        line = super().render(name, value, {**(attrs or {}), **asking}, renderer)
        return format_html('{}<datalist id="{}"></datalist>', line, offers)


class ComponentField(forms.CharField):
    """A component by name, title or reference, as people type it; empty is None. A list of all would be too long."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # as its base says
        super().__init__(**{"required": False, "max_length": 200, "widget": Suggesting("components"), **options})

    def clean(self, value: Any) -> Any:  # noqa: ANN401  # as its base says
        """The component, with its owner. Raises ValidationError where there is none of that name."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        living = Component.objects.select_related("owner").filter(retired_at=None)
        try:
            found, why = living.filter(ref=str(parse(text, kind="component"))).first(), ""
        except BadReference as error:
            found, why = None, str(error)
        found = found or living.filter(ref__in=_called("components", text)).first()
        if found is None:
            why = why or f"There is no component called “{typed_as(text)}”."
            raise forms.ValidationError(format_html("{}{}", why, meant("components", text)))
        return found


def _called(what: str, text: str) -> list[str]:
    """The reference of what has exactly this title; of none where several have."""
    refs = [hit.ref for hit in _hits(what, text, most=MEANT) if hit.title.lower() == text.lower()]
    return refs if len(refs) == 1 else []


class LinesWidget(forms.MultiWidget):
    """One line for each of several; of these only what is wrong is marked so."""

    wrong: Container[int] = ()
    """Places of lines that can't be; empty where it is not known which."""

    def decompress(self, value: Any) -> list[str]:  # noqa: ANN401
        """The initial value is a list already."""
        return list(value or [])

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:  # noqa: ANN401  # as its base says
        """Empty lines are never wrong, but the first where all are empty."""
        context = super().get_context(name, value, attrs)
        lines = context["widget"]["subwidgets"]
        filled = [place for place, line in enumerate(lines) if line["value"]] or [0]
        for place, line in enumerate(lines):
            if place not in (self.wrong or filled):
                line["attrs"].pop("aria-invalid", None)
        return context


class LinesField(forms.MultiValueField):
    """Several of a kind, one a line; empty lines are left out. `read` says what a line means."""

    def read(self, text: str) -> Any:  # noqa: ANN401
        """What a line means. Raises ValidationError for what means nothing."""
        raise NotImplementedError

    def compress(self, data_list: Sequence[str]) -> list[Any]:
        """Each typed text as what it means. Raises ValidationError with what is wrong with each line."""
        found, faults = [], {}
        for place, text in enumerate(data_list):
            try:
                found += [self.read(text)] if text.strip() else []
            except forms.ValidationError as error:
                faults[place] = error
        assert isinstance(self.widget, LinesWidget)  # noqa: S101 - tells mypy
        self.widget.wrong = faults.keys()
        if faults:
            raise forms.ValidationError(list(faults.values()))
        return found


class TeamChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # it takes no argument when it runs
    """A list of few teams, such as the reader's own."""

    def label_from_instance(self, obj: Any) -> str:  # noqa: ANN401
        """As people call it."""
        return str(obj.label)


class TeamField(forms.CharField):
    """A team by its name, its title or its reference, as people type it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # as its base says
        super().__init__(**{"max_length": 300, "widget": Suggesting("teams"), **options})

    def clean(self, value: Any) -> Any:  # noqa: ANN401  # as its base says
        """The team. Raises ValidationError where none, or more than one, is called so."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        wanted = text.rpartition("(")[2].removesuffix(")").strip().lower()
        living = Team.objects.filter(retired_at=None)
        found = list(living.filter(ref__in=[wanted, f"group:default/{wanted}"])[:2])
        found = found or list(living.filter(title__iexact=text)[:2])
        if len(found) != 1:
            what = "More than one team is" if found else "No team is"
            raise forms.ValidationError(format_html("{} called “{}”.{}", what, text, meant("teams", text)))
        return found[0]


def meant(what: str, text: str) -> SafeString:
    """“Did you mean …?” with what is called nearly so, each a link to its page; empty where nothing is."""
    hits = _hits(what, text, most=MEANT)
    near = [(hit.url, typed_as(hit.ref) if what == "components" else hit.title) for hit in hits]
    said = format_html_join(" or ", '<a href="{}" target="_blank" rel="noopener">{}</a>', near)
    asked = format_html(" Did you mean {}?", said) if near else SafeString("")
    return asked + registering(text) if what == "components" else asked


def registering(name: str) -> SafeString:
    """A link to the form that registers a component, with its name."""
    address = f"{reverse('catalog:new-component')}?{urlencode({'name': name[:63]})}"
    words = ' If it is new, <a href="{}" target="_blank" rel="noopener">register it</a>.'
    return format_html(words, address)
