"""What people do on an incident's page: plain forms, one operation each, back to the page."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.access import actor_of, person_of
from incidents import access, forms, operations, queries
from incidents.models import Incident, Page
from portal.lib.clock import db_now
from portal.lib.errors import Invalid, Missing
from portal.lib.posted import posted


@login_required
@require_POST
def acknowledge(request: HttpRequest, number: int, page: int) -> HttpResponse:
    """I have it, for the team of this page; from somebody who has it only with `take_over`."""
    taken, over = page_of(number, page), request.POST.get("take_over") == "yes"
    access.require_answer(actor_of(request), taken)
    try:
        operations.acknowledge(page=taken, by=person_of(request), via="web", now=db_now(), take_over=over)
    except operations.HasItAlready as error:  # somebody was faster, which is good news, and no page of faults
        messages.warning(request, str(error))
        return redirect(taken.incident)
    return back(request, taken.incident, "You have it. Nobody else is called for this page.")


@login_required
@require_POST
def escalate(request: HttpRequest, number: int, page: int) -> HttpResponse:
    """The next step now, unless something happened since the button was drawn."""
    hurried, seen = page_of(number, page), request.POST.get("seen", "")
    access.require_hand(actor_of(request), hurried.incident)
    looked_at = int(seen) if seen.isascii() and seen.isdecimal() else None
    try:
        operations.escalate_now(page=hurried, by=actor_of(request), now=db_now(), seen=looked_at)
    except operations.MovedOn as error:
        messages.warning(request, str(error))
        return redirect(hurried.incident)
    return back(request, hurried.incident, "The next step is taken now.")


@login_required
@require_POST
def resolve(request: HttpRequest, number: int) -> HttpResponse:
    """It is over."""
    incident = queries.incident_by_number(number)
    access.require_hand(actor_of(request), incident)
    form = valid(forms.ResolveFiringForm(request.POST))
    ended = operations.resolve(incident=incident, by=actor_of(request), now=db_now(), **form.cleaned_data)
    if ended.check_again_at is None:
        return back(request, incident, "Resolved.")
    again = timezone.localtime(ended.check_again_at)
    return back(request, incident, f"Resolved. It still fires, and pages again on {again:%a at %H:%M %Z} if it does.")


@login_required
@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    """A note on the timeline; anybody signed in may say something."""
    incident = queries.incident_by_number(number)
    operations.add_note(incident=incident, by=actor_of(request), text=posted(request, "text"), now=db_now())
    return redirect(incident)


@login_required
@require_POST
def severity(request: HttpRequest, number: int) -> HttpResponse:
    """Another severity, with its reason."""
    incident = queries.incident_by_number(number)
    access.require_hand(actor_of(request), incident)
    form = valid(forms.SeverityForm(request.POST))
    operations.change_severity(incident=incident, by=actor_of(request), now=db_now(), **form.cleaned_data)
    return back(request, incident, f"It is P{form.cleaned_data['severity']} now.")


@login_required
@require_POST
def engage(request: HttpRequest, number: int) -> HttpResponse:
    """Page a further team."""
    incident = queries.incident_by_number(number)
    access.require_hand(actor_of(request), incident)
    form = forms.EngageForm(request.POST)
    if not form.is_valid():
        return unusable(request, incident, form)
    team = form.cleaned_data["team"]
    operations.engage(incident=incident, by=actor_of(request), team=team, now=db_now())
    return back(request, incident, f"{team.label} is paged.")


def page_of(number: int, pk: int) -> Page:
    """The page of an incident. Raises Missing."""
    found = Page.objects.select_related("incident", "team").filter(pk=pk, incident=number).first()
    if found is None:
        raise Missing("There is no such page in this incident.")
    return found


def valid[F: Form](form: F) -> F:
    """The form, if what was sent is usable. Raises Invalid, which names its fields."""
    if not form.is_valid():
        raise Invalid(wrong(form))
    return form


def wrong(form: Form) -> str:
    """What can't be used, by the names that the fields have on their page."""
    named = {name: str(field.label or name.replace("_", " ").capitalize()) for name, field in form.fields.items()}
    told = ((named.get(name, ""), " ".join(map(str, errors))) for name, errors in form.errors.items())
    return " ".join(f"{label}{'' if label.endswith('?') else ':'} {words}" if label else words for label, words in told)


def unusable(request: HttpRequest, incident: Incident, form: Form) -> HttpResponse:
    """To the incident's page, which says why what was typed can't be used."""
    messages.error(request, wrong(form))
    return redirect(incident)


def back(request: HttpRequest, incident: Incident, said: str) -> HttpResponse:
    """To the incident's page, which says so."""
    messages.success(request, said)
    return redirect(incident)
