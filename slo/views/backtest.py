"""The backtest of an objective as a page: a form that asks, two timelines, the alerts one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.access import NotSignedIn, actor_of, may_write
from catalog.models import ApiToken
from portal.lib.clock import db_now
from portal.lib.durations import words
from portal.lib.errors import Expected
from slo import charts
from slo.backtest import Alert, Happening
from slo.models import AlertPolicy, Objective
from slo.queries.backtest import Tried, backtest, default_question

STRETCHES = (("7", "the last 7 days"), ("30", "the last 30 days"), ("90", "the last 90 days"))
RELATED = ("definition__component__owner", "definition__source", "policy", "standing", "ledger")


class BacktestForm(forms.Form):
    """What to try."""

    target = forms.DecimalField(
        min_value=Decimal("0.0001"), max_value=Decimal("99.99999999"), max_digits=11, decimal_places=8,
        label="Goal, in %", required=False,
    )  # fmt: skip
    policy = forms.ModelChoiceField(
        AlertPolicy.objects.order_by("name"), to_field_name="name", label="Alert policy", required=False,
        empty_label="As it is now",
    )  # fmt: skip
    days = forms.ChoiceField(choices=STRETCHES, label="Over", required=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One alert of the table."""

    alert: Alert
    lasted: timedelta
    rules: str
    early: str
    """How early it came before its first incident, in words; empty where there was none."""
    verdict: str
    tone: str


@login_required
@require_safe
def backtest_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What another goal or alert policy would have done with what was counted."""
    objective = get_object_or_404(Objective.objects.select_related(*RELATED), pk=pk)
    now = db_now()
    goal = f"{(objective.target * 100).normalize():f}"
    first = {"target": goal, "policy": objective.policy.name, "days": "30"}
    form = BacktestForm(first | {name: request.GET[name] for name in first if request.GET.get(name)})
    tried = _tried(form, objective, now) if form.is_valid() else None
    context = {
        "now": now,
        "objective": objective,
        "component": objective.definition.component,
        "form": form,
        "may_edit": _may_edit(request, objective),
        **(_shown(tried, objective, form, now=now) if tried else {}),
    }
    return render(request, "slo/backtest.html", context, status=200 if tried else 400)


def _tried(form: BacktestForm, objective: Objective, now: datetime) -> Tried | None:
    given = form.cleaned_data
    asked = default_question(
        now=now,
        days=int(given["days"] or 30),
        target=given["target"] / 100 if given["target"] else None,
        policy=given["policy"].name if given["policy"] else "",
    )
    try:
        return backtest(objective, asked, now=now)
    except Expected as refused:
        form.add_error(None, str(refused))
        return None


def _may_edit(request: HttpRequest, objective: Objective) -> bool:
    try:
        owner = objective.definition.component.owner_id
        return may_write(actor_of(request), [owner], scope=ApiToken.Scope.SLOS)
    except NotSignedIn:
        return False


def _shown(tried: Tried, objective: Objective, form: BacktestForm, *, now: datetime) -> dict[str, Any]:
    lines = [_line(alert, tried.found.end) for alert in tried.found.alerts]
    use = {"target": form.cleaned_data["target"] or "", "policy": tried.policy}
    same = tried.target == objective.target and tried.policy == objective.policy.name
    return {
        "tried": tried,
        "found": tried.found,
        "lines": lines,
        "same": same,
        "use": f"{reverse('slo:edit', args=[objective.pk])}?{urlencode(use)}",
        "chart": _chart(tried),
        "chart_table": _table(tried),
        "zone": timezone.localtime(now).tzname() or "UTC",
    }


def _line(alert: Alert, end: datetime) -> Line:
    rules = " · ".join(dict.fromkeys(firing.title for firing in alert.firings))
    early = ""
    if alert.early is not None:
        early = f"{words(abs(alert.early))} {'before' if alert.early >= timedelta() else 'after'}"
    if alert.for_nothing:
        verdict, tone = "for nothing", "warn"
    else:
        verdict, tone = ("incident", "good") if any(one.real for one in alert.incidents) else ("total outage", "bad")
    return Line(alert, (alert.end or end) - alert.start, rules, early, verdict, tone)


type Spans = list[tuple[datetime, datetime, str]]


def _chart(tried: Tried) -> charts.Figure:
    """What happened above, what would have below."""
    found = tried.found
    rows: list[tuple[str, str, Spans]] = [
        ("Incidents", "bad", [_incident(one, found.start, found.end) for one in tried.happened]),
        ("Fired: pages", "second", _fired(tried, "page")),
        ("Fired: tickets", "second", _fired(tried, "ticket")),
        ("Would: pages", "main", [_alert(one, found.end) for one in found.alerts if one.severity == "page"]),
        ("Would: tickets", "main", [_alert(one, found.end) for one in found.alerts if one.severity == "ticket"]),
    ]
    local = [
        (name, role, [(timezone.localtime(a), timezone.localtime(b), said) for a, b, said in spans])
        for name, role, spans in rows
    ]
    return charts.timelines(local, start=timezone.localtime(found.start), end=timezone.localtime(found.end))


def _incident(one: Happening, start: datetime, end: datetime) -> tuple[datetime, datetime, str]:
    return max(one.start, start), min(one.end or end, end), f"{one.label}: {one.title}"


def _alert(one: Alert, end: datetime) -> tuple[datetime, datetime, str]:
    return one.start, one.end or end, f"{one.severity}{', for nothing' if one.for_nothing else ''}"


def _fired(tried: Tried, severity: str) -> Spans:
    start, end = tried.found.start, tried.found.end
    return [
        (max(one.start, start), min(one.end or end, end), one.title)
        for one in tried.fired
        if one.severity == severity and one.start < end
    ]


def _table(tried: Tried) -> dict[str, Any]:
    """The timelines as rows: when, what, until when."""
    end = tried.found.end
    happened: Spans = [_incident(one, tried.found.start, end) for one in tried.happened]
    fired = [one for kind in ("page", "ticket") for one in _fired(tried, kind)]
    rows = [
        *((start, f"happened: {said}", until) for start, until, said in happened),
        *((start, f"fired: {said}", until) for start, until, said in fired),
        *((start, f"would: {said}", until) for start, until, said in (_alert(one, end) for one in tried.found.alerts)),
    ]
    return {"head": ["From", "What", "To"], "rows": [_cells(*one) for one in sorted(rows, key=lambda one: one[0])]}


def _cells(start: datetime, said: str, until: datetime) -> Sequence[str]:
    return [f"{timezone.localtime(start):%-d %b %H:%M}", said, f"{timezone.localtime(until):%-d %b %H:%M}"]
