"""How I am paged: a form for each way out, rules by urgency, working hours."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from catalog.forms import BOX, ExplainingForm
from incidents.channels.ways import Way, ways
from incidents.models import ContactMethod, ContactRule, Urgency, WorkingHours
from incidents.operations.wishes import Hours, Wish
from portal.lib.errors import Expected

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
BLANK = 2
"""Empty lines below the rules that there are."""
MOST_LINES = 12
SHOWN = 40
"""Characters of an address in a choice."""
CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class WayForm(ExplainingForm):
    """What a way out wants to know."""

    def __init__(self, data: QueryDict | None, *, way: Way, address: str = "") -> None:
        super().__init__(data)
        for field in way.fields:
            attrs = {"placeholder": field.example, "autocomplete": "off"}
            kind: type[forms.Widget] = forms.PasswordInput if field.secret else forms.TextInput
            if field.kind == "email" and not field.secret:
                kind = forms.EmailInput
            initial = field.initial or (address if field.kind == "email" else "")
            self.fields[field.name] = forms.CharField(
                label=field.label, help_text=field.help, required=field.required, max_length=500, initial=initial,
                widget=kind(attrs=attrs),
            )  # fmt: skip
        self.fields["label"] = forms.CharField(
            required=False, max_length=100, label="Your name for it", help_text="To tell it from others of yours."
        )

    def explain(self, error: Expected) -> None:
        """A method that they have already is told where it is filled in: at the first field."""
        if [fault.code for fault in error.errors] == ["taken"] and self.fields:
            self.add_error(next(iter(self.fields)), error.errors[0].message)
        else:
            super().explain(error)

    def given(self) -> Mapping[str, str]:
        """The way's own fields."""
        return {name: value for name, value in self.cleaned_data.items() if name != "label"}


class RulesForm(ExplainingForm):
    """Lines of (method, minutes) for one urgency; an empty method is no line."""

    def __init__(
        self, data: QueryDict | None, *, urgency: str, methods: Iterable[ContactMethod], rules: Sequence[ContactRule]
    ) -> None:
        super().__init__(data, prefix=urgency)
        self.urgency, self.size = urgency, min(max(len(rules), _lines_in(data, urgency)) + BLANK, MOST_LINES)
        named = [("", "No method"), *((str(one.pk), _named(one)) for one in methods)]
        for line in range(self.size):
            rule = rules[line] if line < len(rules) else None
            self.fields[f"method-{line}"] = forms.ChoiceField(
                choices=named, required=False, label=f"Method of line {line + 1}",
                initial=str(rule.method_id) if rule else "",
            )  # fmt: skip
            self.fields[f"after-{line}"] = forms.IntegerField(
                required=False, min_value=0, max_value=1440, label=f"Minutes of line {line + 1}",
                initial=int(rule.after.total_seconds() // 60) if rule else None,
            )  # fmt: skip

    @property
    def title(self) -> str:
        """The urgency, in words."""
        return "Urgent (P1 to P3)" if self.urgency == Urgency.HIGH else "Not urgent (P4 and P5)"

    def lines(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Method and minutes of each."""
        return [(self[f"method-{line}"], self[f"after-{line}"]) for line in range(self.size)]

    def wishes(self) -> list[Wish]:
        """The lines with a method, in their order."""
        found = []
        for line in range(self.size):
            method, minutes = self.cleaned_data.get(f"method-{line}"), self.cleaned_data.get(f"after-{line}")
            if method:
                found.append(Wish(int(method), timedelta(minutes=minutes or 0)))
        return found


class HoursForm(ExplainingForm):
    """When what is not urgent may come; nothing is at any time."""

    explained: ClassVar = {
        "keep": "notifications#rules",
    }

    keep = forms.BooleanField(required=False, label="Keep what is not urgent for my working hours")
    time_zone = forms.CharField(max_length=64, required=False, label="Time zone")
    days = forms.TypedMultipleChoiceField(
        choices=list(enumerate(DAYS)), coerce=int, required=False, widget=forms.CheckboxSelectMultiple(attrs=BOX)
    )
    start = forms.TimeField(required=False, label="From", widget=CLOCK)
    end = forms.TimeField(
        required=False,
        label="Until",
        widget=CLOCK,
        help_text="On the next day where it is not after “From”, as in 22:00 to 06:00.",
    )

    def __init__(self, data: QueryDict | None, *, hours: WorkingHours | None, zone: str) -> None:
        told: dict[str, Any] = {
            "keep": False,
            "time_zone": zone,
            "days": [0, 1, 2, 3, 4],
            "start": "09:00",
            "end": "17:00",
        }
        if hours is not None:
            told = {"keep": True, **{name: getattr(hours, name) for name in ("time_zone", "days", "start", "end")}}
        super().__init__(data, initial=told)

    def clean(self) -> None:
        """With `keep`, both times are wanted."""
        for name in ("start", "end"):
            if self.cleaned_data.get("keep") and self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, "Say when.")

    def hours(self) -> Hours | None:
        """None: at any time."""
        said = self.cleaned_data
        if not said["keep"]:
            return None
        return Hours(said["time_zone"].strip(), frozenset(said["days"]), said["start"], said["end"])


def _named(method: ContactMethod) -> str:
    """As short as a choice should be."""
    way = ways.get(method.channel)
    address = method.address if len(method.address) <= SHOWN else f"{method.address[:SHOWN]}…"
    return method.label or f"{way.title if way else method.channel}: {address}"


def _lines_in(data: QueryDict | None, urgency: str) -> int:
    if data is None:
        return 0
    return sum(1 for line in range(MOST_LINES) if data.get(f"{urgency}-method-{line}"))
