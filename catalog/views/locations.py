"""Imports: the locations, how each is, and what became of every file."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of
from catalog.forms_location import EVERY, LocationForm, NewLocationForm
from catalog.locations.targets import is_web, line_link
from catalog.models import Location, LocationFile
from catalog.models.entity import Origin
from catalog.operations import retire_entity
from catalog.operations.locations import (
    ask_refresh,
    location_spec,
    may_write_location,
    put_location,
    remove_hook,
    retire_location,
    rotate_hook,
)
from catalog.operations.previewing import Preview, preview_location
from catalog.operations.written import ABSENT
from catalog.views.components import owners_for, version_of
from portal.lib import conf, once
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.lib.posted import posted

SIZE = 50


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """All locations by name, with how each import is."""
    text = request.GET.get("q", "").replace("\x00", " ")
    rows = queries.locations(q=text)
    page = queries.page(rows, ("called", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    here = reverse("catalog:locations") + f"?{urlencode({'q': text})}&cursor="
    lines = [(row, queries.health_in_list(row)) for row in page.rows]
    context = {
        "now": db_now(),
        "q": text,
        "lines": lines,
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
    }
    return render(request, "catalog/locations/list.html", context)


@login_required
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """One location's import health."""
    return _page(request, queries.location_by_ref(f"location:{namespace}/{name}"))


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Add a location, or with the button Preview only look what it would bring."""
    actor = actor_of(request)
    form = NewLocationForm(request.POST or None, teams=owners_for(actor), unlimited=actor.everywhere)
    preview = None
    if form.is_valid():
        try:
            if "preview" in request.POST:
                preview = preview_location(spec=form.spec(), actor=actor, now=db_now())
            else:
                made = put_location(
                    spec=form.spec(), actor=actor, now=db_now(), origin=Origin.FORM, expected_version=ABSENT
                )
                messages.success(request, f"{made.row.label} is added; its first reading comes in a moment.")
                return redirect(made.row)
        except Expected as error:
            form.explain(error)
    return _form(
        request,
        form,
        preview,
        title="Add location",
        action="Add",
        trail=[("Add location", "")],
        back=reverse("catalog:locations"),
    )


@login_required
def edit(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Change a location; a change that somebody else made meanwhile is not overwritten."""
    row = queries.location_by_ref(f"location:{namespace}/{name}")
    actor = actor_of(request)
    form = LocationForm(
        request.POST or None, teams=owners_for(actor), unlimited=actor.everywhere, spec=location_spec(row)
    )
    preview = None
    if form.is_valid():
        try:
            if "preview" in request.POST:
                preview = preview_location(spec=form.spec(), actor=actor, now=db_now())
            else:
                put_location(
                    spec=form.spec(),
                    actor=actor,
                    now=db_now(),
                    origin=Origin.FORM,
                    expected_version=version_of(request),
                )
                messages.success(request, "Saved.")
                return redirect(row)
        except Expected as error:
            form.explain(error)
    trail = [(row.label, row.get_absolute_url()), ("Edit", "")]
    more = {"version": request.POST.get("version", row.version), "back": row.get_absolute_url()}
    return _form(request, form, preview, title=f"Edit {row.label}", action="Save", trail=trail, **more)


@login_required
@require_POST
def refresh(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Read it as soon as a worker comes by."""
    row = ask_refresh(ref=f"location:{namespace}/{name}", actor=actor_of(request), now=db_now())
    messages.success(request, "It is read in a moment; this page shows what comes of it.")
    return redirect(row)


@login_required
@require_POST
def retire(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Read it no more."""
    written = retire_location(ref=f"location:{namespace}/{name}", actor=actor_of(request), now=db_now())
    messages.success(request, "It is read no more. What it named stays, and is listed here.")
    return redirect(written.row)


@login_required
@require_POST
def hook(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """A new secret for the webhook, which its page shows once; or with `remove` none any more."""
    ref, actor, now = f"location:{namespace}/{name}", actor_of(request), db_now()
    if request.POST.get("remove"):
        remove_hook(ref=ref, actor=actor, now=now)
        messages.success(request, "Webhooks are no longer taken.")
    else:
        once.keep(request, ref, {"secret": rotate_hook(ref=ref, actor=actor, now=now)}, now=now)
    return redirect(queries.location_by_ref(ref))


@login_required
@require_POST
def retire_orphan(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Retire an entity that the location no longer names."""
    row = queries.location_by_ref(f"location:{namespace}/{name}")
    ref = posted(request, "ref")
    if not queries.orphan_claims(row).filter(ref=ref).exists():
        messages.error(request, "This is no longer orphaned; nothing was retired.")
        return redirect(row)
    retire_entity(ref=ref, actor=actor_of(request), now=db_now())
    messages.success(request, f"{ref} is retired. Registering it again brings it back.")
    return redirect(row)


def _page(request: HttpRequest, row: Location) -> HttpResponse:
    secret = once.take(request, row.ref, now=db_now()).get("secret", "")
    sums = queries.sums_of(row)
    files = queries.page(queries.files_of(row), ("address", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    orphans = queries.page(queries.orphan_claims(row), ("ref",), cursor=request.GET.get("orphans", ""), size=SIZE)
    actor = actor_of(request) if request.user.is_authenticated and hasattr(request.user, "person") else None
    here = row.get_absolute_url()
    context = {
        "now": db_now(),
        "location": row,
        "health": queries.location_health(row, files=sums["files"], faulty=sums["failed"], lost=sums["lost"]),
        "sums": sums,
        "trail": [("Imports", reverse("catalog:locations")), (row.label, "")],
        "files": [_file(file) for file in files.rows],
        "next": f"{here}?cursor={files.next}" if files.next else "",
        "previous": f"{here}?cursor={files.previous}" if files.previous else "",
        "orphans": queries.orphans(orphans.rows),
        "more_orphans": f"{here}?orphans={orphans.next}" if orphans.next else "",
        "may_write": actor is not None and may_write_location(actor, row),
        "every": _often(str(location_spec(row).every)),
        "being_read": bool(row.leased_until and row.leased_until > db_now()),
        "hook_url": conf.base_url() + reverse("catalog:location-hook", args=[row.namespace, row.name]),
        "secret": secret,
        "targets": [(target, target if is_web(target) else "") for target in row.targets],
        "changes": queries.changes_of(row.ref).select_related("person")[:8],
    }
    response = render(request, "catalog/locations/location.html", context)
    if secret:
        add_never_cache_headers(response)  # it must not come back with the back button
    return response


def _often(every: str) -> str:
    """`1h` as `every hour`."""
    return dict(EVERY).get(every, f"Every {every}").lower()


def _file(file: LocationFile) -> dict[str, Any]:
    problems = [{**one, "link": line_link(file.address, one.get("line", 0))} for one in file.problems]
    return {"row": file, "link": line_link(file.address, 0), "problems": problems}


def _form(
    request: HttpRequest,
    form: LocationForm,
    preview: Preview | None,
    *,
    trail: list[tuple[str, str]],
    **more: object,
) -> HttpResponse:
    context = {
        "form": form,
        "preview": _previewed(preview) if preview else None,
        "trail": [("Imports", reverse("catalog:locations")), *trail],
        "roots": [str(root) for root in conf.location_roots()],
        **more,
    }
    return render(request, "catalog/locations/form.html", context, status=400 if form.errors else 200)


def _previewed(preview: Preview) -> dict[str, Any]:
    applied, reading = preview.applied, preview.reading
    problems: list[dict[str, Any]] = [
        {
            "file": one.file,
            "line": problem.line,
            "column": problem.column,
            "message": problem.message,
            "field": problem.field,
        }
        for one in applied.documents
        for problem in one.problems
    ]
    problems += [{"file": file.address, "line": 0, "message": file.error} for file in reading.failed]
    problems += [
        {"file": file.address, "line": one.line, "column": one.column, "message": one.message, "field": one.field}
        for file in reading.files
        for one in file.problems
    ]
    return {
        "entities": sum(applied.count(name) for name in ("created", "updated", "unchanged")),
        "created": applied.count("created"),
        "updated": applied.count("updated"),
        "unchanged": applied.count("unchanged"),
        "problems": problems[:100],
        "problem_count": len(problems),
        "documents": [one for one in applied.documents if one.outcome != "failed"][:100],
        "stopped": reading.stopped,
        "files": len(reading.files),
    }
