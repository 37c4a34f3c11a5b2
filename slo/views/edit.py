"""Making and changing objectives by form: a preset first, then the form with what it would say beside it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog.access import actor_of, reader_teams, require
from catalog.models import ApiToken, Component
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.lib.naming import name_of
from slo import operations
from slo.forms import ObjectiveForm
from slo.models import DataSource, Objective
from slo.operations import ChangedMeanwhile
from slo.operations.objectives import NameTaken, named_by
from slo.presets import Preset, presets
from slo.queries.presets import Offered, offered, values_offered
from slo.queries.preview import preview
from slo.views.previewing import shown

TRIED = ("target", "policy")
"""What a backtest hands over to the form."""
LONGEST = 300

type Offers = list[tuple[Preset, tuple[str, ...]]]
"""Presets, each with those of its metrics that are missing."""


@login_required
@require_http_methods(["GET", "POST"])
def new_objective(request: HttpRequest) -> HttpResponse:
    """A first promise, or a further one: `?preset=name` begins with a preset, `?preset=` from scratch."""
    if request.method == "GET" and "preset" not in request.GET:
        return _choose(request)
    chosen = presets().get(_said(request, "preset"))
    source = _said(request, "source")
    first = {"component": request.GET.get("component"), "policy": "workbook", "source": source}
    first |= {"policy": chosen.policy} if chosen else {}
    values = values_offered(chosen, source_name=source, now=db_now()) if chosen and request.method == "GET" else {}
    first |= {"name": _suggested(chosen, first["component"] or "")} if chosen else {}
    return _edit(request, ObjectiveForm(_typed(request), preset=chosen, offered=values, initial=first), None)


def _suggested(preset: Preset, ref: str) -> str:
    """A name for what a preset becomes on a component; empty where the component isn't known."""
    name = ref.rpartition("/")[2]
    return name_of(name, preset.name) if name else ""


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was typed. The part that shows the preview alone needs no name yet."""
    if "preview" not in request.GET or request.method != "POST":
        return request.POST or None
    typed = request.POST.copy()
    if not typed.get("title"):
        typed["title"] = "unnamed"
    return typed


def _said(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "")[:LONGEST]


def _choose(request: HttpRequest) -> HttpResponse:
    """Step 1: which preset, for which component, from which source."""
    told = {name: _said(request, name) for name in ("component", "source", "q")}
    found = offered(component_ref=told["component"], source_name=told["source"], now=db_now())
    words = told["q"].lower().split()
    wanted = [one for one in found.presets if all(word in _searched(one[0]) for word in words)]
    handed = {name: told[name] for name in ("component", "source") if told[name]}
    context = {
        "told": told,
        "found": found,
        "groups": [(title, _by_tool(some)) for title, some in _ranked(wanted, found) if some],
        "handed": urlencode(handed),
        "components": Component.objects.filter(retired_at=None).order_by("called", "pk"),
        "sources": DataSource.objects.filter(retired_at=None),
    }
    return render(request, "slo/presets.html", context)


def _searched(preset: Preset) -> str:
    return " ".join((preset.title, preset.tool, preset.description, preset.name, *preset.metrics)).lower()


def _ranked(wanted: Offers, found: Offered) -> list[tuple[str, Offers]]:
    """By whether they fit and their metrics are there, each under its words."""
    known = found.source is not None and not found.error
    ready = [one for one in wanted if not one[1]]
    fit, unfit = ([one for one in ready if found.fits(one[0]) == wanted] for wanted in (True, False))
    there = "; their metrics are there" if known else ""
    kind = found.component_type
    return [
        (f"They fit{there}" if kind else f"For any component{there}", fit),
        (f"For other components{there}" if kind else f"For a certain type of component{there}", unfit),
        ("Metrics missing now", [one for one in wanted if one[1]]),
    ]


def _by_tool(offers: Offers) -> list[tuple[str, Offers]]:
    """Those of one tool together, tools in the order in which their first comes."""
    tools: dict[str, Offers] = {}
    for one in offers:
        tools.setdefault(one[0].tool, []).append(one)
    return list(tools.items())


@login_required
@require_http_methods(["GET", "POST"])
def edit_objective(request: HttpRequest, pk: int) -> HttpResponse:
    """Another target or window keeps the counts; another query builds new ones aside. One of a group: its parent."""
    related = ("definition__component", "definition__source", "policy", "budget_policy")
    objective = get_object_or_404(Objective.objects.select_related(*related), pk=pk)
    if objective.parent_id and request.method == "GET":
        messages.info(request, f"{objective.label} is one of a group; what is promised of it is written here.")
        return redirect("slo:edit", objective.parent_id)
    if request.method == "GET":
        require(actor_of(request), [objective.definition.component.owner_id], scope=ApiToken.Scope.SLOS)
    form = ObjectiveForm(request.POST or None, objective=objective)
    form.initial = {**form.initial, **{name: request.GET[name] for name in TRIED if request.GET.get(name)}}
    return _edit(request, form, objective)


@login_required
@require_POST
def retire_objective(request: HttpRequest, pk: int) -> HttpResponse:
    """No longer promised; what was counted stays."""
    objective = get_object_or_404(Objective, pk=pk)
    operations.retire_objective(objective=objective, actor=actor_of(request), now=db_now())
    messages.success(request, f"{objective.label} is retired. What was counted stays.")
    return redirect("slo:list")


def _edit(request: HttpRequest, form: ObjectiveForm, objective: Objective | None) -> HttpResponse:
    """The form until it can be saved; whatever is refused, what was typed stays."""
    status, context = 200, {"form": form, "objective": objective, "may_ask": _may_ask(request)}
    if request.method == "POST" and ("preview" in request.GET or "preview" in request.POST):
        alone = "preview" in request.GET
        return render(
            request, f"slo/edit.html{'#preview' if alone else ''}", context | _previewed(request, form)
        )  # fmt: skip
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _save(request, form)
            except Expected as refused:
                status = refused.status
                _show(form, refused, new=objective is None)
    return render(request, "slo/edit.html", context, status=status)


def _may_ask(request: HttpRequest) -> bool:
    """Whether names are offered to who writes a query; asks the database nothing that the page doesn't ask anyway."""
    person = getattr(request.user, "person", None)
    return person is not None and (person.platform_admin or bool(reader_teams(request)))


def _previewed(request: HttpRequest, form: ObjectiveForm) -> dict[str, Any]:
    """What the objective would say, or what keeps it from being said."""
    if not form.is_valid():
        return {"faults": _faults(form)}
    draft, now = form.draft(), db_now()
    try:
        named = named_by(draft, now)
        require(actor_of(request), [named.component.owner_id], scope=ApiToken.Scope.SLOS)
        found = preview(
            draft, source=named.source, policy=named.policy, component_id=named.component.pk, now=now
        )  # fmt: skip
    except Expected as refused:
        _show(form, refused, new=False)
        return {"faults": _faults(form)}
    return shown(found, draft=draft, source=named.source, now=now)


def _faults(form: ObjectiveForm) -> list[tuple[str, str]]:
    return [
        (str(form.fields[name].label or name.capitalize()) if name in form.fields else "", str(fault))
        for name, faults in form.errors.items()
        for fault in faults
    ]


def _save(request: HttpRequest, form: ObjectiveForm) -> HttpResponse:
    saved = operations.save_objective(
        draft=form.draft(),
        actor=actor_of(request),
        now=db_now(),
        expected_version=form.cleaned_data["version"] if form.kept else 0,
    )
    for warning in saved.warnings:
        messages.warning(request, warning)
    return redirect(saved.objective)


def _show(form: ObjectiveForm, refused: Expected, *, new: bool) -> None:
    if new and isinstance(refused, ChangedMeanwhile | NameTaken):
        name = form.cleaned_data["name"]
        form.add_error("name", f"{name} exists already, perhaps retired. Choose another name.")
    elif refused.errors:
        for error in refused.errors:
            form.show(error)
    else:
        form.add_error(None, str(refused))
