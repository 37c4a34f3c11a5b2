"""When a person is away: their own page of it, which whoever leads a team of theirs may fill in too."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog import queries as catalog_queries
from catalog.access import actor_of, person_of
from catalog.models import Person
from catalog.queries import page
from incidents.forms_oncall import AbsenceForm
from incidents.models import Absence
from incidents.operations import absences as operations
from incidents.queries import oncall as queries
from portal.lib.clock import now_of
from portal.lib.errors import Invalid

SIZE = 25


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """The reader's own."""
    me = person_of(request)
    return redirect("incidents:absences", me.namespace, me.name)


@login_required
@require_http_methods(["GET", "POST"])
def absences(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """What is ahead, and the form; POST enters one, and says which shifts fall into it."""
    person, now = catalog_queries.person_by_ref(f"user:{namespace}/{name}"), now_of(request)
    actor = actor_of(request)
    form = AbsenceForm(request.POST or None)
    if request.method == "POST":
        operations.require_say(actor, person)
        if form.is_valid():
            try:
                made = operations.enter_absence(person=person, by=actor, now=now, **form.cleaned_data)
            except Invalid as error:
                form.explain(error)
            else:
                _say(request, made, now)
                return redirect("incidents:absences", namespace, name)
    past = request.GET.get("show") == "past"
    found = Absence.objects.filter(person=person).select_related("created_by")
    found = found.filter(ends_at__lte=now) if past else found.filter(ends_at__gt=now)
    order = ("-starts_at", "-pk") if past else ("starts_at", "pk")
    rows = page(found, order, cursor=request.GET.get("cursor", ""), size=SIZE)
    here = reverse("incidents:absences", args=[namespace, name])
    context = {
        "now": now,
        "person": person,
        "form": form,
        "absences": rows.rows,
        "past": past,
        "me": person_of(request),
        "may_say": operations.may_say(actor, person),
        "tabs": [
            {"title": "Ahead", "url": here, "active": not past, "count": None},
            {"title": "Past", "url": f"{here}?show=past", "active": past, "count": None},
        ],
        "next": f"{here}?{'show=past&' if past else ''}cursor={rows.next}" if rows.next else "",
        "previous": f"{here}?{'show=past&' if past else ''}cursor={rows.previous}" if rows.previous else "",
        "zone": timezone.get_current_timezone_name(),
        "trail": [("People", reverse("people")), (person.label, person.get_absolute_url()), ("Absences", "")],
    }
    return render(request, "incidents/oncall/absences.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, namespace: str, name: str, pk: int) -> HttpResponse:
    """One to come goes; one that has begun ends now."""
    person = catalog_queries.person_by_ref(f"user:{namespace}/{name}")
    absence = get_object_or_404(Absence, person=person, pk=pk)
    operations.remove_absence(absence=absence, by=actor_of(request), now=now_of(request))
    messages.success(request, "Taken away; schedules no longer say so.")
    return redirect("incidents:absences", namespace, name)


def _say(request: HttpRequest, made: Absence, now: datetime) -> None:
    """Entered, and what is left to do about it."""
    person: Person = made.person
    loaded = queries.schedules(since=now)
    shifts = queries.duties(loaded, max(now, made.starts_at), made.ends_at, of=person)
    if not shifts:
        messages.success(request, "Entered. No shift falls into it.")
        return
    names = ", ".join(dict.fromkeys(one.schedule.name for one in shifts))
    many = "A shift falls" if len(shifts) == 1 else f"{len(shifts)} shifts fall"
    who = "you are" if person == person_of(request) else f"{person.label} is"
    messages.warning(request, f"Entered. {many} into it, for {names}: {who} on call all the same until somebody swaps.")


urlpatterns = [
    path("me/absences", mine, name="my-absences"),
    path("people/<str:namespace>/<str:name>/absences", absences, name="absences"),
    path("people/<str:namespace>/<str:name>/absences/<int:pk>/remove", remove, name="remove-absence"),
]
