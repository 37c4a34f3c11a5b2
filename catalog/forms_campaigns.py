"""The form for a campaign."""

from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from catalog.forms import ExplainingForm
from catalog.levels import LEVELS
from catalog.models import Component
from catalog.operations.campaigns import CampaignSpec
from catalog.queries.entities import team_choices
from portal.lib.moments import DayField


class CampaignForm(ExplainingForm):
    """What is to be reached, by which components, by when."""

    explained: ClassVar = {
        "level": "trust#scorecards",
        "due_on": "trust#campaigns",
    }

    field_order = ("name", "level", "tiers", "types", "teams", "due_on", "owner", "why")

    name = forms.CharField(max_length=200, help_text="Such as: every tier-1 component is gold")
    level = forms.ChoiceField(choices=[(name, name.capitalize()) for name in LEVELS], initial="gold")
    due_on = DayField(label="By", help_text="The last day, in UTC")
    why = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    tiers = forms.TypedMultipleChoiceField(
        required=False,
        coerce=int,
        choices=[(tier.value, f"Tier {tier.value}") for tier in Component.Tier],
        widget=forms.SelectMultiple(attrs={"size": 4}),
        help_text="None chosen: every tier",
    )
    types = forms.CharField(required=False, help_text="Such as service, runner; empty: every type")
    teams = forms.MultipleChoiceField(
        required=False, widget=forms.SelectMultiple(attrs={"size": 6}), help_text="None chosen: all teams"
    )
    owner = forms.CharField(
        required=False, max_length=200, help_text="Whose campaign it is, by reference or name; empty: yours"
    )

    def __init__(self, data: QueryDict | None, *, spec: CampaignSpec | None = None) -> None:
        super().__init__(data, initial=_initial(spec) if spec else {})
        found = {team.ref: team.label for team in team_choices()}
        gone = {ref: ref for ref in spec.teams if ref not in found} if spec else {}
        field = self.fields["teams"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  # as declared above
        field.choices = [*found.items(), *gone.items()]

    def said(self) -> dict[str, Any]:
        """The fields as `CampaignSpec` names them."""
        given = self.cleaned_data
        return {
            **{name: given[name] for name in ("name", "level", "due_on", "why", "owner")},
            "tiers": tuple(given["tiers"]),
            "types": tuple(one.strip() for one in given["types"].split(",") if one.strip()),
            "teams": tuple(given["teams"]),
        }


def _initial(spec: CampaignSpec) -> dict[str, object]:
    return {
        **{name: getattr(spec, name) for name in ("name", "level", "due_on", "why", "owner")},
        "tiers": list(spec.tiers),
        "types": ", ".join(spec.types),
        "teams": list(spec.teams),
    }
