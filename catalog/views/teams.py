"""Make and edit a team, its members, and what people say about themselves."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of, person_of
from catalog.described import person_spec, team_spec
from catalog.editing import person_refusal, refusal
from catalog.forms import MemberForm, NewTeamForm, PersonForm, TeamForm
from catalog.models.entity import Origin
from catalog.operations import patch_person, patch_team, put_team, set_member
from catalog.operations.written import ABSENT
from catalog.refs import BadReference, parse
from catalog.views import preview
from catalog.views.components import named_in, version_of, whole
from portal.lib.clock import db_now
from portal.lib.errors import Expected


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Make a team; whoever makes it leads it."""
    person = person_of(request)
    form = NewTeamForm(request.POST or None)
    trail = [("Teams", reverse("catalog:teams")), ("New team", "")]
    context = {"form": form, "trail": trail, "title": "New team", "action": "Create", "paste": True,
               "back": reverse("catalog:teams")}  # fmt: skip
    if preview.wanted(request):
        return preview.show(request, form, lambda: form.spec(person), context)
    form.initial.update(named_in(request))
    if form.is_valid():
        try:
            made = put_team(
                spec=form.spec(person),
                actor=actor_of(request),
                now=db_now(),
                origin=Origin.FORM,
                expected_version=ABSENT,
            )
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, f"{made.row.label} is there, and you lead it.")
            return redirect(made.row)
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


@login_required
def edit(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Change a team; a change that somebody else made meanwhile is not overwritten."""
    team = queries.team_by_ref(f"group:{namespace}/{name}")
    spec = team_spec(team)
    form = TeamForm(request.POST or None, spec=spec)
    context = {
        "form": form,
        "yaml": preview.known(spec),
        "refusal": refusal(request, team),
        "version": request.POST.get("version", team.version),
        "trail": [("Teams", reverse("catalog:teams")), (team.label, team.get_absolute_url()), ("Edit", "")],
        "title": f"Edit {team.label}",
        "label": team.label,
        "note": "Members and leads are changed on the team’s page, under People.",
        "action": "Save",
        "back": team.get_absolute_url(),
    }
    if preview.wanted(request):
        return preview.show(request, form, lambda: replace(spec, **form.said()), context)
    if form.is_valid():
        try:
            patch_team(
                ref=team.ref,
                changes=whole(spec, form.said()),
                actor=actor_of(request),
                now=db_now(),
                origin=Origin.FORM,
                expected_version=version_of(request),
            )
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved.")
            return redirect(team)
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def member(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Put somebody into the team, or with the role `none` take them out."""
    team = queries.team_by_ref(f"group:{namespace}/{name}")
    removed = request.POST.get("role") == "none"
    form = MemberForm(request.POST if not removed else {**request.POST.dict(), "role": "member"})
    if form.is_valid():
        try:
            whom = str(parse(form.cleaned_data["person"], kind="user", namespace=namespace))
            role = None if removed else form.cleaned_data["role"]
            set_member(ref=team.ref, person_ref=whom, role=role, actor=actor_of(request), now=db_now())
        except (Expected, BadReference) as error:
            messages.error(request, str(error))
    else:
        messages.error(request, "Name a person, for example ada.")
    return redirect(team)


@login_required
def person(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Change what the catalog says of a person."""
    found = queries.person_by_ref(f"user:{namespace}/{name}")
    spec = person_spec(found)
    form = PersonForm(request.POST or None, initial={field: getattr(spec, field) for field in PersonForm.base_fields})
    if form.is_valid():
        try:
            patch_person(
                ref=found.ref,
                changes=form.cleaned_data,
                actor=actor_of(request),
                now=db_now(),
                origin=Origin.FORM,
                expected_version=version_of(request),
            )
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved.")
            return redirect(found)
    context = {
        "form": form,
        "refusal": person_refusal(request, found),
        "version": request.POST.get("version", found.version),
        "trail": [(found.label, found.get_absolute_url()), ("Edit", "")],
        "title": f"Edit {found.label}",
        "label": found.label,
        "action": "Save",
        "back": found.get_absolute_url(),
    }
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)
