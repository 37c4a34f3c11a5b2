"""What people do together on an incident's page: plain forms, one operation each, back to where they were."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from catalog.access import actor_of, person_of
from incidents import access, operations, queries
from incidents import forms_working as forms
from incidents.models import Incident, StatusUpdate, Task, TimelineEntry
from incidents.views.actions import back, page_of, unusable, valid
from portal.lib.clock import db_now
from portal.lib.errors import Missing
from portal.lib.posted import posted
from portal.lib.words import plural


@login_required
@require_POST
def follow(request: HttpRequest, number: int) -> HttpResponse:
    """Tell me how it goes."""
    incident = queries.incident_by_number(number)
    operations.follow(incident=incident, person=person_of(request), now=db_now())
    messages.success(request, f"You hear how it goes with {incident.label}, and when it is over.")
    return _where_they_were(request, incident)


@login_required
@require_POST
def unfollow(request: HttpRequest, number: int) -> HttpResponse:
    """Don't."""
    incident = queries.incident_by_number(number)
    operations.unfollow(incident=incident, person=person_of(request))
    messages.success(request, f"You hear no more of {incident.label}.")
    return _where_they_were(request, incident)


@login_required
@require_POST
def update(request: HttpRequest, number: int) -> HttpResponse:
    """A status update for those who wait."""
    incident = _mine(request, number)
    given = valid(forms.UpdateForm(request.POST)).said(now=(now := db_now()))
    said = operations.post_update(incident=incident, by=actor_of(request), now=now, **given)
    return back(request, incident, _heard_by(said))


@login_required
@require_POST
def role(request: HttpRequest, number: int) -> HttpResponse:
    """Who is commander, who speaks."""
    incident = _mine(request, number)
    form = forms.RoleForm(request.POST)
    if not form.is_valid():
        return unusable(request, incident, form)
    given = form.cleaned_data
    person = person_of(request) if "mine" in request.POST else given["person"]
    operations.assign_role(incident=incident, role=given["role"], person=person, by=actor_of(request), now=db_now())
    return redirect(incident)


@login_required
@require_POST
def add_task(request: HttpRequest, number: int) -> HttpResponse:
    """Something to be done now."""
    incident = _mine(request, number)
    given = valid(forms.TaskForm(request.POST)).cleaned_data
    operations.add_task(incident=incident, by=actor_of(request), now=db_now(), **given)
    return redirect(incident)


@login_required
@require_POST
def change_task(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Done, or not after all."""
    incident = _mine(request, number)
    task = Task.objects.filter(pk=pk, incident=incident).first()
    if task is None:
        raise Missing("There is no such task in this incident.")
    operations.change_task(task=task, by=actor_of(request), now=db_now(), done=request.POST.get("done") == "yes")
    return redirect(incident)


@login_required
@require_POST
def add_link(request: HttpRequest, number: int) -> HttpResponse:
    """Where to look."""
    incident = _mine(request, number)
    given = valid(forms.LinkForm(request.POST)).cleaned_data
    operations.add_link(incident=incident, by=actor_of(request), now=db_now(), **given)
    return redirect(incident)


@login_required
@require_POST
def remove_link(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """It does not help."""
    incident = _mine(request, number)
    operations.remove_link(incident=incident, pk=pk, by=actor_of(request), now=db_now())
    return redirect(incident)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_note(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """What a note said over time, and for whoever wrote it a form that puts it right."""
    entry, actor = _entry(number, pk), actor_of(request)
    if request.method == "POST":
        operations.edit_note(entry=entry, text=posted(request, "text"), by=actor, now=db_now())
        return redirect(entry.incident)
    edits = entry.later.filter(kind=TimelineEntry.Kind.EDITED).order_by("-at", "-pk")
    history = [*edits, entry]
    own = entry.kind == TimelineEntry.Kind.NOTE and entry.actor_ref == actor.ref
    context = {
        "incident": entry.incident, "entry": entry, "history": history, "text": history[0].words, "own": own,
        "now": db_now(),
    }  # fmt: skip
    return render(request, "incidents/edit_note.html", context)


@login_required
@require_POST
def pin(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """On top for everybody, or no longer."""
    _mine(request, number)
    entry = _entry(number, pk)
    operations.pin(entry=entry, pinned=request.POST.get("pinned") == "yes", by=actor_of(request), now=db_now())
    return redirect(entry.incident)


@login_required
@require_POST
def snooze(request: HttpRequest, number: int, page: int) -> HttpResponse:
    """Nobody is called for a while."""
    incident, now = _mine(request, number), db_now()
    minutes: int = valid(forms.SnoozeForm(request.POST)).cleaned_data["minutes"]
    until = now + timedelta(minutes=minutes)
    operations.snooze(page=page_of(number, page), until=until, by=actor_of(request), now=now)
    return back(request, incident, f"Nobody is called for it in the next {minutes} minutes.")


@login_required
@require_POST
def hand_over(request: HttpRequest, number: int, page: int) -> HttpResponse:
    """Somebody else is asked to take it."""
    incident = _mine(request, number)
    form = forms.PersonForm(request.POST)
    if not form.is_valid():
        return unusable(request, incident, form)
    person = form.cleaned_data["person"]
    operations.hand_over(page=page_of(number, page), to=person, by=actor_of(request), now=db_now())
    return back(request, incident, f"{person.label} is paged, and has it when they take it.")


@login_required
@require_POST
def engage_person(request: HttpRequest, number: int) -> HttpResponse:
    """Page somebody by name."""
    incident = _mine(request, number)
    form = forms.PersonForm(request.POST)
    if not form.is_valid():
        return unusable(request, incident, form)
    person = form.cleaned_data["person"]
    operations.engage(incident=incident, by=actor_of(request), person=person, now=db_now())
    return back(request, incident, f"{person.label} is paged.")


def _mine(request: HttpRequest, number: int) -> Incident:
    """The incident, if the reader may work on it."""
    incident = queries.incident_by_number(number)
    access.require_hand(actor_of(request), incident)
    return incident


def _heard_by(said: StatusUpdate) -> str:
    """Whom an update went to."""
    entry = said.incident.timeline.filter(kind=TimelineEntry.Kind.UPDATE, data__update=said.pk).first()
    told = plural(entry.data["told"], "follower") if entry and entry.data.get("told") else ""
    page = "on the status page" if said.public and said.incident.is_told_to_all else ""
    if not page:
        return f"Told {told} by message." if told else "Written down. Nobody else follows it, so nobody is told."
    people = said.incident.people_blocked
    waiting = f" {plural(people, 'blocked person', 'blocked people')} can read it there." if people else ""
    heard = f"Told {told} by message, and said {page}." if told else f"Said {page}. Nobody else follows it."
    return f"{heard}{waiting}"


def _entry(number: int, pk: int) -> TimelineEntry:
    found = TimelineEntry.objects.select_related("incident").filter(pk=pk, incident=number).first()
    if found is None:
        raise Missing("There is no such entry on this timeline.")
    return found


def _where_they_were(request: HttpRequest, incident: Incident) -> HttpResponse:
    return redirect("incidents:status") if request.POST.get("back") == "status" else redirect(incident)


HERE = "incidents/<int:number>"

urlpatterns = [
    path(f"{HERE}/follow", follow, name="follow"),
    path(f"{HERE}/unfollow", unfollow, name="unfollow"),
    path(f"{HERE}/updates", update, name="update"),
    path(f"{HERE}/roles", role, name="role"),
    path(f"{HERE}/tasks", add_task, name="tasks"),
    path(f"{HERE}/tasks/<int:pk>", change_task, name="task"),
    path(f"{HERE}/links", add_link, name="links"),
    path(f"{HERE}/links/<int:pk>/remove", remove_link, name="remove-link"),
    path(f"{HERE}/entries/<int:pk>", edit_note, name="edit-note"),
    path(f"{HERE}/entries/<int:pk>/pin", pin, name="pin"),
    path(f"{HERE}/engage-person", engage_person, name="engage-person"),
    path(f"{HERE}/pages/<int:page>/snooze", snooze, name="snooze"),
    path(f"{HERE}/pages/<int:page>/hand-over", hand_over, name="hand-over"),
]
