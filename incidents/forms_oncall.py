"""What people fill in about schedules. People are typed, with suggestions, so that a phone and no script are enough."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.db.models import Q
from django.utils import timezone

from catalog.forms import ExplainingForm
from catalog.models import Person, Team
from incidents.form_fields import LinesField, LinesWidget, TeamChoice
from incidents.models import LayerVersion
from incidents.oncall.wallclock import EVERY_DAY, Window
from incidents.operations.turns import Turns
from portal.lib.moments import MomentField

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SUGGESTED = 500
FEW = 3
TYPED = {"list": "people", "autocomplete": "off"}


def suggestions() -> list[Person]:
    """People for the list of suggestions; anybody else can be typed."""
    return list(Person.objects.filter(retired_at=None)[:SUGGESTED])


def typed_as(person: Person) -> str:
    """How a person stands in a field: unmistakable and readable."""
    return f"{person.label} ({person.ref})"


class PeopleWidget(LinesWidget):
    """One line for each person of a rotation, in order."""

    def __init__(self, lines: int) -> None:
        super().__init__(
            [forms.TextInput(attrs={**TYPED, "aria-label": f"Person {place}"}) for place in range(1, lines + 1)]
        )


class PeopleField(LinesField):
    """People in the order of their turns; empty lines are left out."""

    def __init__(self, lines: int, **options: Any) -> None:  # noqa: ANN401
        fields = [forms.CharField(required=False) for _ in range(lines)]
        super().__init__(fields, widget=PeopleWidget(lines), require_all_fields=False, **options)

    def read(self, text: str) -> Person:
        """The person. Raises ValidationError for nobody's name."""
        return find_person(text)


def find_person(text: str) -> Person:
    """Whoever is meant by a reference, a name, or `Ada Okafor (user:default/ada)`. Raises ValidationError."""
    wanted = text.strip().rpartition("(")[2].removesuffix(")").strip().lower()
    everybody = Person.objects.filter(retired_at=None)
    found = list(everybody.filter(ref__in=[wanted, f"user:default/{wanted}"]))
    found = found or list(everybody.filter(display_name__iexact=text.strip())[:2])
    if len(found) != 1:
        what = "More than one person is" if found else "Nobody is"
        said = f"{what} known as “{text.strip()}”.{_perhaps(text.strip())}"
        raise forms.ValidationError(f"{said} Choose from the list, or write user:default/name.")
    return found[0]


def _perhaps(text: str) -> str:
    """Whose name has a word that begins so; nobody is chosen by that, for a page goes to whoever is named."""
    begins = Q(display_name__istartswith=text) | Q(display_name__icontains=f" {text}") | Q(name__istartswith=text)
    near = Person.objects.filter(begins, retired_at=None)[:FEW] if text else ()
    names = [one.label for one in near]
    return f" Did you mean {', '.join(names[:-1])}{' or ' if names[1:] else ''}{names[-1]}?" if names else ""


class OverrideForm(ExplainingForm):
    """Somebody else, or nobody, for a time."""

    explained: ClassVar = {
        "person": "on-call#overrides",
    }

    person = forms.CharField(
        max_length=300,
        label="Who has it",
        help_text="Type a name and choose; “nobody” leaves it empty on purpose.",
        widget=forms.TextInput(attrs=TYPED),
    )
    starts_at = MomentField(label="From")
    ends_at = MomentField(label="Until")
    reason = forms.CharField(required=False, max_length=200, label="Why", help_text="Shown on the schedule.")

    def clean_person(self) -> Person | None:
        """None for nobody. Raises ValidationError for a name nobody is known by."""
        text: str = self.cleaned_data["person"]
        return None if text.strip().lower() == "nobody" else find_person(text)


class AbsenceForm(ExplainingForm):
    """When somebody is away."""

    explained: ClassVar = {
        "note": "on-call#absences",
    }

    starts_at = MomentField(label="From")
    ends_at = MomentField(label="Until")
    note = forms.CharField(
        required=False, max_length=200, label="Note", help_text="Everybody signed in can read it; a word is enough."
    )


class TurnsForm(ExplainingForm):
    """How a rotation turns, and from when."""

    explained: ClassVar = {
        "handoff": "on-call#rotations",
        "window_days": "on-call#layers",
    }

    people = PeopleField(lines=4, label="People, in the order of their turns")
    length = forms.IntegerField(min_value=1, max_value=366, initial=1, label="A turn lasts")
    unit = forms.ChoiceField(choices=LayerVersion.Unit.choices, initial="week", label="Counted in")
    handoff = forms.TimeField(
        initial="09:00", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), label="Handoff at"
    )
    weekday = forms.TypedChoiceField(
        coerce=int, choices=list(enumerate(WEEKDAYS)), initial=0, label="Handoff day", help_text="For turns of weeks."
    )
    starts_at = MomentField(label="From")

    window_start = forms.TimeField(
        required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), label="Only from",
        help_text="Leave empty for the whole day.",
    )  # fmt: skip
    window_end = forms.TimeField(
        required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), label="Only until",
        help_text="On the next day where it is not after the start, as in 22:00 to 06:00.",
    )  # fmt: skip
    window_days = forms.TypedMultipleChoiceField(
        required=False, coerce=int, choices=list(enumerate(WEEKDAYS)), widget=forms.CheckboxSelectMultiple,
        label="Only on", help_text="The days on which it begins; none ticked is every day.",
    )  # fmt: skip
    ends_at = MomentField(required=False, label="Until", help_text="Empty: without end.")

    def __init__(self, *args: Any, zone: str = "", **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.fields["people"] = PeopleField(self._lines(), label=self.fields["people"].label, help_text=PEOPLE_HINT)
        moment = f"In {timezone.get_current_timezone_name()}. The first person has it from then on."
        self.fields["starts_at"].help_text = moment
        if self._further():
            count = len(self._further())
            more = f"{count} further times of day" if count > 1 else "A further time of day"
            self.fields["window_start"].help_text = f"{more} of this layer stay as they are; the API changes those."
        if zone:
            self.fields["handoff"].help_text = f"By the clock of {zone}, also when summer time begins or ends."

    def plain(self) -> list[forms.BoundField]:
        """What every rotation has."""
        return [field for field in self.visible_fields() if field.name not in RARE]

    def rare(self) -> list[forms.BoundField]:
        """Hours and days to which it is kept, and its end."""
        return [self[name] for name in RARE]

    def keeps_hours(self) -> bool:
        """Whether any of these is filled in, or wrong."""
        return any(field.errors or field.value() for field in self.rare())

    def clean(self) -> dict[str, Any]:
        """Both ends of the time of day, or none."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if (given.get("window_start") is None) != (given.get("window_end") is None):
            missing = "window_end" if given.get("window_end") is None else "window_start"
            self.add_error(missing, "A time of day has a start and an end; fill in both, or none.")
        return given

    def _windows(self) -> tuple[Window, ...]:
        given = self.cleaned_data
        days, start, end = frozenset(given["window_days"]), given["window_start"], given["window_end"]
        if start is None and not days:
            return self._further()
        return (Window(start or time(0), end or time(0), days or EVERY_DAY), *self._further())

    def _further(self) -> tuple[Window, ...]:
        """Times of day beyond the one that the form shows: a layer made over the API or as YAML may have several."""
        found: tuple[Window, ...] = tuple(self.initial.get("further_windows") or ())
        return found

    def turns(self) -> Turns:
        """What was filled in, once it is valid."""
        given = self.cleaned_data
        starts_at: datetime = given["starts_at"]
        return Turns(
            tuple(person.ref for person in given["people"]),
            starts_at,
            given["unit"],
            given["length"],
            given["handoff"],
            given["weekday"],
            given.get("layer_name") or "Primary",
            self._windows(),
            given["ends_at"],
        )

    def _lines(self) -> int:
        """Two free lines below those in use."""
        given = [key for key, value in self.data.items() if key.startswith("people_") and value]
        return max(4, 2 + max(len(given), len(self.initial.get("people") or [])))


RARE = ("window_start", "window_end", "window_days", "ends_at")
PEOPLE_HINT = (
    "One per line; the first begins. Leave a line empty to leave somebody out. Previewing makes room for more."
)


class LayerForm(TurnsForm):
    """One layer of a schedule, by its name."""

    layer_name = forms.CharField(max_length=100, label="Name of the layer", help_text="Such as Nights or Weekends.")
    field_order = ("layer_name", "people", "length", "unit", "handoff", "weekday", "starts_at")


class ScheduleForm(TurnsForm):
    """A new schedule with its rotation."""

    name = forms.CharField(max_length=200, label="Name", help_text="Usually the team's, such as Build & CI.")
    team = TeamChoice(Team.objects.none(), required=False, label="Team", empty_label="No team")
    time_zone = forms.ChoiceField(label="Time zone", help_text="Handoffs keep to the clock of this zone.")
    field_order = ("name", "team", "time_zone", "people", "length", "unit", "handoff", "weekday", "starts_at")

    def __init__(self, *args: Any, teams: Sequence[Team], **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        team_field = self.fields["team"]
        assert isinstance(team_field, forms.ModelChoiceField)  # noqa: S101 - tells mypy
        team_field.queryset = Team.objects.filter(pk__in=[team.pk for team in teams])
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)  # noqa: S101 - tells mypy
        zones.choices = [(zone, zone) for zone in sorted(available_timezones())]
