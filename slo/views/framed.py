"""What pages that write one named thing do alike: the form until it can be saved, then the thing's own page."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal.lib.errors import Expected
from slo.models.objectives import Named


def written(
    request: HttpRequest, form: forms.Form, template: str, *, policy: Named | None, save: Callable[[], Any]
) -> HttpResponse:
    """Show the form; on a POST that is in order `save()` and go to what it answers.

    `policy` is what is changed, None for a new one; a new one must not have the name of another of its kind, which
    `save` refuses with Expected like anything else that can't be. A refusal stands above the form, with its status.
    """
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return redirect(save())
            except Expected as refused:
                status = refused.status
                words = str(refused)
                form.add_error(None, f"{words[:1].upper()}{words[1:]}")
    return render(request, template, {"form": form, "policy": policy}, status=status)


def require_free(kind: type[Named], name: str) -> None:
    """Raise Expected where there is one of that name already."""
    if kind._default_manager.filter(name=name).exists():
        words = str(kind._meta.verbose_name)
        raise Expected(f"There is {'an' if words[0] in 'aeiou' else 'a'} {words} of this name; choose another one.")
