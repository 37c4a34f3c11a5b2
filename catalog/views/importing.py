"""Paste a catalog-info.yaml: first what it would do, document by document, then do it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.access import actor_of
from catalog.forms import PasteForm
from catalog.operations.applying import Applied, DocumentResult, SourceFile, apply_files
from catalog.queries import Named
from portal.lib.clock import db_now

PASTED = "pasted"


@dataclass(frozen=True, slots=True)
class Shown:
    """One document's answer, with what it names as a link where that is there."""

    result: DocumentResult
    named: Named | None


@login_required
def paste(request: HttpRequest) -> HttpResponse:
    """The form; posted it is tried, with the button `apply` done. What was pasted stays in the box."""
    actor = actor_of(request)
    form = PasteForm(request.POST or None)
    trail = [("Catalog", reverse("catalog:components")), ("Paste catalog-info.yaml", "")]
    context: dict[str, object] = {"form": form, "trail": trail}
    if not form.is_valid():
        return render(request, "catalog/import.html", context, status=400 if form.errors else 200)
    trying = "apply" not in request.POST
    files = [SourceFile(address=PASTED, text=form.cleaned_data["text"])]
    answer = apply_files(files=files, actor=actor, now=db_now(), dry_run=trying)
    failed = answer.count("failed")
    context |= {
        "trying": trying,
        "documents": _shown(answer.documents),
        "counts": [(name, answer.count(name)) for name in ("created", "updated", "unchanged", "failed")],
        "failed": failed,
        "writes": answer.count("created") + answer.count("updated"),
    }
    if not trying:
        _tell(request, answer)
    return render(request, "catalog/import.html", context, status=400 if failed or not answer.documents else 200)


def _shown(documents: Iterable[DocumentResult]) -> list[Shown]:
    found = list(documents)
    there = queries.names_of(one.ref for one in found if one.ref)
    return [Shown(one, there.get(one.ref)) for one in found]


def _tell(request: HttpRequest, answer: Applied) -> None:
    written = answer.count("created") + answer.count("updated")
    if written:
        messages.success(request, f"Written: {answer.count('created')} new, {answer.count('updated')} changed.")
    elif not answer.count("failed"):
        messages.info(request, "Nothing to change: the catalog says all of it already.")
