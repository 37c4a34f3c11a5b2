"""The demo's page on which things are broken and repaired."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from portal.demo import control, progress
from portal.demo.faults import SCENARIOS
from portal.lib.clock import db_now


@require_GET
@login_required
def levers(request: HttpRequest) -> HttpResponse:
    """Everything that can be broken, what is broken, how far that came; asked by htmx, only what changes."""
    platform, now = control.look(), db_now()
    runs = progress.runs(platform, now=now)
    context = {"platform": platform, "runs": runs, "now": now, "trail": [("Demo", "")]}
    return render(request, "demo/break.html#levers" if request.htmx else "demo/break.html", context)  # type: ignore[attr-defined]


@require_POST
@login_required
def break_it(request: HttpRequest, scenario: str) -> HttpResponse:
    """Press a button."""
    control.break_(scenario)
    messages.warning(request, f"{SCENARIOS[scenario].title}. What comes of it is told here, step by step.")
    return redirect("demo:break")


@require_POST
@login_required
def repair(request: HttpRequest) -> HttpResponse:
    """Repair everything."""
    control.repair()
    messages.success(request, "Everything is repaired. Open incidents resolve by themselves once the objectives agree.")
    return redirect("demo:break")
