"""Shifts that change hands, as forms: chosen from lists, so that a thumb is enough; times only for parts of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from catalog.forms import ExplainingForm
from catalog.models import Person
from incidents.forms_oncall import TYPED, find_person
from incidents.models import LayerVersion
from incidents.operations.swaps import Period
from incidents.rota_changes import Choice
from portal.lib.moments import MomentField

FIRST = "Choose"


class SwapForm(ExplainingForm):
    """One of mine, to whom, and what I take in return."""

    explained: ClassVar = {
        "takes": "on-call#overrides",
    }

    gives = forms.ChoiceField(label="Which of your shifts")
    starts_at = MomentField(required=False, label="Only from", help_text="Leave both empty for the whole shift.")
    ends_at = MomentField(required=False, label="Only until")
    takes = forms.ChoiceField(label="Who takes it, and what you take in return")
    reason = forms.CharField(
        required=False, max_length=200, label="Why", help_text="They read it, and so does the team."
    )

    def __init__(
        self,
        data: Any,  # noqa: ANN401
        *,
        mine: Sequence[Choice],
        offers: Sequence[tuple[str, Sequence[Choice]]],
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(data, **options)
        self.mine = {one.value: one for one in mine}
        self.offers = {one.value: one for _, choices in offers for one in choices}
        gives, takes = self.fields["gives"], self.fields["takes"]
        assert isinstance(gives, forms.ChoiceField)  # noqa: S101 - tells mypy
        assert isinstance(takes, forms.ChoiceField)  # noqa: S101 - tells mypy
        gives.choices = [("", FIRST), *((one.value, one.words) for one in mine)]
        takes.choices = [("", FIRST), *((name, [(one.value, one.words) for one in found]) for name, found in offers)]

    def asked(self) -> dict[str, Any]:
        """Whom, and the two periods, for the operation."""
        given = self.cleaned_data
        mine, theirs = self.mine[given["gives"]], self.offers[given["takes"]]
        whole = mine.period
        assert whole is not None  # noqa: S101 - all of mine are shifts
        gives = Period(given["starts_at"] or whole.starts_at, given["ends_at"] or whole.ends_at)
        return {"asked": theirs.person, "gives": gives, "takes": theirs.period}


class ReplaceForm(ExplainingForm):
    """Somebody, or nobody, in for one person only."""

    explained: ClassVar = {
        "out": "on-call#overrides",
    }

    out = forms.ChoiceField(label="Whose shifts")
    person = forms.CharField(
        max_length=300, label="Who takes them",
        help_text="Type a name and choose; “nobody” leaves them empty on purpose.",
        widget=forms.TextInput(attrs=TYPED),
    )  # fmt: skip
    starts_at = MomentField(label="From")
    ends_at = MomentField(label="Until", help_text="Whoever else is on call between keeps their part.")
    reason = forms.CharField(required=False, max_length=200, label="Why", help_text="Shown on the schedule.")

    def __init__(self, data: Any, *, people: Sequence[Person], **options: Any) -> None:  # noqa: ANN401
        super().__init__(data, **options)
        self.people = {one.ref: one for one in people}
        out = self.fields["out"]
        assert isinstance(out, forms.ChoiceField)  # noqa: S101 - tells mypy
        out.choices = [("", FIRST), *((one.ref, one.label) for one in people)]

    def clean_person(self) -> Person | None:
        """None for nobody. Raises ValidationError for a name nobody is known by."""
        text: str = self.cleaned_data["person"]
        return None if text.strip().lower() == "nobody" else find_person(text)

    def asked(self) -> dict[str, Any]:
        """Who for whom and when, for the operation."""
        given = self.cleaned_data
        period = Period(given["starts_at"], given["ends_at"])
        return {"out": self.people[given["out"]], "person": given["person"], "period": period}


class OrderForm(ExplainingForm):
    """A place for each layer, 1 being the topmost, and from when on."""

    starts_at = MomentField(label="From", help_text="Each layer carries on in its turn.")

    def __init__(self, data: Any, *, layers: Sequence[LayerVersion], now: datetime) -> None:  # noqa: ANN401
        super().__init__(data, initial={"starts_at": now})
        self.layers = sorted(layers, key=lambda row: -row.position)
        places = [(place, str(place)) for place in range(1, len(self.layers) + 1)]
        for place, row in enumerate(self.layers, 1):
            self.fields[f"place-{row.position}"] = forms.TypedChoiceField(
                coerce=int, choices=places, initial=place, label=f"Place of {row.name}",
                help_text="1 is on top." if place == 1 else "",
            )  # fmt: skip
        self.order_fields([f"place-{row.position}" for row in self.layers])

    def clean(self) -> dict[str, Any]:
        """Each place once."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        seen: dict[int, str] = {}
        for row in self.layers:
            place = given.get(f"place-{row.position}")
            if place in seen:
                self.add_error(f"place-{row.position}", f"{seen[place]} has place {place} already; choose another one.")
            elif place is not None:
                seen[place] = row.name
        return given

    def positions(self) -> list[int]:
        """From bottom to top, for the operation."""
        given = self.cleaned_data
        return sorted((row.position for row in self.layers), key=lambda position: -given[f"place-{position}"])
