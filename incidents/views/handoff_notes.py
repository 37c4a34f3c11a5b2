"""Notes to whoever has a schedule next, and whether handoffs are told: small forms of the schedule's page."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from catalog.access import actor_of, may_write, person_of, require_owned
from catalog.queries import page
from incidents.models import HandoffNote, Schedule
from incidents.operations import handoff_notes as operations
from incidents.queries import oncall as queries
from portal.lib.clock import now_of
from portal.lib.errors import Invalid
from portal.lib.posted import posted

SCOPE = "oncall:write"
SIZE = 25


@login_required
@require_safe
def notes(request: HttpRequest, slug: str) -> HttpResponse:
    """All notes of a schedule, newest first."""
    schedule = queries.schedule_by_slug(slug)
    rows = page(
        HandoffNote.objects.filter(schedule=schedule).select_related("created_by"),
        ("-created_at", "-pk"),
        cursor=request.GET.get("cursor", ""),
        size=SIZE,
    )
    here = reverse("incidents:handoff-notes", args=[slug])
    context = {
        "now": now_of(request),
        "schedule": schedule,
        "notes": rows.rows,
        "next": f"{here}?cursor={rows.next}" if rows.next else "",
        "previous": f"{here}?cursor={rows.previous}" if rows.previous else "",
        "me": person_of(request),
        "may_write": may_write(actor_of(request), [schedule.team_id], scope=SCOPE),
    }
    return render(request, "incidents/oncall/notes.html", context)


@login_required
@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """One more."""
    schedule = _mine(request, slug)
    try:
        operations.add_handoff_note(
            schedule=schedule, text=posted(request, "text"), by=actor_of(request), now=now_of(request)
        )
    except Invalid as error:
        messages.error(request, error.errors[0].message)
    else:
        messages.success(request, "Whoever is next reads it here, and is told it at the handoff.")
    return redirect(f"{reverse('incidents:schedule', args=[slug])}#notes")


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One less."""
    note = HandoffNote.objects.filter(schedule__slug=slug, pk=pk).select_related("schedule").first()
    if note is None:
        raise operations.NoSuchNote
    operations.remove_handoff_note(note=note, by=actor_of(request), now=now_of(request))
    messages.success(request, "The note is gone.")
    return redirect(f"{reverse('incidents:schedule', args=[slug])}#notes")


@login_required
@require_POST
def tells(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether both people are told at each handoff."""
    schedule, wanted = _mine(request, slug), request.POST.get("tells") == "yes"
    operations.set_tells_handoffs(schedule=schedule, tells=wanted, by=actor_of(request), now=now_of(request))
    messages.success(request, "Both people are told at each handoff." if wanted else "Nobody is told at handoffs.")
    return redirect(f"{reverse('incidents:schedule', args=[slug])}#notes")


def _mine(request: HttpRequest, slug: str) -> Schedule:
    schedule = queries.schedule_by_slug(slug)
    require_owned(actor_of(request), [schedule.team_id], scope=SCOPE)
    return schedule


urlpatterns = [
    path("on-call/<slug:slug>/notes", notes, name="handoff-notes"),
    path("on-call/<slug:slug>/notes/add", add, name="add-handoff-note"),
    path("on-call/<slug:slug>/notes/<int:pk>/remove", remove, name="remove-handoff-note"),
    path("on-call/<slug:slug>/handoffs", tells, name="tell-handoffs"),
]
