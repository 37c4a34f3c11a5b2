"""The change log of everything: filtered by the address, paged by key, exported as it is filtered."""

import csv
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.filters_changes import FIELDS, change_filter
from catalog.models import AuditEntry
from catalog.queries.changes import NEWEST, VIAS, ChangeFilter, change_json, changes, names_in
from catalog.templatetags.changes import did_alone, kind_words
from portal.lib.clock import db_now
from portal.lib.errors import Invalid

SIZE = 50
CHUNK = 2_000
KINDS = (
    "component", "api", "resource", "system", "domain", "group", "user", "token", "invitation", "window", "location",
    "slo", "source", "alert-policy", "budget-policy", "incident", "schedule", "policy", "integration", "delivery",
)  # fmt: skip
ACTIONS = (
    "create", "update", "edit", "save", "confirm", "declare", "withdraw", "publish", "rotate", "revoke", "retire",
    "delete",
)  # fmt: skip
"""Those that people look for; every other can be asked for by the address."""
HEAD = ("at", "actor", "actor_name", "via", "action", "object", "owner", "diff")
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula."""


@login_required
def log(request: HttpRequest) -> HttpResponse:
    """The page; a filter that can't be is named above the list."""
    refused = ""
    try:
        wanted = change_filter(request.GET)
    except Invalid as error:
        wanted, refused = ChangeFilter(), str(error)
    rows = changes(wanted) if not refused else AuditEntry.objects.none()
    page = queries.page(rows, NEWEST, cursor=request.GET.get("cursor", ""), size=SIZE)
    asked = {name: request.GET.get(name, "") for name in FIELDS}
    told = {name: text for name, text in asked.items() if text}
    here = reverse("catalog:changes") + "?" + urlencode({**told, "cursor": ""})
    context = {
        "now": db_now(),
        "asked": asked,
        "filtered": bool(told),
        "query": urlencode(told),
        "refused": refused,
        "rows": page.rows,
        "called": names_in(page.rows),
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
        "teams": queries.team_choices(gone=True),
        "kinds": [(kind, kind_words(kind)) for kind in KINDS],
        "actions": [(action, "Edited" if action == "edit" else did_alone(action)) for action in ACTIONS],
        "other_action": asked["action"] if asked["action"] not in ACTIONS else "",
        "vias": VIAS,
    }
    return render(request, "catalog/changes.html", context, status=400 if refused else 200)


@login_required
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """All that the filter leaves, as CSV or JSON lines; sent while it is read, however much it is."""
    rows = changes(change_filter(request.GET)).iterator(chunk_size=CHUNK)
    lines, kind = (_csv(rows), "text/csv; charset=utf-8") if form == "csv" else (_json(rows), "application/x-ndjson")
    name = f'attachment; filename="changes.{form}"'
    return StreamingHttpResponse(lines, content_type=kind, headers={"Content-Disposition": name})


class _Echo:
    """A file that hands back what is written to it, for csv.writer."""

    def write(self, text: str) -> str:
        return text


def _csv(rows: Iterator[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(HEAD)
    for row in rows:
        said = change_json(row)
        said["diff"] = json.dumps(said["diff"], ensure_ascii=False)
        yield writer.writerow([_tame(said[name]) for name in HEAD])


def _json(rows: Iterator[AuditEntry]) -> Iterator[str]:
    for row in rows:
        said = change_json(row)
        yield json.dumps({**said, "at": said["at"].isoformat()}, ensure_ascii=False) + "\n"


def _tame(value: Any) -> str:  # noqa: ANN401  # a cell is whatever the row holds
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(RISKY) else text
