"""Exclusions: the list, and declare, change, withdraw; with what it would do to budgets beside the form."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import queries as catalog
from catalog.access import actor_of, person_of, reader_may_write, require_owned
from catalog.forms_windows import RHYTHMS
from catalog.models import Team
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.lib.moments import moment_in
from slo import queries
from slo.forms_exclusions import ExclusionForm
from slo.models import Exclusion, Objective
from slo.operations import (
    ExclusionSpec,
    NoSuchExclusion,
    change_exclusion,
    declare_exclusion,
    withdraw_exclusion,
)
from slo.operations.exclusions import SCOPE, Target, checked, owner_of, spec_of, target_of
from slo.queries.exclusions import Effect, ExclusionFilter, Held, exclusion_by_id, exclusions_of, of_period, preview

SIZE = 50
NEWEST = ("-starts_at", "-pk")
SHOWN = 10
"""Objectives that a preview names."""


@dataclass(frozen=True, slots=True)
class Line:
    """An exclusion as listed, and whether the reader may change it."""

    row: Exclusion
    target: Target
    url: str
    repeats: str
    may: bool


@login_required
@require_safe
def exclusion_list(request: HttpRequest) -> HttpResponse:
    """Newest first; `?team=group:default/ci`, `?component=…`, `?objective=…`, `?show=withdrawn`."""
    told = {
        name: request.GET.get(name, "").replace("\x00", "")[:300] for name in ("objective", "component", "team", "show")
    }
    withdrawn = told["show"] == "withdrawn"
    wanted = ExclusionFilter(
        objective=told["objective"], component=told["component"].lower(), team=told["team"].lower(), withdrawn=withdrawn
    )
    rows = exclusions_of(wanted)
    rows = rows.filter(withdrawn_at__isnull=False) if withdrawn else rows
    page = catalog.page(rows, NEWEST, cursor=request.GET.get("cursor", ""), size=SIZE)
    here = reverse("slo:exclusions") + "?" + urlencode({**{k: v for k, v in told.items() if v}, "cursor": ""})
    context = {
        "now": db_now(),
        "lines": [_line(request, row) for row in page.rows],
        "withdrawn": withdrawn,
        "tabs": _tabs(told),
        "team": told["team"],
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk").only("ref", "name", "title")[:1000],
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
    }
    return render(request, "slo/exclusions.html", context)


def _line(request: HttpRequest, row: Exclusion) -> Line:
    target = target_of(row)
    repeats = RHYTHMS.get(row.rrule, row.rrule)
    return Line(row, target, target.get_absolute_url(), repeats, _may(request, target) and row.withdrawn_at is None)


def _tabs(told: dict[str, str]) -> list[dict[str, object]]:
    kept = {name: text for name, text in told.items() if text and name != "show"}
    here, withdrawn = reverse("slo:exclusions"), told["show"] == "withdrawn"
    shown = {**kept, "show": "withdrawn"}
    return [
        {
            "title": "In force",
            "url": f"{here}?{urlencode(kept)}" if kept else here,
            "count": None,
            "active": not withdrawn,
        },
        {"title": "Withdrawn", "url": f"{here}?{urlencode(shown)}", "count": None, "active": withdrawn},
    ]


@login_required
@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Leave time out of `?objective=`, `?component=` or `?team=`; `?from=` and `?to=` fill the form."""
    actor, target = actor_of(request), _target(request)
    require_owned(actor, [owner_of(target)], scope=SCOPE)
    form = ExclusionForm(request.POST or None, zone=person_of(request).time_zone, stretch=_stretch(request))
    title = f"Leave time out of the budget of {target.label}"
    if _only_looks(request):
        return _form(request, form, target, title, "Declare")
    if form.is_valid():
        try:
            declare_exclusion(spec=ExclusionSpec(**form.said()), target=target, actor=actor, now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Declared. Counts, budget and history follow.")
            return redirect(target)
    return _form(request, form, target, title, "Declare")


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it, whether it has begun or not."""
    row = _found(pk)
    target = target_of(row)
    require_owned(actor_of(request), [owner_of(target)], scope=SCOPE)
    form = ExclusionForm(request.POST or None, spec=spec_of(row))
    if form.is_valid():
        try:
            change_exclusion(exclusion_id=pk, changes=form.said(), actor=actor_of(request), now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved. Counts, budget and history follow.")
            return redirect("slo:exclusions")
    return _form(request, form, target, f"Change {row.title}", "Save", previews=False)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """As if it had never been."""
    row = withdraw_exclusion(exclusion_id=pk, actor=actor_of(request), now=db_now())
    messages.success(request, f"{row.title} is withdrawn. What it had left out counts again.")
    return redirect("slo:exclusions")


def panel(objective: Objective, request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    """What `slo/parts/exclusions.html` needs."""
    held: list[Held] = of_period(objective, now=now)
    return {"exclusions": held, "may_exclude": objective.retired_at is None and _may(request, objective)}


def _may(request: HttpRequest, target: Target) -> bool:
    person = getattr(request.user, "person", None)
    owner = owner_of(target)
    return person is not None and (owner is not None or person.platform_admin) and reader_may_write(request, [owner])


def _found(pk: int) -> Exclusion:
    row = exclusion_by_id(pk)
    if row is None:
        raise NoSuchExclusion
    return row


def _target(request: HttpRequest) -> Target:
    asked = {name: request.GET.get(name, "").replace("\x00", "") for name in ("objective", "component", "team")}
    if asked["objective"]:
        return queries.by_name(asked["objective"])
    if asked["component"]:
        return catalog.component_by_ref(asked["component"])
    return catalog.team_by_ref(asked["team"])


def _stretch(request: HttpRequest) -> tuple[datetime, datetime] | None:
    """What a link from a page says; nonsense is nothing."""
    start, end = (moment_in(request.GET.get(name, "")) for name in ("from", "to"))
    return (start, end) if start and end else None


def _only_looks(request: HttpRequest) -> bool:
    return request.method == "POST" and ("preview" in request.POST or "preview" in request.GET)


def _effects(form: ExclusionForm, target: Target) -> list[Effect] | None:
    """What declaring it would do, whatever the reason; None where it can't be declared yet, which the form says."""
    if not form.is_valid() and form.errors.keys() != {"title"}:
        return None
    now = db_now()
    form.cleaned_data.setdefault("title", "-")
    try:
        spec = checked(ExclusionSpec(**form.said()), now=now)
    except Expected as error:
        form.explain(error)
        return None
    return preview(target, Exclusion(**asdict(spec)), now=now)


def _form(
    request: HttpRequest, form: ExclusionForm, target: Target, title: str, action: str, *, previews: bool = True
) -> HttpResponse:
    looks = _only_looks(request)
    effects = _effects(form, target) if looks and previews else None
    faults = [
        (form.fields[name].label or name.capitalize() if name in form.fields else "", error)
        for name, errors in form.errors.items()
        for error in errors
    ]
    context = {
        "form": form,
        "trail": [
            ("SLOs", reverse("slo:list")),
            ("Exclusions", reverse("slo:exclusions")),
            (target.label, target.get_absolute_url()),
            (action, ""),
        ],
        "title": title,
        "action": action,
        "previews": previews,
        "back": target.get_absolute_url(),
        "effects": effects[:SHOWN] if effects is not None else None,
        "more": max(0, len(effects) - SHOWN) if effects else 0,
        "faults": faults if looks else [],
    }
    alone = looks and bool(getattr(request, "htmx", False))
    status = 400 if form.errors and not looks else 200
    return render(request, f"slo/exclusion.html{'#preview' if alone else ''}", context, status=status)
