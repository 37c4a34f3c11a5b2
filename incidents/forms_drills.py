"""What people fill in about planned fire drills."""

from collections.abc import Sequence
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone

from catalog.forms import ExplainingForm
from catalog.models import Component, Team
from incidents.form_fields import ComponentField, TeamChoice
from incidents.forms_oncall import WEEKDAYS
from incidents.models import DrillPlan
from incidents.operations.drill_plans import Rhythm


class PlanForm(ExplainingForm):
    """Of what, how often, and when by whose clock."""

    explained: ClassVar = {
        "every": "drills#planned-drills",
    }

    component = ComponentField(label="Component", help_text="Such as ci-runners; leave it empty to drill a team.")
    team = TeamChoice(
        Team.objects.none(), required=False, empty_label="No team", label="Team",
        help_text="Its components take turns: the one drilled longest ago is next.",
    )  # fmt: skip
    every = forms.ChoiceField(choices=DrillPlan.Every.choices, initial=DrillPlan.Every.MONTH, label="How often")
    weekday = forms.TypedChoiceField(
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        initial=1,
        label="On",
        help_text="Monthly: the first such day of a month.",
    )
    at = forms.TimeField(
        initial="10:00", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), label="At",
        help_text="By the clock of the zone, also when summer time begins or ends.",
    )  # fmt: skip
    time_zone = forms.ChoiceField(label="Time zone")

    def __init__(self, *args: Any, teams: Sequence[Team], **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        team, zone = self.fields["team"], self.fields["time_zone"]
        self.fields["component"].needed = "or a team below"  # type: ignore[attr-defined]  # read by components/field.html
        team.needed = "or a component above"  # type: ignore[attr-defined]  # the same
        assert isinstance(team, forms.ModelChoiceField)  # noqa: S101 - tells mypy
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101
        team.queryset = Team.objects.filter(pk__in=[one.pk for one in teams])
        zone.choices = [(name, name) for name in sorted(available_timezones())]
        zone.initial = timezone.get_current_timezone_name()

    def clean(self) -> dict[str, Any]:
        """A component or a team, one of them."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "component" in self.errors or "team" in self.errors:
            return given
        if (given.get("component") is None) == (given.get("team") is None):
            self.add_error("component", "Name a component or choose a team, one of them.")
        return given

    def of(self) -> Component | Team:
        """What is to be drilled, once it is valid."""
        chosen: Component | Team = self.cleaned_data["component"] or self.cleaned_data["team"]
        return chosen

    def rhythm(self) -> Rhythm:
        """When, once it is valid."""
        given = self.cleaned_data
        return Rhythm(given["every"], given["weekday"], given["at"], given["time_zone"])
