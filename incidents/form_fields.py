"""Fields that several forms of the incidents app have: things are typed by name, with suggestions while one types."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog import queries
from catalog.models import Component, Team
from catalog.refs import BadReference, parse
from portal.lib.clock import db_now

SUGGESTED = 12
MEANT = 3
KINDS = {"components": ("component", "resource", "api"), "people": ("person",), "teams": ("team",)}
"""What can be suggested, as kinds of the search."""


def suggestions(what: str, text: str, *, most: int = SUGGESTED) -> list[tuple[str, str]]:
    """What fits `text`, best first: what to type for it, and what it is. `what` is a key of KINDS."""
    hits = queries.search(text.replace("\x00", " ")[:200], limit=most, now=db_now(), only=KINDS[what])
    if what == "components":
        return [(typed_as(hit.ref), " · ".join(filter(None, (hit.title, hit.detail)))) for hit in hits]
    return [(f"{hit.title} ({hit.ref})", hit.detail) for hit in hits]


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
    """A component by its name or reference, as people type it; empty is None. A list of all would be too long."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # as its base says
        super().__init__(**{"required": False, "max_length": 200, "widget": Suggesting("components"), **options})

    def clean(self, value: Any) -> Any:  # noqa: ANN401  # as its base says
        """The component, with its owner. Raises ValidationError where there is none of that name."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        living = Component.objects.select_related("owner").filter(retired_at=None)
        try:
            ref = str(parse(text, kind="component"))
        except BadReference as error:
            raise forms.ValidationError(f"{error}{meant('components', text)}") from error
        found = living.filter(ref=ref).first()
        if found is None:
            raise forms.ValidationError(f"There is no {ref}.{meant('components', text)}")
        return found


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
            raise forms.ValidationError(f"{what} called “{text}”.{meant('teams', text)}")
        return found[0]


def meant(what: str, text: str) -> str:
    """“Did you mean …?” with what is called nearly so; empty where nothing is."""
    near = [said for said, _ in suggestions(what, text, most=MEANT)]
    return f" Did you mean {' or '.join(near)}?" if near else ""
