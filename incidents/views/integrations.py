"""Integrations: the list, making one, its page with its keys, changing and retiring it."""

from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe

from catalog import queries as catalog
from catalog.access import actor_of, reader_may_write
from catalog.models import Team
from catalog.views.components import owners_for
from incidents.forms_intake import RULES, IntegrationForm
from incidents.intake import ways
from incidents.intake.howto import recipes
from incidents.intake.previewing import EXAMPLES, Preview, preview
from incidents.intake.trying import foretold
from incidents.models import Integration
from incidents.operations import integrations as operations
from incidents.operations.integrations import Made
from incidents.queries import intake as queries
from incidents.queries.intake import DeliveryFilter
from portal.lib import conf, once
from portal.lib.clock import db_now
from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.moments import day_in

SIZE = 50
LATEST = 10
ABOUT = {
    "alertmanager": ("bell-ringing", "Firing and resolved alerts of Prometheus, in batches, with their labels."),
    "pagerduty": ("phone-call", "Whatever can page PagerDuty can page Portico by changing an address."),
    "generic": ("code", "Any tool that posts JSON: say where in it the key, the summary and the state are."),
    "heartbeat": ("activity-heartbeat", "A backup, a cron job, a whole Prometheus: silence becomes an alert."),
    "own": ("send", "A script of your own: a key, a summary, a component."),
}
FILLED = {"generic"}
"""Kinds whose form begins with an example: without one nobody knows what to point at."""


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All of them by name, with what they sent lately."""
    now, retired = db_now(), request.GET.get("show") == "retired"
    team, kind = (request.GET.get(name, "").replace("\x00", "") for name in ("team", "kind"))
    rows = queries.integrations(team=team, kind=kind, retired=retired)
    page = catalog.page(rows, ("name", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    told = {name: text for name, text in (("team", team), ("kind", kind)) if text}
    told |= {"show": "retired"} if retired else {}
    here = reverse("incidents:integrations") + "?" + urlencode({**told, "cursor": ""})
    sent = queries.traffic([row.pk for row in page.rows], now=now)
    context = {
        "now": now,
        "lines": [(row, sent.get(row.pk), _health(row)) for row in page.rows],
        "kinds": ways.kinds().items(),
        "choices": _choices(),
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk").only("ref", "name", "title")[:1000],
        "asked": {"team": team, "kind": kind},
        "narrowed": bool(team or kind),
        "retired": retired,
        "tabs": _tabs(retired),
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
    }
    return render(request, "incidents/integrations/list.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """First its kind, then its name; what else there is has a default. Leads to its page, which shows the key once."""
    kind, actor = request.GET.get("kind", ""), actor_of(request)
    if kind not in ways.kinds():
        return render(request, "incidents/integrations/kinds.html", {"choices": _choices()})
    form = IntegrationForm(
        request.POST or None, kind=kind, teams=owners_for(actor), unlimited=actor.everywhere,
        team=request.GET.get("team", ""),
    )  # fmt: skip
    seen = None
    if form.is_valid():
        try:
            if "preview" in request.POST:
                seen = _preview(request, form)
            else:
                given, now = form.cleaned_data, db_now()
                team = Team.objects.filter(ref=given["team"]).first() if given["team"] else None
                made = operations.create_integration(
                    name=given["name"], kind=kind, team=team, settings=form.settings(), by=actor, now=now
                )
                return _to_its_page(request, made, now=now)
        except Expected as error:
            form.explain(error)
    label = ways.kinds()[kind]
    back = reverse("incidents:new-integration")
    trail = [*_above(), (f"New: {label}", "")]
    return _form(
        request, form, seen, trail=trail, title=f"New integration: {label}", action="Create integration", back=back
    )


@login_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How it does, its keys, how to point a tool at it, and what it sent last; a key that was just made, this once."""
    row, now = queries.integration_by_id(pk), db_now()
    key = once.take(request, _once(row), now=now).get("key", "")
    response = _page(request, row, now=now, key=key)
    if key:
        add_never_cache_headers(response)  # a secret must not come back with the back button
    return response


@login_required
@require_safe
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """What came in and when its keys were used, which refresh by themselves; a key that is shown beside them stays."""
    return render(request, "incidents/integrations/live.html", _came_in(queries.integration_by_id(pk), db_now()))


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, other settings; with the button Preview only look what would be read."""
    row = queries.integration_by_id(pk)
    form = IntegrationForm(request.POST or None, kind=row.kind, of=row)
    seen = None
    if form.is_valid():
        try:
            if "preview" in request.POST:
                seen = _preview(request, form, row)
            else:
                operations.change_integration(
                    integration=row, name=form.cleaned_data["name"], settings=form.settings(),
                    by=actor_of(request), now=db_now(),
                )  # fmt: skip
                messages.success(request, "Saved. What comes in from now on is read so.")
                return redirect(row)
        except Expected as error:
            form.explain(error)
    trail = [*_above(), (row.name, row.get_absolute_url()), ("Edit", "")]
    return _form(request, form, seen, trail=trail, title=f"Edit {row.name}", action="Save", back=row.get_absolute_url())


@login_required
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """A further key; those before it go on working for as long as was chosen."""
    row, now = queries.integration_by_id(pk), db_now()
    made = operations.rotate_key(integration=row, by=actor_of(request), now=now, old_until=_until(request, now))
    return _to_its_page(request, made, now=now)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """End a key at once."""
    row = queries.integration_by_id(pk)
    operations.revoke_key(integration=row, key_id=key, by=actor_of(request), now=db_now())
    messages.success(request, "The key is revoked. Whoever still sends it is turned away.")
    return redirect(row)


@login_required
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """End all of it."""
    row = queries.integration_by_id(pk)
    operations.retire_integration(integration=row, by=actor_of(request), now=db_now())
    messages.success(request, f"{row.name} is retired. Nothing comes in on its keys any more.")
    return redirect(row)


def _to_its_page(request: HttpRequest, made: Made, *, now: datetime) -> HttpResponse:
    once.keep(request, _once(made.integration), {"key": made.key}, now=now)
    return redirect(made.integration)


def _above() -> list[tuple[str, str]]:
    return [("Incidents", reverse("incidents:list")), ("Integrations", reverse("incidents:integrations"))]


def _once(row: Integration) -> str:
    return f"integration:{row.pk}"


def _page(request: HttpRequest, row: Integration, *, now: datetime, key: str) -> HttpResponse:
    context = _came_in(row, now) | {
        "key": key,
        "recipes": recipes(row.kind, base=conf.base_url(), key=key, trying=foretold(row, now=now)),
        "may_write": (row.team is not None or actor_of(request).everywhere) and reader_may_write(request, [row.team]),
        "trail": [*_above(), (row.name, "")],
    }
    return render(request, "incidents/integrations/integration.html", context)


def _came_in(row: Integration, now: datetime) -> dict[str, Any]:
    found = list(queries.deliveries(DeliveryFilter(integration=row.pk)).order_by("-received_at", "-pk")[:LATEST])
    told = queries.parts_told([one.pk for one in found])
    keys = list(row.keys.select_related("created_by"))
    return {
        "now": now,
        "integration": row,
        "health": _health(row),
        "keys": [(one, one.revoked_at is None and (one.expires_at is None or one.expires_at > now)) for one in keys],
        "lines": [(one, told.get(one.pk)) for one in found],
        "traffic": queries.traffic([row.pk], now=now).get(row.pk),
        "facts": _facts(row),
    }


def _form(request: HttpRequest, form: IntegrationForm, seen: Preview | None, **context: Any) -> HttpResponse:  # noqa: ANN401
    example = EXAMPLES.get(form.kind, "")
    sample = request.POST.get("sample", example if form.kind in FILLED else "")
    context |= {
        "form": form,
        "seen": seen,
        "sample": sample,
        "example": example,
        "heartbeat": form.kind == Integration.Kind.HEARTBEAT,
    }
    return render(request, "incidents/integrations/form.html", context, status=400 if form.errors else 200)


def _preview(request: HttpRequest, form: IntegrationForm, of: Integration | None = None) -> Preview:
    return preview(kind=form.kind, settings=form.settings(), sample=request.POST.get("sample", ""), integration=of)


def _until(request: HttpRequest, now: datetime) -> datetime | None:
    """The end of the chosen day in the reader's zone; None where none was chosen. Raises Invalid."""
    text = request.POST.get("old_until", "")
    if not text:
        return None
    day = day_in(text)
    if day is None:
        message = "Choose a day, such as 2026-11-30."
        raise Invalid(message, errors=(FieldError("old_until", "invalid", message),))
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def _health(row: Integration) -> tuple[str, str]:
    """A state and its word."""
    beat = getattr(row, "heartbeat", None)
    if row.retired_at is not None:
        return "retired", "Retired"
    if beat is None:
        return "works", "Takes alerts"
    if beat.last_beat_at is None:
        return "waiting", "Waits for its first beat"
    return ("down", "Silent") if beat.silent_since else ("works", "Alive")


def _facts(row: Integration) -> list[tuple[str, str]]:
    """Its settings as people read them."""
    said = row.settings
    if row.kind == Integration.Kind.HEARTBEAT:
        found = [("A beat every", said.get("every", "")), ("Grace", said.get("grace", ""))]
    else:
        grouping = said.get("grouping", "component")
        found = [("Component labels", ", ".join(said.get("component_labels", []))), ("Grouped by", _grouped(grouping))]
        found.append(
            ("Component rules", str(len(said.get("component_rules", []))) if said.get("component_rules") else "")
        )
    rule = said.get("default_rule", "")
    found.append(("Without a known component", said.get("default_component", "")))
    found.append(("Without a known severity", dict(RULES).get(rule, rule)))
    return [(title, text) for title, text in found if text]


def _grouped(grouping: object) -> str:
    if isinstance(grouping, list):
        return ", ".join(map(str, grouping))
    return "nothing: each alert by itself" if grouping == "none" else "component"


def _choices() -> list[tuple[str, str, str, str]]:
    about = {**ABOUT, **{kind: (way.icon, way.about) for kind, way in ways.plugged().items()}}
    return [(kind, label, *about[kind]) for kind, label in ways.kinds().items()]


def _tabs(retired: bool) -> list[dict[str, object]]:
    url = reverse("incidents:integrations")
    return [
        {"title": "In use", "url": url, "active": not retired},
        {"title": "Retired", "url": f"{url}?show=retired", "active": retired},
    ]


urlpatterns = [
    path("integrations", listing, name="integrations"),
    path("integrations/new", new, name="new-integration"),
    path("integrations/<int:pk>", show, name="integration"),
    path("integrations/<int:pk>/live", live, name="integration-live"),
    path("integrations/<int:pk>/edit", edit, name="edit-integration"),
    path("integrations/<int:pk>/rotate", rotate, name="rotate-integration"),
    path("integrations/<int:pk>/retire", retire, name="retire-integration"),
    path("integrations/<int:pk>/keys/<int:key>/revoke", revoke, name="revoke-integration-key"),
]
