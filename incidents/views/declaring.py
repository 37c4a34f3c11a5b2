"""Declaring an incident: a form, and beside it what is open already of what is being typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from catalog.access import actor_of
from catalog.models import Component
from incidents import forms, operations
from incidents.form_fields import ComponentField, suggestions, typed_as
from incidents.queries.already import Open, named_in, open_about
from incidents.views.actions import back
from portal.lib.clock import db_now, now_of

OFFERED = 5


@dataclass(frozen=True, slots=True)
class Already:
    """What is known of what is being typed: `component` is named by the field, or as `guessed` by the title. Where the
    field names none, `offers` are what may be meant: what to type, and what it is.
    """

    component: Component | None
    guessed: bool
    open: Open | None
    offers: Sequence[tuple[str, str]]

    @property
    def typed(self) -> str:
        """The component as it is typed."""
        return typed_as(self.component.ref) if self.component else ""


@login_required
@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Something is wrong, says a person."""
    first = {"component": typed_as(request.GET.get("component", "")), "title": request.GET.get("title", "")}
    form = forms.DeclareForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        incident = operations.declare(by=actor_of(request), now=(now := db_now()), **form.cleaned_data)
        if incident.opened_at < now:
            known = "was open already. What you wrote is in its timeline, and you hear when it is over."
            return back(request, incident, f"{incident.label} {known}")
        return redirect(incident)
    typed = request.POST if request.method == "POST" else first
    known_of = _already(str(typed.get("component", "")), str(typed.get("title", "")))
    context = {"form": form, "already": known_of, "now": now_of(request)}
    return render(request, "incidents/declare.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def already(request: HttpRequest) -> HttpResponse:
    """What is open of what is being typed."""
    found = _already(request.GET.get("component", ""), request.GET.get("title", ""))
    return render(request, "incidents/parts/already.html", {"already": found, "now": now_of(request)})


def _already(component: str, title: str) -> Already:
    component, title = (text.replace("\x00", "").strip()[:300] for text in (component, title))
    if not component:
        guess = named_in(title)
        return Already(guess, guess is not None, open_about(guess) if guess else None, ())
    try:
        meant = ComponentField().clean(component[:200])
    except ValidationError:
        return Already(None, False, None, suggestions("components", component, most=OFFERED))
    return Already(meant, False, open_about(meant), ())


urlpatterns = [
    path("incidents/declare", declare, name="declare"),
    path("incidents/declare/already", already, name="already"),
]
