"""Where data comes from, how that is, and saying so."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import NotSignedIn, actor_of, require_admin
from portal.lib import durations
from portal.lib.clock import db_now
from portal.lib.crypto import CannotUnseal
from portal.lib.errors import Expected, Forbidden
from portal.lib.rates import TooSoon
from slo import operations, queries
from slo.forms_sources import SourceForm
from slo.models import DataSource
from slo.operations.sources import SourceInUse, ask_source, retire_source, try_source
from slo.queries.sources import source_by_name


@login_required
@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """All data sources: one that is down is one fact, said here once."""
    context = {"sources": queries.sources(), "now": db_now(), "may_write": is_admin(request)}
    return render(request, "slo/sources.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A further data source; for platform admins."""
    require_admin(actor_of(request))
    return _edit(request, SourceForm(request.POST or None), None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Another address, other credentials; for platform admins."""
    require_admin(actor_of(request))
    source = source_by_name(name)
    return _edit(request, SourceForm(request.POST or None, source=source), source)


@login_required
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    """It is asked no more."""
    try:
        retire_source(name=source_by_name(name).name, actor=actor_of(request), now=db_now())
    except SourceInUse as refused:
        messages.error(request, str(refused))
        return redirect("slo:edit-source", name)
    messages.success(request, f"The data source {name} is retired.")
    return redirect("slo:sources")


@login_required
@require_POST
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Ask it now, as it is saved; for platform admins."""
    try:
        found = try_source(row=source_by_name(name), actor=actor_of(request))
    except TooSoon as refused:
        messages.error(request, str(refused))
        return redirect("slo:sources")
    if found.reachable:
        version = f", version {found.version}" if found.version else ""
        messages.success(request, f"{name} answers in {durations.short(found.latency)}{version}.")
    else:
        messages.error(request, f"{name} does not answer: {found.error}")
    return redirect("slo:sources")


def _edit(request: HttpRequest, form: SourceForm, source: DataSource | None) -> HttpResponse:
    """The form until it can be saved; `test` asks the source first and saves nothing."""
    status, health = 200, None
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                if "test" in request.POST:
                    status, health = 200, ask_source(draft=form.draft(), actor=actor_of(request))
                else:
                    return _saved(request, form, is_new=source is None)
            except (Expected, CannotUnseal) as refused:
                status = _show(form, refused)
    context = {"form": form, "source": source, "health": health}
    return render(request, "slo/source_edit.html", context, status=status)


def _show(form: SourceForm, refused: Expected | CannotUnseal) -> int:
    if not isinstance(refused, Expected):
        form.add_error("secret", f"{refused} Write it again.")
        return 400
    for error in refused.errors:
        form.show(error)
    if not refused.errors:
        form.add_error(None, str(refused))
    return refused.status


def _saved(request: HttpRequest, form: SourceForm, *, is_new: bool) -> HttpResponse:
    draft = form.draft()
    if is_new and DataSource.objects.filter(name=draft.name, retired_at=None).exists():
        raise Expected("There is a data source of this name; choose another one.")
    operations.save_source(draft=draft, actor=actor_of(request), now=db_now())
    messages.success(request, f"The data source {draft.name} is saved.")
    return redirect("slo:sources")


def is_admin(request: HttpRequest) -> bool:
    """Whether the reader is a platform admin."""
    try:
        require_admin(actor_of(request))
    except (NotSignedIn, Forbidden):
        return False
    return True
