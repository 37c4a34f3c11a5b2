"""Making and changing objectives by form."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog.access import actor_of
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from slo import operations
from slo.forms import ObjectiveForm
from slo.models import Objective


@login_required
@require_http_methods(["GET", "POST"])
def new_objective(request: HttpRequest) -> HttpResponse:
    """A first promise, or a further one."""
    first = {"component": request.GET.get("component"), "policy": "workbook"}
    return _edit(request, ObjectiveForm(request.POST or None, initial=first), {})


@login_required
@require_http_methods(["GET", "POST"])
def edit_objective(request: HttpRequest, pk: int) -> HttpResponse:
    """Another target or window keeps the counts; another query builds new ones aside."""
    objective = get_object_or_404(
        Objective.objects.select_related("definition__component", "definition__source", "policy"), pk=pk
    )
    form = ObjectiveForm(request.POST or None, initial=ObjectiveForm.initial_of(objective))
    form.fields["name"].disabled = True
    return _edit(request, form, {"objective": objective})


@login_required
@require_POST
def retire_objective(request: HttpRequest, pk: int) -> HttpResponse:
    """No longer promised; what was counted stays."""
    objective = get_object_or_404(Objective, pk=pk)
    operations.retire_objective(objective=objective, actor=actor_of(request), now=db_now())
    messages.success(request, f"{objective.label} is retired. What was counted stays.")
    return redirect("slo:list")


def _edit(request: HttpRequest, form: ObjectiveForm, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = operations.save_objective(draft=form.draft(), actor=actor_of(request), now=db_now())
        except Invalid as invalid:
            _show(form, invalid)
        else:
            for warning in saved.warnings:
                messages.warning(request, warning)
            return redirect(saved.objective)
    return render(request, "slo/edit.html", {"form": form, **context}, status=400 if form.errors else 200)


def _show(form: ObjectiveForm, invalid: Invalid) -> None:
    """Each error beside its field; `indicator.total` is the field `total`."""
    for error in invalid.errors:
        field = error.field.rsplit(".", 1)[-1]
        form.add_error(field if field in form.fields else None, error.message)
    if not invalid.errors:
        form.add_error(None, str(invalid))
