"""Planned maintenance: the list, and plan, change, withdraw."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of, person_of, reader_may_write
from catalog.forms_windows import RHYTHMS, ForWhatForm, WindowForm
from catalog.models import Component, MaintenanceWindow, Team
from catalog.operations.windows import (
    NoSuchWindow,
    WindowSpec,
    change_window,
    declare_window,
    window_spec,
    withdraw_window,
)
from catalog.queries.windows import (
    Occurrence,
    next_of,
    past_windows,
    planned_windows,
    running_windows,
    window_by_id,
)
from catalog.views.components import owners_for
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.lib.reading import readable

SIZE = 50
MOST = 2000
"""Components to choose from; of further ones work is planned on their own page."""
SOONEST, LATEST = ("starts_at", "pk"), ("-ends_at", "-pk")


@dataclass(frozen=True, slots=True)
class Line:
    """A window as listed: the occurrence that runs, the next one, and whether the reader may change it."""

    window: MaintenanceWindow
    running: Occurrence | None
    next: Occurrence | None
    repeats: str
    may: bool


@readable
def windows(request: HttpRequest) -> HttpResponse:
    """What runs now, what is planned, what was; `?show=past`, `?team=group:default/ci`."""
    now, team = db_now(), request.GET.get("team", "").replace("\x00", "").lower()
    past = request.GET.get("show") == "past"
    rows = past_windows(now) if past else planned_windows(now)
    if team:
        rows = rows.filter(team__ref=team) | rows.filter(component__owner__ref=team)
    page = queries.page(rows, LATEST if past else SOONEST, cursor=request.GET.get("cursor", ""), size=SIZE)
    told = {name: text for name, text in (("show", "past" if past else ""), ("team", team)) if text}
    here = reverse("catalog:maintenance") + "?" + urlencode({**told, "cursor": ""})
    running = [] if past else running_windows(now, rows)[:100]
    found = lines(request, page.rows, now=now)
    context = {
        "now": now,
        "past": past,
        "team": team,
        "running": running,
        "lines": found if past else sorted(found, key=_by_next),
        "tabs": _tabs(past, team),
        "teams": queries.team_choices(),
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
    }
    return render(request, "catalog/maintenance.html", context)


def _by_next(line: Line) -> tuple[datetime, int]:
    """What runs or comes first; a page of them is sorted, for a repeated one began long ago."""
    soonest = line.running or line.next
    return soonest.start if soonest else line.window.starts_at, line.window.pk


@login_required
def plan(request: HttpRequest) -> HttpResponse:
    """Plan work on `?component=` or on all of `?team=`; without either it is asked first on what."""
    actor = actor_of(request)
    if not request.GET.get("component") and not request.GET.get("team"):
        return _on_what(request, owners_for(actor))
    target = _target(request)
    form = WindowForm(request.POST or None, zone=person_of(request).time_zone)
    if form.is_valid():
        try:
            declare_window(spec=WindowSpec(**form.said()), target=target, actor=actor, now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Planned.")
            return redirect(target)
    return _form(request, form, target, f"Plan maintenance of {target.label}", "Plan")


@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is planned."""
    row = _found(pk)
    form = WindowForm(request.POST or None, spec=window_spec(row))
    if form.is_valid():
        try:
            change_window(window_id=pk, changes=_changed(form, row), actor=actor_of(request), now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved.")
            return redirect("catalog:maintenance")
    return _form(request, form, _of(row), f"Change {row.title}", "Save")


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Call it off, or end it now."""
    row = withdraw_window(window_id=pk, actor=actor_of(request), now=db_now())
    messages.success(request, f"{row.title} is withdrawn.")
    return redirect("catalog:maintenance")


def lines(request: HttpRequest, rows: tuple[MaintenanceWindow, ...], *, now: datetime) -> list[Line]:
    """The windows with what a list says of each."""
    running = {
        one.window.pk: one for one in running_windows(now, MaintenanceWindow.objects.filter(pk__in=rows_ids(rows)))
    }
    return [
        Line(
            row, running.get(row.pk), next_of(row, now), RHYTHMS.get(row.rrule, row.rrule), may_plan(request, _of(row))
        )
        for row in rows
    ]


def rows_ids(rows: tuple[MaintenanceWindow, ...]) -> list[int]:
    """Their keys."""
    return [row.pk for row in rows]


def may_plan(request: HttpRequest, target: Component | Team) -> bool:
    """Whether the reader may plan maintenance of it."""
    person = getattr(request.user, "person", None)
    if person is None or target.retired_at:
        return False
    owner = target if isinstance(target, Team) else target.owner
    return (owner is not None or person.platform_admin) and reader_may_write(request, [owner])


def _on_what(request: HttpRequest, teams: QuerySet[Team]) -> HttpResponse:
    """First the component or the team; whoever may plan nothing is told who may."""
    choices = _choices(teams)
    if not choices:
        messages.info(request, "Work is planned by members of the team that owns it, and by platform admins.")
        return redirect("catalog:maintenance")
    form = ForWhatForm(request.POST or None, choices=choices)
    if form.is_valid():
        ref = form.cleaned_data["of"]
        name = "team" if ref.startswith("group:") else "component"
        return redirect(f"{reverse('catalog:plan-maintenance')}?{urlencode({name: ref})}")
    context = {
        "form": form,
        "trail": [("Maintenance", reverse("catalog:maintenance")), ("Plan", "")],
        "title": "Plan maintenance",
        "action": "Next",
        "back": reverse("catalog:maintenance"),
    }
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


def _choices(teams: QuerySet[Team]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Team by team: all of it, then what it owns."""
    listed: dict[int | None, tuple[str, list[tuple[str, str]]]] = {
        team.pk: (team.label, [(team.ref, f"All of {team.label}")]) for team in teams
    }
    for one in queries.components_of(teams)[:MOST]:
        if one.owner_id in listed:  # its team may have come in between
            listed[one.owner_id][1].append((one.ref, one.label))
    return list(listed.values())


def _of(row: MaintenanceWindow) -> Component | Team:
    found = row.component or row.team
    assert found is not None  # noqa: S101  # by window_for_a_component_or_a_team
    return found


def _found(pk: int) -> MaintenanceWindow:
    row = window_by_id(pk)
    if row is None:
        raise NoSuchWindow
    return row


def _target(request: HttpRequest) -> Component | Team:
    if component := request.GET.get("component", ""):
        return queries.component_by_ref(component.replace("\x00", ""))
    return queries.team_by_ref(request.GET.get("team", "").replace("\x00", ""))


def _changed(form: WindowForm, row: MaintenanceWindow) -> dict[str, object]:
    """What differs; the form knows no seconds, so times within the same minute are the same."""
    before = window_spec(row)
    said = form.said()
    for name in ("starts_at", "ends_at"):
        if said[name] == getattr(before, name).replace(second=0, microsecond=0):
            del said[name]
    return said


def _form(request: HttpRequest, form: WindowForm, target: Component | Team, title: str, action: str) -> HttpResponse:
    context = {
        "form": form,
        "trail": [
            ("Maintenance", reverse("catalog:maintenance")),
            (target.label, target.get_absolute_url()),
            (action, ""),
        ],
        "title": title,
        "action": action,
        "back": target.get_absolute_url(),
    }
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


def _tabs(past: bool, team: str) -> list[dict[str, object]]:
    here = reverse("catalog:maintenance")
    tail = urlencode({"team": team}) if team else ""
    return [
        {"title": "Now and planned", "url": f"{here}?{tail}" if tail else here, "count": None, "active": not past},
        {"title": "Past", "url": f"{here}?show=past" + (f"&{tail}" if tail else ""), "count": None, "active": past},
    ]
