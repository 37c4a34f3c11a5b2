"""The on-call pages: all schedules on one timeline, one schedule, making and changing one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.access import Actor, NotYourTeam, actor_of, may_write, person_of, require_owned
from catalog.models import Person, Team
from incidents import forms_oncall as forms
from incidents import rota
from incidents.models import Schedule
from incidents.operations import layers
from incidents.operations import schedules as operations
from incidents.queries import oncall as queries
from incidents.queries import swaps
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from portal.lib.moments import day_in, moment_in
from portal.lib.reading import readable

SCOPE = "oncall:write"
RANGES = {"week": 7, "2weeks": 14, "month": 28}


@readable
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Who now, until when; where is nobody; everything on one timeline."""
    now = db_now()
    me = _reader(request)
    first_day, days = _period(request, now)
    shown = rota.board(now=now, first_day=first_day, days=days, zone=_zone(), me=me)
    mine = writable(me, [row.schedule for row in shown.on_call])
    return render(
        request,
        "incidents/oncall/board.html",
        {
            "now": now,
            "board": shown,
            "mine": mine,
            "me": me,
            "swaps": swaps.waiting(me, now=now) if me else [],
            "ranges": _ranges(days),
            **_neighbours(first_day, days),
        },
    )


@readable
@require_GET
def schedule_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One schedule: its layer, its overrides, what comes, and the form for an override."""
    return _schedule_page(request, slug, forms.OverrideForm(initial=_asked_for(request)))


@login_required
@require_POST
def add_override(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody else for a time."""
    schedule = _mine(request, slug)
    form = forms.OverrideForm(request.POST)
    if not form.is_valid():
        return _schedule_page(request, slug, form)
    try:
        made = operations.add_override(schedule=schedule, by=actor_of(request), now=db_now(), **form.cleaned_data)
    except Invalid as error:
        form.explain(error)
        return _schedule_page(request, slug, form)
    messages.success(request, f"{made.person.label if made.person else 'Nobody'} is on call then.")
    return redirect("incidents:schedule", slug)


@login_required
@require_POST
def withdraw_override(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The rotation decides again."""
    schedule = _mine(request, slug)
    operations.withdraw_override(override=queries.override_of(schedule, pk), by=actor_of(request), now=db_now())
    messages.success(request, "Withdrawn; the rotation decides again.")
    return redirect("incidents:schedule", slug)


@login_required
@require_POST
def take_over(request: HttpRequest, slug: str) -> HttpResponse:
    """I have it from now on."""
    schedule, me = _mine(request, slug), person_of(request)
    made = operations.take_over(schedule=schedule, person=me, by=actor_of(request), now=db_now())
    until = timezone.localtime(made.ends_at)
    messages.success(request, f"You are on call for {schedule.name} until {until:%a %H:%M %Z}.")
    return redirect("incidents:schedule", slug)


@login_required
@require_http_methods(["GET", "POST"])
def new_schedule(request: HttpRequest) -> HttpResponse:
    """Make one, with a preview before it is saved."""
    now, actor = db_now(), actor_of(request)
    form = forms.ScheduleForm(request.POST or None, teams=_teams_of(actor), initial=_first_values(request, now))
    preview = None
    if form.is_valid():
        given = form.cleaned_data
        try:
            require_owned(actor, [given["team"]], scope=SCOPE)
            if "save" in request.POST:
                made = operations.create_schedule(
                    name=given["name"], team=given["team"], time_zone=given["time_zone"], turns=form.turns(),
                    by=actor, now=now,
                )  # fmt: skip
                messages.success(request, f"{made.name} is made.")
                return redirect("incidents:schedule", made.slug)
            preview = rota.preview(form.turns(), zone=given["time_zone"], shown_in=_zone(), now=now)
        except NotYourTeam as refused:  # what was written stays
            form.add_error("team", str(refused))
            return render(request, "incidents/oncall/edit.html", _editing(form, None, now), status=refused.status)
        except Invalid as error:
            form.explain(error)
    return render(request, "incidents/oncall/edit.html", _editing(form, preview, now))


@login_required
@require_http_methods(["GET", "POST"])
def change_rotation(request: HttpRequest, slug: str) -> HttpResponse:
    """Change people or turns from a moment on, with a preview of what changes."""
    now, schedule = db_now(), _mine(request, slug)
    form = forms.TurnsForm(request.POST or None, zone=schedule.time_zone, initial=rota.initial_turns(schedule, now))
    preview = None
    if form.is_valid():
        try:
            if "save" in request.POST:
                operations.change_rotation(schedule=schedule, turns=form.turns(), by=actor_of(request), now=now)
                messages.success(request, "The rotation is changed from then on.")
                return redirect("incidents:schedule", slug)
            preview = rota.preview(form.turns(), zone=schedule.time_zone, shown_in=_zone(), now=now, of=schedule)
        except Invalid as error:
            form.explain(error)
    return render(request, "incidents/oncall/edit.html", _editing(form, preview, now) | {"schedule": schedule})


@login_required
@require_http_methods(["GET", "POST"])
def edit_layer(request: HttpRequest, slug: str, position: int | None = None) -> HttpResponse:
    """Change one layer from a moment on or, without a position, add one on top; with a preview of what changes."""
    now, schedule = db_now(), _mine(request, slug)
    place = layers.top(schedule) + 1 if position is None else position
    first = rota.initial_turns(schedule, now, place)
    form = forms.LayerForm(request.POST or None, zone=schedule.time_zone, initial=first)
    preview = None
    if form.is_valid():
        try:
            if "save" in request.POST:
                _save_layer(schedule, form, position, actor_of(request), now)
                messages.success(request, "The layer holds from then on.")
                return redirect("incidents:schedule", slug)
            preview = rota.preview(
                form.turns(), zone=schedule.time_zone, shown_in=_zone(), now=now, of=schedule, position=place
            )
        except Invalid as error:
            form.explain(error)
    return render(request, "incidents/oncall/edit.html", _editing(form, preview, now) | {"schedule": schedule})


def _save_layer(schedule: Schedule, form: forms.LayerForm, position: int | None, by: Actor, now: datetime) -> None:
    if position is None:
        layers.add_layer(schedule=schedule, turns=form.turns(), by=by, now=now)
    else:
        layers.change_rotation(schedule=schedule, turns=form.turns(), position=position, by=by, now=now)


@login_required
@require_POST
def end_layer(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    """The layers below it show, from now on."""
    schedule, now = _mine(request, slug), db_now()
    layers.end_layer(schedule=schedule, position=position, at=now, by=actor_of(request), now=now)
    messages.success(request, "The layer is taken away from now on; the past stays as it was.")
    return redirect("incidents:schedule", slug)


def _schedule_page(request: HttpRequest, slug: str, form: forms.OverrideForm) -> HttpResponse:
    now, me = db_now(), _reader(request)
    first_day, days = _period(request, now, otherwise="2weeks")
    schedule = queries.schedule_by_slug(slug, since=min(now, _midnight(first_day)))
    may = bool(me) and may_write(Actor(person=me), [schedule.team_id], scope=SCOPE)
    shown = rota.one(schedule, now=now, first_day=first_day, days=days, zone=_zone())
    context = {
        "now": now,
        "rota": shown,
        "schedule": schedule,
        "form": form,
        "may_write": may,
        "mine": [schedule] if may else [],
        "me": me,
        "people": forms.suggestions(),
        "swaps": swaps.waiting_on(schedule, now=now) if me else [],
        "ranges": _ranges(days),
        **_neighbours(first_day, days),
    }
    return render(request, "incidents/oncall/schedule.html", context, status=400 if form.errors else 200)


def _editing(form: forms.TurnsForm, preview: rota.Preview | None, now: datetime) -> dict[str, object]:
    return {"form": form, "preview": preview, "now": now, "people": forms.suggestions()}


def _mine(request: HttpRequest, slug: str) -> Schedule:
    """The schedule, if the reader may change it."""
    schedule = queries.schedule_by_slug(slug, since=db_now())
    require_owned(actor_of(request), [schedule.team_id], scope=SCOPE)
    return schedule


def _reader(request: HttpRequest) -> Person | None:
    """The signed-in person; None for whoever reads without signing in, where that is allowed."""
    return person_of(request) if request.user.is_authenticated else None


def writable(me: Person | None, schedules: Sequence[Schedule]) -> list[Schedule]:
    """Those that the reader may change."""
    actor = Actor(person=me)
    everywhere, teams = actor.everywhere, actor.team_ids()
    return [row for row in schedules if everywhere or (me and row.team_id is None) or row.team_id in teams]


def _teams_of(actor: Actor) -> list[Team]:
    teams = Team.objects.filter(retired_at=None)
    return list(teams if actor.everywhere else teams.filter(pk__in=actor.team_ids()))


def _first_values(request: HttpRequest, now: datetime) -> dict[str, object]:
    """Whoever makes it begins, and at once: a first schedule that begins later leaves a gap until then."""
    me: Person = person_of(request)
    asked = request.GET.get("team", "")
    team = Team.objects.filter(pk=asked, retired_at=None).first() if asked.isdecimal() and len(asked) < 10 else None
    first = {"time_zone": me.time_zone, "starts_at": now.replace(minute=0, second=0, microsecond=0), "team": asked}
    return {**first, "name": team.label, "people": [forms.typed_as(me)]} if team else first


def _asked_for(request: HttpRequest) -> dict[str, object]:
    """A gap to be filled comes with its times in the address."""
    times = {"starts_at": moment_in(request.GET.get("from", "")), "ends_at": moment_in(request.GET.get("until", ""))}
    return {key: value for key, value in times.items() if value is not None}


def _zone() -> str:
    """The reader's."""
    return timezone.get_current_timezone_name()


def _period(request: HttpRequest, now: datetime, *, otherwise: str = "week") -> tuple[date, int]:
    """First day and number of days asked for; from today on, so that a phone starts at now."""
    asked = day_in(request.GET.get("start", ""))
    days = RANGES.get(request.GET.get("range", ""), RANGES[otherwise])
    return asked or timezone.localdate(now), days


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _ranges(days: int) -> list[tuple[str, str, bool]]:
    titles = {"week": "Week", "2weeks": "2 weeks", "month": "4 weeks"}
    return [(key, titles[key], count == days) for key, count in RANGES.items()]


def _neighbours(first_day: date, days: int) -> dict[str, object]:
    chosen = next(key for key, count in RANGES.items() if count == days)
    return {
        "first_day": first_day,
        "last_day": first_day + timedelta(days - 1),
        "earlier": f"?range={chosen}&start={first_day - timedelta(days)}",
        "later": f"?range={chosen}&start={first_day + timedelta(days)}",
        "today": f"?range={chosen}",
    }


urlpatterns = [
    path("on-call", board, name="oncall"),
    path("on-call/new", new_schedule, name="new-schedule"),
    path("on-call/<slug:slug>", schedule_page, name="schedule"),
    path("on-call/<slug:slug>/layers/new", edit_layer, name="new-layer"),
    path("on-call/<slug:slug>/layers/<int:position>", edit_layer, name="change-layer"),
    path("on-call/<slug:slug>/layers/<int:position>/end", end_layer, name="end-layer"),
    path("on-call/<slug:slug>/rotation", change_rotation, name="change-rotation"),
    path("on-call/<slug:slug>/overrides", add_override, name="add-override"),
    path("on-call/<slug:slug>/overrides/<int:pk>/withdraw", withdraw_override, name="withdraw-override"),
    path("on-call/<slug:slug>/take-over", take_over, name="take-over"),
]
