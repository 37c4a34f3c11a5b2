"""Fields that several forms of the incidents app have."""

from typing import Any

from django import forms

from catalog.models import Component
from catalog.refs import BadReference, parse


class ComponentField(forms.CharField):
    """A component by its name or reference, as people type it; empty is None. A list of all would be too long."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # as its base says
        super().__init__(**{"required": False, "max_length": 200, **options})

    def clean(self, value: Any) -> Any:  # noqa: ANN401  # as its base says
        """The component, with its owner. Raises ValidationError where there is none of that name."""
        text = str(super().clean(value)).strip().lower()
        if not text:
            return None
        try:
            ref = str(parse(text, kind="component"))
        except BadReference as error:
            raise forms.ValidationError(str(error)) from error
        found = Component.objects.select_related("owner").filter(ref=ref, retired_at=None).first()
        if found is None:
            raise forms.ValidationError(f"There is no {ref}.")
        return found
