"""Who is paged by what, and how bad things are: a team's paging, the catch-all, a line of the severity table."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db.models import Case, When

from catalog.models import Component, Team
from incidents.form_fields import ComponentField
from incidents.models import Alert, EscalationPolicy, Integration, Schedule, TeamPaging
from incidents.models.incident import Severity
from incidents.severity import Line

ANY_RULE = [("", "any alert"), *((value, f"a {value} rule") for value in (Alert.Rule.PAGE, Alert.Rule.TICKET)),
            (Alert.Rule.INFO.value, "for information")]  # fmt: skip
ANY_TIER: list[tuple[Any, Any]] = [("", "any tier"), *((value, f"tier {value}") for value in Component.Tier.values)]


class TeamPagingForm(forms.Form):
    """Which policy a team's pages walk, and which schedule is shown as its own."""

    explained: ClassVar = {
        "policy": "escalation#who-is-paged-for-a-team-and-for-nobodys",
    }

    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(), required=False, empty_label="None: the catch-all is paged",
        label="Escalation policy", help_text="Any policy; the team's own come first.",
    )  # fmt: skip
    schedule = forms.ModelChoiceField(
        Schedule.objects.none(), required=False, empty_label="None", label="Schedule shown as its on call",
        help_text="On the team's page and wherever the team is named. It pages nobody by itself.",
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any] | None = None, *, team: Team, paging: TeamPaging) -> None:
        """`paging` is what is said so far."""
        super().__init__(data, initial={"policy": paging.policy_id, "schedule": paging.schedule_id})
        policies, schedules = self.fields["policy"], self.fields["schedule"]
        assert isinstance(policies, forms.ModelChoiceField)  # noqa: S101 - tells mypy
        assert isinstance(schedules, forms.ModelChoiceField)  # noqa: S101
        others = Case(When(team=team, then=0), default=1)
        policies.queryset = EscalationPolicy.objects.filter(retired_at=None).order_by(others, "name")
        schedules.queryset = Schedule.objects.filter(retired_at=None).order_by(others, "name")


class CatchAllForm(forms.Form):
    """The policy that catches the rest."""

    explained: ClassVar = {
        "policy": "escalation#who-is-paged-for-a-team-and-for-nobodys",
    }

    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.filter(retired_at=None), label="Policy", empty_label="Choose one",
        help_text="Somebody must be reachable by it at every hour.",
    )  # fmt: skip


class SeverityRuleForm(forms.Form):
    """One line: what is left empty fits anything."""

    explained: ClassVar = {
        "rule": "escalation#how-bad-it-is",
        "teams_blocked": "catalog#blast-radius",
    }

    rule = forms.ChoiceField(choices=ANY_RULE, required=False, label="Kind of alert")
    tier = forms.TypedChoiceField(
        coerce=int, empty_value=None, choices=ANY_TIER, required=False, label="Tier of the component"
    )
    teams_blocked = forms.IntegerField(required=False, min_value=1, max_value=10_000, label="Teams blocked, at least")
    source = forms.CharField(
        required=False,
        max_length=40,
        help_text="What sends it, such as alertmanager, or slo for Portico's own objectives.",
    )
    severity = forms.TypedChoiceField(coerce=int, choices=Severity.choices, initial=3, label="Severity")

    def line(self) -> Line:
        """What was filled in, once it is valid."""
        given = self.cleaned_data
        return Line(given["severity"], given["rule"], given["tier"], given["teams_blocked"], given["source"].strip())


SENDERS = [(value, label) for value, label in Integration.Kind.choices if value != Integration.Kind.HEARTBEAT]
LONGEST_SAMPLE = 100_000


class PastedForm(forms.Form):
    """A request as a tool sent it, to be tried."""

    explained: ClassVar = {
        "kind": "alerts",
    }

    kind = forms.ChoiceField(choices=SENDERS, label="Sent by")
    sample = forms.CharField(
        max_length=LONGEST_SAMPLE, label="What it sent, as JSON",
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
        help_text="Its body, such as one under Incidents → Deliveries. Nothing is kept and nobody is paged.",
    )  # fmt: skip


class WhatIfForm(forms.Form):
    """An alert that somebody imagines. A component brings its tier and how many teams it blocks."""

    rule = forms.ChoiceField(choices=ANY_RULE[1:], initial="page", label="Kind of alert")
    component = ComponentField(
        help_text="Such as ci-runners; its tier and the teams that it blocks count, whatever stands below."
    )
    tier = forms.TypedChoiceField(coerce=int, empty_value=None, choices=ANY_TIER, required=False)
    teams_blocked = forms.IntegerField(required=False, min_value=0, max_value=10_000, label="Teams blocked")
    source = forms.CharField(required=False, max_length=40)
