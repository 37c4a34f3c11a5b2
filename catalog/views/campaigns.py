"""Campaigns: the list, one with how it goes and who is behind, and begin, change, end; a component's own scorecard."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from catalog import queries, scorecard
from catalog.access import actor_of, require_admin
from catalog.drawn_campaigns import burn_up, levels_of
from catalog.forms_campaigns import CampaignForm
from catalog.levels import LEVELS
from catalog.models import Campaign, Score, Team
from catalog.operations.campaigns import (
    CampaignSpec,
    begin_campaign,
    campaign_spec,
    change_campaign,
    end_campaign,
)
from catalog.queries.campaigns import (
    BEHIND_ORDER,
    CAMPAIGN_ORDER,
    CAMPAIGN_STATES,
    FURTHEST_ORDER,
    Reached,
    behind,
    campaign_by_id,
    campaigns,
    days_of,
    reached_by,
    steps_of,
    teams_behind,
)
from catalog.trails import trail_of
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.lib.reading import readable

SIZE, TEAMS, COMPONENTS = 50, 20, 30
TITLES = {"running": "Running", "over": "Over", "all": "All"}


@readable
def listing(request: HttpRequest) -> HttpResponse:
    """Campaigns by their day; `?state=over`."""
    now, state = db_now(), request.GET.get("state", "running")
    state = state if state in CAMPAIGN_STATES else "running"
    page = queries.page(campaigns(state, now=now), CAMPAIGN_ORDER, cursor=request.GET.get("cursor", ""), size=SIZE)
    reached = reached_by([row.pk for row in page.rows])
    here = reverse("catalog:campaigns")
    context = {
        "now": now,
        "today": now.date(),
        "state": state,
        "tabs": [
            {"title": title, "url": f"{here}?state={key}", "count": None, "active": key == state}
            for key, title in TITLES.items()
        ],
        "rows": [(row, Score.Level(row.level), reached.get(row.pk, Reached()), asked_of(row)) for row in page.rows],
        "may_write": _admin(request),
        "next": f"{here}?state={state}&cursor={page.next}" if page.next else "",
        "previous": f"{here}?state={state}&cursor={page.previous}" if page.previous else "",
    }
    return render(request, "catalog/campaigns/list.html", context)


@readable
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """How it goes, which teams and components are behind; both lists have pages of their own."""
    now, row = db_now(), campaign_by_id(pk)
    teams = queries.page(teams_behind(row), BEHIND_ORDER, cursor=request.GET.get("teams", ""), size=TEAMS)
    late = queries.page(behind(row), FURTHEST_ORDER, cursor=request.GET.get("cursor", ""), size=COMPONENTS)
    known, here = scorecard.checks(), row.get_absolute_url()
    wanted = {key for key, check in known.items() if check.level in _levels_up_to(row)}
    context = {
        "now": now,
        "row": row,
        "today": now.date(),
        "left": (row.due_on - now.date()).days,
        "days_over": (now.date() - row.due_on).days,
        "level": Score.Level(row.level),
        "asked_of": asked_of(row),
        "reached": reached_by([row.pk]).get(row.pk, Reached()),
        "chart": burn_up(row, days_of(row)),
        "teams": [(team, getattr(team, "behind"), getattr(team, "scored")) for team in teams.rows],  # noqa: B009
        "components": [(score, Score.Level(score.level), _missing(score, wanted)) for score in late.rows],
        "may_write": _admin(request) and row.ended_at is None,
        "teams_next": f"{here}?teams={teams.next}" if teams.next else "",
        "teams_previous": f"{here}?teams={teams.previous}" if teams.previous else "",
        "next": f"{here}?cursor={late.next}" if late.next else "",
        "previous": f"{here}?cursor={late.previous}" if late.previous else "",
        "trail": [
            ("Scorecards", reverse("catalog:scorecards")),
            ("Campaigns", reverse("catalog:campaigns")),
            (row.name, ""),
        ],
    }
    return render(request, "catalog/campaigns/campaign.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Begin one."""
    require_admin(actor_of(request))
    form = CampaignForm(request.POST or None)
    if form.is_valid():
        try:
            row = begin_campaign(spec=CampaignSpec(**form.said()), actor=actor_of(request), now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, f"{row.name} has begun.")
            return redirect(row)
    return _form(request, form, "New campaign", "Begin", reverse("catalog:campaigns"))


@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is asked for."""
    require_admin(actor_of(request))
    row = campaign_by_id(pk)
    form = CampaignForm(request.POST or None, spec=campaign_spec(row))
    if form.is_valid():
        try:
            change_campaign(campaign_id=pk, changes=form.said(), actor=actor_of(request), now=db_now())
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "Saved.")
            return redirect(row)
    return _form(request, form, f"Change {row.name}", "Save", row.get_absolute_url())


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Call it off, or done."""
    row = end_campaign(campaign_id=pk, actor=actor_of(request), now=db_now())
    messages.success(request, f"{row.name} has ended.")
    return redirect(row)


@readable
def of_component(request: HttpRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """One component's scorecard: every check as asked now, what failed first, and how its level went."""
    component, now = queries.component_by_ref(f"{kind}:{namespace}/{name}"), db_now()
    card = scorecard.judge([component], now=now)[component.pk]
    context = {
        "now": now,
        "component": component,
        "card": card,
        "lines": sorted(card.lines, key=lambda line: (False, None, True).index(line.verdict.outcome)),
        "level": Score.Level(card.sum.level),
        "chart": levels_of(steps_of(component, now=now), today=now.date()),
        "trail": trail_of(component, "Scorecard"),
    }
    return render(request, "catalog/component_scorecard.html", context)


def asked_of(row: Campaign) -> str:
    """Which components, in words: `tier 1, service, of Build & CI`."""
    teams = dict(Team.objects.filter(ref__in=row.teams).values_list("ref", "title")) if row.teams else {}
    parts = [
        " or ".join(f"tier {tier}" for tier in row.tiers),
        " or ".join(row.types),
        "of " + " or ".join(teams.get(ref) or ref.rpartition("/")[2] for ref in row.teams) if row.teams else "",
    ]
    return ", ".join(part for part in parts if part) or "every component"


def _levels_up_to(row: Campaign) -> tuple[str, ...]:
    return LEVELS[: row.level]


def _missing(score: Score, wanted: set[str]) -> list[tuple[str, bool, object]]:
    """Titles of the checks it does not pass on the way there, whether that is merely unknown, and why."""
    known = scorecard.checks()
    return [
        (known[key].title, outcome is None, reason)
        for key, (outcome, reason) in score.answers.items()
        if key in wanted and outcome is not True
    ]


def _admin(request: HttpRequest) -> bool:
    person = getattr(request.user, "person", None)
    return person is not None and person.platform_admin


def _form(request: HttpRequest, form: CampaignForm, title: str, action: str, back: str) -> HttpResponse:
    trail: Sequence[tuple[str, str]] = [
        ("Scorecards", reverse("catalog:scorecards")),
        ("Campaigns", reverse("catalog:campaigns")),
        (title, ""),
    ]
    context = {"form": form, "trail": trail, "title": title, "action": action, "back": back}
    return render(request, "catalog/form.html", context, status=400 if form.errors else 200)


urlpatterns: list[URLPattern] = [
    path("scorecards/campaigns", listing, name="campaigns"),
    path("scorecards/campaigns/new", new, name="new-campaign"),
    path("scorecards/campaigns/<int:pk>", show, name="campaign"),
    path("scorecards/campaigns/<int:pk>/edit", change, name="change-campaign"),
    path("scorecards/campaigns/<int:pk>/end", end, name="end-campaign"),
    path("components/<str:kind>/<str:namespace>/<str:name>/scorecard", of_component, name="component-scorecard"),
]
