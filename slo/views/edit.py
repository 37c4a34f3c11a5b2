"""Making and changing objectives by form."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog.access import actor_of, require
from catalog.models import ApiToken
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from slo import operations
from slo.forms import ObjectiveForm
from slo.models import Objective
from slo.operations import ChangedMeanwhile

TRIED = ("target", "policy")
"""What a backtest hands over to the form."""


@login_required
@require_http_methods(["GET", "POST"])
def new_objective(request: HttpRequest) -> HttpResponse:
    """A first promise, or a further one."""
    first = {"component": request.GET.get("component"), "policy": "workbook"}
    return _edit(request, ObjectiveForm(request.POST or None, initial=first), None)


@login_required
@require_http_methods(["GET", "POST"])
def edit_objective(request: HttpRequest, pk: int) -> HttpResponse:
    """Another target or window keeps the counts; another query builds new ones aside."""
    objective = get_object_or_404(
        Objective.objects.select_related("definition__component", "definition__source", "policy"), pk=pk
    )
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
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _save(request, form)
            except Expected as refused:
                status = refused.status
                _show(form, refused, new=objective is None)
    return render(request, "slo/edit.html", {"form": form, "objective": objective}, status=status)


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
    if new and isinstance(refused, ChangedMeanwhile):
        form.add_error("name", "There is an objective of this name, perhaps a retired one; choose another name.")
    elif refused.errors:
        for error in refused.errors:
            form.show(error)
    else:
        form.add_error(None, str(refused))
