"""Register, edit and retire a component."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import Actor, actor_of
from catalog.described import component_spec
from catalog.editing import refusal
from catalog.forms import ComponentForm, NewComponentForm
from catalog.models import Team
from catalog.models.entity import Origin
from catalog.operations import patch_component, put_component, retire_component
from catalog.operations.merging import MERGED
from catalog.operations.written import ABSENT
from catalog.specs import EntitySpec
from catalog.trails import trail_of
from catalog.views import preview
from portal.lib.clock import db_now
from portal.lib.errors import Expected


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Register a component that is not there yet."""
    actor = actor_of(request)
    owners = owners_for(actor)
    only = owners[0].ref if len(owners) == 1 else ""
    form = NewComponentForm(request.POST or None, owners=owners, owner=only)
    trail = [("Catalog", reverse("catalog:components")), ("Register component", "")]
    context = {"form": form, "trail": trail, "title": "Register component", "action": "Register", "paste": True,
               "back": reverse("catalog:components")}  # fmt: skip
    if preview.wanted(request):
        return preview.show(request, form, form.spec, context)
    form.initial.update(named_in(request))
    if form.is_valid():
        try:
            made = put_component(
                spec=form.spec(), actor=actor, now=db_now(), origin=Origin.FORM, expected_version=ABSENT
            )
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, f"{made.row.label} is registered.")
            return redirect(made.row)
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


@login_required
def edit(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Change a component; a change that somebody else made meanwhile is not overwritten."""
    component = queries.component_by_ref(f"{kind}:{namespace}/{name}")
    actor = actor_of(request)
    spec = component_spec(component)
    form = ComponentForm(request.POST or None, owners=owners_for(actor), spec=spec)
    context = {
        "form": form,
        "yaml": preview.known(spec),
        "refusal": refusal(request, component),
        "version": request.POST.get("version", component.version),
        "trail": trail_of(component, "Edit"),
        "title": f"Edit {component.label}",
        "label": component.label,
        "action": "Save",
        "back": component.get_absolute_url(),
    }
    if preview.wanted(request):
        return preview.show(request, form, lambda: replace(spec, **form.said()), context)
    if form.is_valid():
        try:
            patch_component(
                ref=component.ref,
                changes=whole(spec, form.said()),
                actor=actor,
                now=db_now(),
                origin=Origin.FORM,
                expected_version=version_of(request),
            )
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved.")
            return redirect(component)
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def retire(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Take a component out of the catalog; its history stays."""
    written = retire_component(ref=f"{kind}:{namespace}/{name}", actor=actor_of(request), now=db_now())
    messages.success(request, f"{written.row.label} is retired. Registering it again brings it back.")
    return redirect(written.row)


def named_in(request: HttpRequest) -> dict[str, str]:
    """What the address says already of something new, such as `?kind=api&name=orders`."""
    return {key: request.GET[key] for key in ("kind", "namespace", "name") if request.GET.get(key)}


def owners_for(actor: Actor) -> QuerySet[Team]:
    """The teams `actor` may name as an owner."""
    teams = Team.objects.filter(retired_at=None).order_by("called", "pk")
    return teams if actor.everywhere else teams.filter(pk__in=actor.team_ids())


def whole(before: EntitySpec, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a form said in whole as a change: keys that it left out of labels and annotations go."""
    gone = {name: dict.fromkeys(getattr(before, name)) for name in MERGED if name in said}
    return {**said, **{name: {**keys, **said[name]} for name, keys in gone.items()}}


def version_of(request: HttpRequest) -> int | None:
    """The version the form was made from, so that two editors notice each other."""
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() else None
