"""Form fields of objectives: components by what people call them, queries, and lines that offer values."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MONO = {"class": "mono", "rows": 2, "spellcheck": "false", "autocapitalize": "off"}
LINE = {"class": "mono", "spellcheck": "false", "autocapitalize": "off"}


class ComponentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Components by what people call them, with the name by which they are known where that is another."""

    def label_from_instance(self, obj: Any) -> str:  # noqa: ANN401
        """In the list."""
        return str(obj.label_apart)


class Offering(forms.TextInput):
    """A line to type in that offers values, as a datalist."""

    def __init__(self, values: Sequence[str]) -> None:
        """`values` are offered; any other may be typed."""
        super().__init__(LINE)
        self.values = values

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ANN401
        """The line and its list."""
        line = super().render(name, value, {**(attrs or {}), "list": f"list_{name}"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((one,) for one in self.values))
        return format_html('{}<datalist id="list_{}">{}</datalist>', line, name, options)


def promql(label: str, help_text: str = "", names: str = "metrics") -> forms.CharField:
    """A query, with names offered: of metrics, or of histograms."""
    widget = forms.Textarea(attrs={**MONO, "data-suggest": names})
    return forms.CharField(required=False, widget=widget, label=label, help_text=help_text)


def line(label: str, help_text: str = "") -> forms.CharField:
    """A short text that machines read."""
    return forms.CharField(required=False, widget=forms.TextInput(attrs=LINE), label=label, help_text=help_text)
