"""Many components at once: one change to those that were ticked, and the list as a file."""

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of
from catalog.filters import starred_filter
from catalog.models import Component
from catalog.operations import add_tag, change_components, confirm_each, give_to, set_tier
from catalog.operations.many import Change, Result
from catalog.views.reading import back
from portal.lib.clock import db_now
from portal.lib.reading import readable
from portal.lib.words import plural

MOST = 200
"""Components that one form may change; a page shows fewer."""
NAMED = 6
COLUMNS = (
    "ref", "kind", "namespace", "name", "title", "type", "lifecycle", "tier", "owner", "system", "health", "tags",
    "description", "runbook", "updated_at",
)  # fmt: skip
HEALTHS = {n: key for key, n in queries.Healths.KEYS.items()}


@login_required
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Change what was ticked, each as far as its reader may; back to the list with what became of each."""
    refs = [ref.replace("\x00", "") for ref in request.POST.getlist("ref") if ref]
    asked = _change(request.POST)
    if not refs:
        messages.error(request, "Tick the components to change first.")
    elif len(refs) > MOST:
        messages.error(request, f"Tick at most {MOST} components at once.")
    elif request.POST.get("action") == "confirm":
        _say(request, confirm_each(refs=refs, actor=actor_of(request), now=db_now()), did="confirmed")
    elif isinstance(asked, str):
        messages.error(request, asked)
    else:
        _say(request, change_components(refs=refs, change=asked, actor=actor_of(request), now=db_now()))
    return redirect(back(request, reverse("catalog:components")))


@readable
def export(request: HttpRequest) -> HttpResponseBase:
    """The filtered list as CSV, all of it, written as it is read."""
    rows = queries.components(starred_filter(request)).order_by("ref")
    answer = StreamingHttpResponse(_lines(rows.iterator(chunk_size=2000)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="components.csv"'
    return answer


def _change(given: Mapping[str, Any]) -> Change | str:
    """What the form asks for, or what is missing in it."""
    named = [name for name in ("owner", "tag", "tier") if str(given.get(name, "")).strip()]
    action = given.get("action") or (named[0] if len(named) == 1 else "")  # Enter in a field presses no button
    if action == "owner":
        owner = str(given.get("owner", "")).strip()
        return give_to("" if owner == queries.NOBODY else owner) if owner else "Choose the new owner."
    if action == "tag":
        tag = str(given.get("tag", "")).strip()
        return add_tag(tag) if tag else "Type the tag to add."
    if action == "tier":
        tier = str(given.get("tier", ""))
        return set_tier(int(tier)) if tier in {"1", "2", "3", "4"} else "Choose the tier, 1 to 4."
    return "Choose what to change."


def _say(request: HttpRequest, results: list[Result], *, did: str = "changed") -> None:
    """How many changed, how many were so already, and the refused by their reason."""
    changed = [one for one in results if one.changed]
    same = [one for one in results if not one.changed and not one.refused]
    if changed:
        messages.success(request, f"{plural(len(changed), 'component')} {did}: {_names(changed)}.")
    if same:
        messages.info(request, f"{plural(len(same), 'component')} needed no change: {_names(same)}.")
    reasons: dict[str, list[Result]] = {}
    for one in results:
        if one.refused:
            reasons.setdefault(one.refused, []).append(one)
    for reason, refused in reasons.items():
        messages.error(request, f"{plural(len(refused), 'component')} not {did}: {_names(refused)}. {reason}")


def _names(results: list[Result]) -> str:
    more = len(results) - NAMED
    said = ", ".join(one.label for one in results[:NAMED])
    return f"{said} and {more} more" if more > 0 else said


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        """The line itself."""
        return line


def _lines(rows: Iterator[Component]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(value) for value in _values(row)])


def _values(row: Component) -> Iterator[object]:
    yield from (row.ref, row.kind, row.namespace, row.name, row.title, row.type, row.lifecycle, row.tier)
    yield from (row.owner_ref, row.system_ref, HEALTHS[row.worst], " ".join(row.tags), row.description, row.runbook)
    yield row.updated_at.isoformat()


def _cell(value: object) -> str:
    """As text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
