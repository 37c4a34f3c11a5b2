"""Deliveries: what came in, what became of it, and taking it again."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import queries as catalog
from catalog.access import actor_of, reader_may_write
from incidents.filters_intake import FIELDS, delivery_filter
from incidents.intake.replaying import replay
from incidents.intake.shown import pretty
from incidents.models import Delivery, Integration
from incidents.operations.pruning import kept_for
from incidents.queries import intake as queries
from incidents.queries.intake import OUTCOMES, DeliveryFilter
from portal.lib.clock import db_now
from portal.lib.errors import Invalid

SIZE = 50
NEWEST = ("-received_at", "-pk")


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Requests, newest first; a filter that can't be is named above the list."""
    refused = ""
    try:
        wanted = delivery_filter(request.GET)
    except Invalid as error:
        wanted, refused = DeliveryFilter(), str(error)
    rows = queries.deliveries(wanted).defer("raw", "body") if not refused else Delivery.objects.none()
    page = catalog.page(rows, NEWEST, cursor=request.GET.get("cursor", ""), size=SIZE)
    told = queries.parts_told([row.pk for row in page.rows])
    asked = {name: request.GET.get(name, "") for name in FIELDS}
    said = {name: text for name, text in asked.items() if text}
    here = reverse("incidents:deliveries") + "?" + urlencode({**said, "cursor": ""})
    context = {
        "now": db_now(),
        "asked": asked,
        "filtered": bool(said),
        "refused": refused,
        "kept_days": kept_for().days,
        "lines": [(row, told.get(row.pk)) for row in page.rows],
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
        "integrations": Integration.objects.only("pk", "name")[:500],
        "states": Delivery.State.choices,
        "outcomes": [(key, title) for key, (title, _) in OUTCOMES.items()],
    }
    return render(request, "incidents/deliveries/list.html", context, status=400 if refused else 200)


@login_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """As it came, its alerts, and what became of each."""
    row = queries.delivery_by_id(pk)
    body, cut = pretty(row)
    parts = catalog.page(queries.parts_of(row), ("pk",), cursor=request.GET.get("cursor", ""), size=SIZE)
    here = row.get_absolute_url() + "?cursor="
    owner = row.integration.team if row.integration else None
    everywhere = actor_of(request).everywhere
    context = {
        "now": db_now(),
        "delivery": row,
        "body": body,
        "cut": cut,
        "parts": parts.rows,
        "told": queries.parts_told([pk]).get(pk),
        "replays": list(row.replays.order_by("-pk")[:20]),
        "next": here + parts.next if parts.next else "",
        "previous": here + parts.previous if parts.previous else "",
        "may_replay": row.state != Delivery.State.STORED
        and (owner is not None or everywhere)
        and reader_may_write(request, [owner]),
        "trail": [
            ("Incidents", reverse("incidents:list")),
            ("Deliveries", reverse("incidents:deliveries")),
            (f"Delivery {pk}", ""),
        ],
    }
    return render(request, "incidents/deliveries/delivery.html", context)


@login_required
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it again; what comes of it is told on the new one's page."""
    made = replay(delivery=queries.delivery_by_id(pk), by=actor_of(request), now=db_now())
    messages.success(request, "It is taken again in a moment; this page tells what comes of it.")
    return redirect(made)


urlpatterns = [
    path("deliveries", listing, name="deliveries"),
    path("deliveries/<int:pk>", show, name="delivery"),
    path("deliveries/<int:pk>/replay", again, name="replay-delivery"),
]
