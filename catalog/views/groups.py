"""Make, edit and retire systems and domains: the same three pages for both."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of
from catalog.described import domain_spec, system_spec
from catalog.editing import refusal
from catalog.forms import DomainForm, NewDomainForm, NewSystemForm, SystemForm
from catalog.models import Domain, System
from catalog.models.entity import Origin
from catalog.operations import patch_domain, patch_system, put_domain, put_system, retire_entity
from catalog.operations.written import ABSENT, Written
from catalog.specs import DomainSpec, SystemSpec
from catalog.views import preview
from catalog.views.components import owners_for, version_of, whole
from portal.lib.clock import db_now
from portal.lib.errors import Expected


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the two."""

    name: str
    plural: str
    form: type[SystemForm]
    new_form: type[NewSystemForm | NewDomainForm]
    by_ref: Callable[[str], System | Domain]
    spec: Callable[[Any], SystemSpec | DomainSpec]
    put: Callable[..., Written[System] | Written[Domain]]
    patch: Callable[..., Written[System] | Written[Domain]]

    def trail(self, *more: tuple[str, str]) -> list[tuple[str, str]]:
        """The way to its list, and further."""
        return [(self.plural.capitalize(), reverse(f"catalog:{self.plural}")), *more]


SYSTEM = Kind(
    "system", "systems", SystemForm, NewSystemForm, queries.system_by_ref, system_spec, put_system, patch_system
)
DOMAIN = Kind(
    "domain", "domains", DomainForm, NewDomainForm, queries.domain_by_ref, domain_spec, put_domain, patch_domain
)


@login_required
def new(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Make one that is not there yet."""
    actor = actor_of(request)
    owners = owners_for(actor)
    form = kind.new_form(request.POST or None, owners=owners, owner=owners[0].ref if len(owners) == 1 else "")
    title = f"New {kind.name}"
    context = {"form": form, "trail": kind.trail((title, "")), "title": title, "action": "Create", "paste": True,
               "back": reverse(f"catalog:{kind.plural}")}  # fmt: skip
    if preview.wanted(request):
        return preview.show(request, form, form.spec, context)
    if form.is_valid():
        try:
            made = kind.put(spec=form.spec(), actor=actor, now=db_now(), origin=Origin.FORM, expected_version=ABSENT)
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, f"{made.row.label} is there.")
            return redirect(made.row)
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


@login_required
def edit(request: HttpRequest, kind: Kind, namespace: str, name: str) -> HttpResponse:
    """Change one; a change that somebody else made meanwhile is not overwritten."""
    row = kind.by_ref(f"{kind.name}:{namespace}/{name}")
    actor, spec = actor_of(request), kind.spec(row)
    form = kind.form(request.POST or None, owners=owners_for(actor), spec=spec)
    context = {
        "form": form,
        "yaml": preview.known(spec),
        "refusal": refusal(request, row),
        "version": request.POST.get("version", row.version),
        "trail": kind.trail((row.label, row.get_absolute_url()), ("Edit", "")),
        "title": f"Edit {row.label}",
        "label": row.label,
        "action": "Save",
        "back": row.get_absolute_url(),
    }
    if preview.wanted(request):
        return preview.show(request, form, lambda: replace(spec, **form.said()), context)
    if form.is_valid():
        try:
            kind.patch(
                ref=row.ref,
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
            return redirect(row)
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def retire(request: HttpRequest, kind: Kind, namespace: str, name: str) -> HttpResponse:
    """Take one out of lists; its history stays."""
    written = retire_entity(ref=f"{kind.name}:{namespace}/{name}", actor=actor_of(request), now=db_now())
    messages.success(request, f"{written.row.label} is retired. Registering it again brings it back.")
    return redirect(written.row)
