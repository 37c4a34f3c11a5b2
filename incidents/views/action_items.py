"""Action items as pages: all with filters, one, writing one down, ending it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import actor_of
from catalog.models import Person, Team
from catalog.queries import page
from incidents import access_reviews as access
from incidents import operations, queries
from incidents.forms_oncall import suggestions, typed_as
from incidents.forms_reviews import ActionItemForm, CloseForm, named
from incidents.intake.own import full_ref
from incidents.item_lines import lines
from incidents.models import ActionItem, Review
from incidents.operations.action_items import spec_of
from incidents.outcomes import outcomes_of
from incidents.queries import reviews as read
from incidents.views.actions import valid
from incidents.views.reviews import trail
from portal.lib.clock import db_now, now_of
from portal.lib.errors import Expected
from slo.models import Objective

SIZE = 50
FILTERS = ("q", "team", "component", "owner", "objective", "state", "view")
VIEWS = (("", "Open"), ("mine", "Mine"), ("teams", "My teams"), ("overdue", "Overdue"), ("all", "All"))


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The first due first; open ones, unless asked for others."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in FILTERS}
    now, actor, view = now_of(request), actor_of(request), asked["view"]
    state = asked["state"] if asked["state"] in ActionItem.State.values else ""
    found = read.action_items(
        state=state or ("" if view in {"all", "overdue"} else ActionItem.State.OPEN),
        overdue=True if view == "overdue" else None,
        teams=actor.team_ids() if view == "teams" else None,
        owner=actor.ref if view == "mine" else asked["owner"],
        team=asked["team"],
        component=full_ref(asked["component"]),
        objective=asked["objective"],
        text=asked["q"],
        now=now,
    )
    rows = page(found, ("due_on", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    context = {
        "now": now,
        "items": lines(rows.rows, now=now),
        "filters": asked,
        "filtered": any(asked.values()),
        "tabs": [
            {"title": title, "url": _address({**asked, "state": ""}, view=key), "count": None, "active": key == view}
            for key, title in VIEWS
        ],
        "states": ActionItem.State.choices,
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "next": _address(asked, cursor=rows.next) if rows.next else "",
        "previous": _address(asked, cursor=rows.previous) if rows.previous else "",
    }
    return render(request, "incidents/reviews/items.html", context)


@login_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One item: what, who, by when, and what came of it."""
    item, now = read.item_by_pk(pk), now_of(request)
    incident = item.review.incident
    actor = actor_of(request)
    reviewer = access.may_review(actor, incident, queries.pages_of(incident))
    context = {
        "item": item,
        "incident": incident,
        "trail": trail(item.review, "Action item"),
        "line": lines([item], now=now, outcomes=outcomes_of([item], now=now))[0],
        "reminders": list(item.reminders.order_by("-pk")[:10]),
        "may_write": access.may_change(actor, item, reviewer=reviewer),
        "now": now,
    }
    return render(request, "incidents/reviews/item.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, number: int) -> HttpResponse:
    """Write one down."""
    review, actor = read.review_by_number(number), actor_of(request)
    access.require_review(actor, review.incident)
    about = named(review.incident.component)
    initial = {"owner": typed_as(actor.person) if actor.person else "", "component": about}
    form = ActionItemForm(request.POST or None, objectives=_offered(review), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            operations.add_action_item(review=review, spec=form.spec(), by=actor, now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Written down. Its owner is reminded before it is due.")
            return redirect(review)
    return _form(request, form, review, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Say it anew."""
    item, actor = read.item_by_pk(pk), actor_of(request)
    access.require_item(actor, item)
    form = ActionItemForm(request.POST or None, objectives=_offered(item.review, item), spec=spec_of(item))
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_action_item(item=item, spec=form.spec(), by=actor, now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved.")
            return redirect(item)
    return _form(request, form, item.review, item)


@login_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, or dropped."""
    item, actor = read.item_by_pk(pk), actor_of(request)
    access.require_item(actor, item)
    given = valid(CloseForm(request.POST)).cleaned_data
    operations.close_action_item(item=item, by=actor, now=db_now(), **given)
    messages.success(request, "Done." if given["state"] == ActionItem.State.DONE else "Dropped.")
    return redirect(item)


@login_required
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Not done after all."""
    item, actor = read.item_by_pk(pk), actor_of(request)
    access.require_item(actor, item)
    operations.reopen_action_item(item=item, by=actor, now=db_now())
    messages.success(request, "It is open again.")
    return redirect(item)


def _form(request: HttpRequest, form: ActionItemForm, review: Review, item: ActionItem | None) -> HttpResponse:
    people: list[Person] = suggestions()
    context = {
        "form": form,
        "review": review,
        "incident": review.incident,
        "trail": trail(review, "Action item" if item else "New action item"),
        "item": item,
        "people": people,
    }
    return render(request, "incidents/reviews/item_form.html", context, status=400 if form.errors else 200)


def _offered(review: Review, item: ActionItem | None = None) -> list[Objective]:
    """Objectives that an item may be about: its component's, those that raised the incident, those it names."""
    return read.objectives_offered(review.incident, item)


def _address(asked: dict[str, str], **more: str) -> str:
    query = {name: value for name, value in {**asked, **more}.items() if value}
    return f"{reverse('incidents:action-items')}?{urlencode(query)}" if query else reverse("incidents:action-items")


urlpatterns = [
    path("reviews/actions", listing, name="action-items"),
    path("reviews/<int:number>/actions/new", new, name="new-action-item"),
    path("reviews/actions/<int:pk>", show, name="action-item"),
    path("reviews/actions/<int:pk>/edit", edit, name="edit-action-item"),
    path("reviews/actions/<int:pk>/close", close, name="close-action-item"),
    path("reviews/actions/<int:pk>/reopen", reopen, name="reopen-action-item"),
]
