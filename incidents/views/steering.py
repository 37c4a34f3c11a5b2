"""Pages that steer all paging: what would become of an alert, and the pause."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.access import actor_of
from incidents.forms_steering import PauseForm, SimulateForm
from incidents.models import Alert, PagingPause
from incidents.operations import pausing
from incidents.pauses import pause_at
from incidents.simulating import simulate
from portal.lib.clock import db_now
from portal.lib.errors import Invalid

SHOWN = 20


@login_required
@require_GET
def simulation(request: HttpRequest) -> HttpResponse:
    """This alert at that moment: the whole chain, and nothing sent. What was asked is in the address."""
    asked = "component" in request.GET
    form = SimulateForm(request.GET if asked else None, initial={"at": db_now()})
    found = simulate(**form.arguments(now=db_now())) if asked and form.is_valid() else None
    context: dict[str, Any] = {"form": form, "found": found, "now": db_now()}
    if found is not None:
        said = form.cleaned_data
        context |= {"said": said, "at": said["at"] or context["now"], "loud": Alert.Rule(said["rule"]).label}
        context["why"] = found.severity_reason.removeprefix(f"P{found.severity}: ")
    return render(request, "incidents/simulate.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def pause(request: HttpRequest) -> HttpResponse:
    """Nobody is paged for a while: whether, until when and why; and what was."""
    form = PauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = pausing.pause(**form.arguments(now=db_now()), by=actor_of(request), now=db_now())
        except Invalid as error:
            form.explain(error)
        else:
            messages.warning(request, f"Nobody is paged until {timezone.localtime(made.ends_at):%a %H:%M %Z}.")
            return redirect("incidents:pause")
    now = db_now()
    context = {
        "form": form,
        "now": now,
        "running": pause_at(now),
        "earlier": PagingPause.objects.select_related("begun_by", "ended_by").filter(ends_at__lte=now)[:SHOWN],
        "may": actor_of(request).everywhere,
        "longest": pausing.LONGEST // timedelta(hours=1),
    }
    return render(request, "incidents/pause.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Page again."""
    if pausing.resume(by=actor_of(request), now=db_now()) is not None:
        messages.success(request, "Pages go out again; what waited is sent now.")
    return redirect("incidents:pause")


urlpatterns = [
    path("incidents/simulate", simulation, name="simulate"),
    path("incidents/pause", pause, name="pause"),
    path("incidents/pause/end", resume, name="resume"),
]
