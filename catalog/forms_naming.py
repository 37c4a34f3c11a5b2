"""The name of something new: written, or made of its title."""

from typing import Any

from django import forms

from catalog.operations.written import VersionMismatch
from portal.lib.errors import Expected
from portal.lib.naming import name_of

NAME_HELP = "Short, as in addresses and references. It can't be changed later"
NAMESPACE_HELP = "Leave it unless you know why"


class NamedForm(forms.Form):
    """What every form for something new has; mixed into an ExplainingForm with a title."""

    name = forms.CharField(
        required=False, max_length=63, help_text=NAME_HELP, widget=forms.TextInput(attrs={"data-name-of": "title"})
    )
    namespace = forms.CharField(max_length=63, initial="default", help_text=NAMESPACE_HELP)

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  # as its base says
        super().__init__(*args, **options)
        # of the two one is enough; most write the title, and read below it what name is made of it
        self.fields["title"].needed = ""  # type: ignore[attr-defined]  # read by components/field.html
        self.fields["name"].needed = "made from the title"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """With a name. One that was written badly is left to its own error."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "name" in given and not given["name"]:
            given["name"] = name_of(given.get("title", ""))
            if not given["name"]:
                untitled = not given.get("title")
                self.add_error(*(("title", "Write a title.") if untitled else ("name", NO_LETTER)))
        return given

    def explain(self, error: Expected) -> None:
        """A name that is taken is said beside the name, whoever made it."""
        if isinstance(error, VersionMismatch):
            name = self.cleaned_data["name"]
            self.add_error("name", f"{name} exists already, perhaps retired. Choose another name.")
        else:
            super().explain(error)  # type: ignore[misc]  # the ExplainingForm's


NO_LETTER = "No name can be made of this title, for it needs letters from a to z or digits; write one."
