"""Shifts that change hands, as pages: swaps asked for and answered, one person for another, layers in another order."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.access import Actor, actor_of, person_of, require_owned
from catalog.models import Person
from catalog.queries import page
from incidents import forms_swaps as forms
from incidents import rota_changes
from incidents.forms_oncall import suggestions
from incidents.models import Schedule, Swap
from incidents.oncall.schedules import in_force
from incidents.operations import layers
from incidents.operations import swaps as operations
from incidents.queries import oncall as queries
from incidents.rota import Preview
from portal.lib.clock import now_of
from portal.lib.errors import Invalid, Missing
from portal.lib.moments import moment_in

SCOPE = "oncall:write"
SIZE = 25
VIEWS = {
    "": "All",
    "open": "Waiting",
    "accepted": "Accepted",
    "declined": "Declined",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
}
ANSWERS: dict[str, tuple[Callable[..., Swap], str]] = {
    "accept": (operations.accept_swap, "The shifts have changed hands; both of you are told."),
    "decline": (operations.decline_swap, "Declined; everything stays as it is."),
    "withdraw": (operations.withdraw_swap, "Withdrawn; everything stays as it is."),
}


@login_required
@require_GET
def swap_list(request: HttpRequest, slug: str) -> HttpResponse:
    """All swaps of a schedule with what became of them, newest first."""
    now, schedule = now_of(request), queries.schedule_by_slug(slug, since=now_of(request))
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in VIEWS else ""
    found = Swap.objects.filter(schedule=schedule).select_related("asker", "asked", "schedule")
    rows = page(_in(found, chosen, now), ("-created_at", "-pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    here = reverse("incidents:swaps", args=[slug])
    context = {
        "now": now,
        "schedule": schedule,
        "swaps": rows.rows,
        "chosen": chosen,
        "tabs": [
            {"title": title, "url": f"{here}?state={key}" if key else here, "active": key == chosen, "count": None}
            for key, title in VIEWS.items()
        ],
        "next": f"{here}?state={chosen}&cursor={rows.next}" if rows.next else "",
        "previous": f"{here}?state={chosen}&cursor={rows.previous}" if rows.previous else "",
        "me": person_of(request),
    }
    return render(request, "incidents/oncall/swaps.html", context)


@login_required
@require_GET
def swap_page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One swap, what it would change, and the buttons of the two it is between."""
    now, swap = now_of(request), _swap(slug, pk)
    actor = actor_of(request)
    is_open = swap.state == Swap.State.OPEN and swap.first_at > now
    schedule = queries.schedule_by_slug(slug, since=now)
    stands = is_open and operations.still_theirs(queries.readable(schedule), swap)
    context = {
        "now": now,
        "swap": swap,
        "stands": stands,
        "schedule": schedule,
        "is_open": is_open,
        "preview": rota_changes.of_swap(swap, schedule, now=now, shown_in=_zone()) if stands else None,
        "may_answer": is_open and (actor.everywhere or _is(actor, swap.asked)),
        "may_withdraw": is_open and (actor.everywhere or _is(actor, swap.asker)),
    }
    return render(request, "incidents/oncall/swap.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask somebody to take a shift of mine, with a preview of what would change."""
    now, me = now_of(request), person_of(request)
    schedule = queries.schedule_by_slug(slug, since=now)
    mine, offers = rota_changes.shifts_of(schedule, me, now=now), rota_changes.offers_of(schedule, me, now=now)
    form = forms.SwapForm(request.POST or None, mine=mine, offers=offers, initial=_asked_for(request))
    preview: Preview | None = None
    if form.is_valid():
        asked = form.asked()
        try:
            if "save" in request.POST:
                reason = form.cleaned_data["reason"]
                made = operations.ask_swap(
                    schedule=schedule, asker=me, by=actor_of(request), now=now, reason=reason, **asked
                )
                messages.success(request, f"{made.asked.label} is asked, and told so.")
                return redirect(made.get_absolute_url())
            pure = queries.readable(schedule)
            given, taken = operations.planned_swap(pure, asker=me, now=now, **asked)
            changes = [(given, asked["asked"].ref), (taken, me.ref)]
            preview = rota_changes.with_hands(schedule, changes, now=now, shown_in=_zone())
        except Invalid as error:
            form.explain(error)
    context = {
        "form": form,
        "preview": preview,
        "now": now,
        "schedule": schedule,
        "mine": mine,
        "offers": offers,
        "zone": _zone(),
    }
    return render(request, "incidents/oncall/swap_ask.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def answer(request: HttpRequest, slug: str, pk: int, verb: str) -> HttpResponse:
    """Accept, decline or withdraw, once."""
    if verb not in ANSWERS:
        raise Missing("A swap is accepted, declined or withdrawn.")
    decide, done = ANSWERS[verb]
    swap = decide(swap=_swap(slug, pk), by=actor_of(request), now=now_of(request))
    messages.success(request, done)
    return redirect(swap.get_absolute_url())


@login_required
@require_http_methods(["GET", "POST"])
def replace(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody, or nobody, in for one person, with a preview."""
    now, actor = now_of(request), actor_of(request)
    schedule = _mine(slug, actor, now)
    form = forms.ReplaceForm(
        request.POST or None, people=rota_changes.people_on(schedule, now=now), initial=_asked_for(request)
    )
    preview: Preview | None = None
    if form.is_valid():
        asked = form.asked()
        try:
            if "save" in request.POST:
                reason = form.cleaned_data["reason"]
                made = operations.replace_person(schedule=schedule, by=actor, now=now, reason=reason, **asked)
                name = asked["person"].label if asked["person"] else "Nobody"
                many = "a shift" if len(made) == 1 else f"{len(made)} shifts"
                messages.success(request, f"{name} has {many} of {asked['out'].label}.")
                return redirect("incidents:schedule", slug)
            stretches = operations.planned_replacement(queries.readable(schedule), now=now, **asked)
            ref = asked["person"].ref if asked["person"] else None
            preview = rota_changes.with_hands(schedule, [(stretches, ref)], now=now, shown_in=_zone())
        except Invalid as error:
            form.explain(error)
    context = {
        "form": form,
        "preview": preview,
        "now": now,
        "schedule": schedule,
        "people": suggestions(),
        "zone": _zone(),
    }
    return render(request, "incidents/oncall/replace.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, slug: str) -> HttpResponse:
    """Layers in another order from a moment on, with a preview."""
    now, actor = now_of(request), actor_of(request)
    schedule = _mine(slug, actor, now)
    form = forms.OrderForm(request.POST or None, layers=in_force(schedule.layers.all(), now), now=now)
    preview: Preview | None = None
    if form.is_valid():
        at, positions = form.cleaned_data["starts_at"], form.positions()
        try:
            if "save" in request.POST:
                layers.order_layers(schedule=schedule, positions=positions, at=at, by=actor, now=now)
                messages.success(request, "The layers lie in this order from then on.")
                return redirect("incidents:schedule", slug)
            preview = rota_changes.in_order(schedule, positions, at=at, now=now, shown_in=_zone())
        except Invalid as error:
            form.explain(error)
    context = {"form": form, "preview": preview, "now": now, "schedule": schedule}
    return render(request, "incidents/oncall/order.html", context, status=400 if form.errors else 200)


def _in(found: QuerySet[Swap], chosen: str, now: datetime) -> QuerySet[Swap]:
    if chosen == "open":
        return found.filter(state=Swap.State.OPEN, first_at__gt=now)
    if chosen == "expired":
        return found.filter(state=Swap.State.OPEN, first_at__lte=now)
    return found.filter(state=chosen) if chosen else found


def _swap(slug: str, pk: int) -> Swap:
    found = Swap.objects.filter(schedule__slug=slug, schedule__retired_at=None, pk=pk)
    swap = found.select_related("schedule", "asker", "asked").first()
    if swap is None:
        raise operations.NoSuchSwap
    return swap


def _is(actor: Actor, person: Person) -> bool:
    return actor.person is not None and actor.person.pk == person.pk


def _mine(slug: str, actor: Actor, now: datetime) -> Schedule:
    schedule = queries.schedule_by_slug(slug, since=now)
    require_owned(actor, [schedule.team_id], scope=SCOPE)
    return schedule


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """What a link from a problem brings: whose shift, from when to when."""
    asked: dict[str, Any] = {"out": request.GET.get("out", "")}
    for name, key in (("from", "starts_at"), ("until", "ends_at")):
        if at := moment_in(request.GET.get(name, "")):
            asked[key] = at
    return asked


def _zone() -> str:
    return timezone.get_current_timezone_name()


urlpatterns = [
    path("on-call/<slug:slug>/swaps", swap_list, name="swaps"),
    path("on-call/<slug:slug>/swaps/new", ask, name="ask-swap"),
    path("on-call/<slug:slug>/swaps/<int:pk>", swap_page, name="swap"),
    path("on-call/<slug:slug>/swaps/<int:pk>/<slug:verb>", answer, name="answer-swap"),
    path("on-call/<slug:slug>/replace", replace, name="replace"),
    path("on-call/<slug:slug>/layers/order", order, name="order-layers"),
]
