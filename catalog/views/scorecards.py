"""Scorecards of the fleet: how many components reach which level, what they fail, how that went, and which they are."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from catalog import queries, scorecard
from catalog.drawn import trend_of
from catalog.filters import LEVEL_NAMES, score_filter
from catalog.models import Component, Score, Team
from catalog.queries import SCORE_SORTS, TEAM_SORTS, ScoreFilter, Told
from catalog.registries import ScorecardCheck
from portal.lib.clock import db_now
from portal.lib.reading import readable

SIZE = 50
TEAMS = 20
TEAM_COLUMNS = (("name", "Team"), ("scored", "Components"), ("gold", "Gold"), ("none", "No level"))
COLUMNS = (("level", "Level"), ("failed", "Not met"))
TONES = {0: "unranked", 1: "bronze", 2: "silver", 3: "gold"}


@readable
def show(request: HttpRequest) -> HttpResponse:
    """Levels, checks, trend and teams; every filter is in the address."""
    now, wanted = db_now(), score_filter(request.GET)
    fleet = queries.fleet(wanted)
    sort = request.GET.get("sort", "") if request.GET.get("sort") in TEAM_SORTS else "none"
    teams = queries.page(
        queries.team_scores(wanted), TEAM_SORTS[sort], cursor=request.GET.get("cursor", ""), size=TEAMS
    )
    one = Team.objects.filter(ref=wanted.team[0]).first() if len(wanted.team) == 1 else None
    context = {
        **_frame(request, wanted),
        "now": now,
        "fleet": fleet,
        "levels": _levels(request.GET, fleet.levels),
        "parts": [(TONES[level], n, f"{Score.Level(level).label}: {n}") for level, n in enumerate(fleet.levels)][::-1],
        "checks": _checks(request.GET, fleet.checks),
        "teams": [(team, _parts(team)) for team in teams.rows],
        "sort": sort,
        "columns": _columns(request.GET, "catalog:scorecards", TEAM_COLUMNS),
        "trend": trend_of(queries.trend(one, now=now)) if not _narrowed(wanted) else None,
        "trend_of": one,
        "next": _address("catalog:scorecards", request.GET, cursor=teams.next) if teams.next else "",
        "previous": _address("catalog:scorecards", request.GET, cursor=teams.previous) if teams.previous else "",
    }
    return render(request, "catalog/scorecards.html", context)


@readable
def components(request: HttpRequest) -> HttpResponse:
    """The components behind the sums."""
    now, wanted = db_now(), score_filter(request.GET)
    sort = request.GET.get("sort", "") if request.GET.get("sort") in SCORE_SORTS else "level"
    rows, order = queries.scores(wanted), SCORE_SORTS[sort]
    page = queries.page(rows, order, cursor=request.GET.get("cursor", ""), size=SIZE)
    known = scorecard.checks()
    context = {
        **_frame(request, wanted),
        "now": now,
        "rows": [
            (score, Score.Level(score.level), score.passed + score.failed + score.unknown, _missing(score, known))
            for score in page.rows
        ],
        "sort": sort,
        "columns": _columns(request.GET, "catalog:scored-components", COLUMNS),
        "next": _address("catalog:scored-components", request.GET, cursor=page.next) if page.next else "",
        "previous": _address("catalog:scored-components", request.GET, cursor=page.previous) if page.previous else "",
    }
    return render(request, "catalog/scored_components.html", context)


def _frame(request: HttpRequest, wanted: ScoreFilter) -> dict[str, object]:
    """What both pages share: filters and tabs."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    tabs = [
        {"title": title, "url": _address(name, request.GET, sort="", cursor=""), "count": None, "active": name == here}
        for title, name in (("Overview", "catalog:scorecards"), ("Components", "catalog:scored-components"))
    ]
    tabs.append({"title": "Campaigns", "url": reverse("catalog:campaigns"), "count": None, "active": False})
    return {
        "wanted": wanted,
        "tabs": tabs,
        "all": reverse(here) if here else "",
        "level_choices": [(name, Score.Level(n).label, n in wanted.level) for n, name in enumerate(LEVEL_NAMES)],
        "tier_choices": [(tier.value, f"Tier {tier.value}", tier.value in wanted.tier) for tier in Component.Tier],
        "type_choices": Component.objects.filter(retired_at=None).order_by("type").values_list("type", flat=True)
        .exclude(type="").distinct()[:100],
        "check_title": scorecard.checks()[wanted.check].title if wanted.check else "",
        "team": wanted.team[0].rpartition("/")[2] if len(wanted.team) == 1 else "",
    }  # fmt: skip


def _columns(query: QueryDict, name: str, columns: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Heads that sort."""
    return [(key, title, _address(name, query, sort=key, cursor="")) for key, title in columns]


def _levels(query: QueryDict, levels: Sequence[int]) -> list[tuple[Score.Level, int, str]]:
    """Highest first, each with the way to its components."""
    return [
        (
            level,
            levels[level],
            _address("catalog:scored-components", query, level=LEVEL_NAMES[level], cursor="", sort=""),
        )
        for level in reversed(Score.Level)
    ]


def _checks(query: QueryDict, told: Mapping[str, Told]) -> list[dict[str, object]]:
    """Every registered check, those most components fail first within a level."""
    found = []
    for key, check in scorecard.checks().items():
        one = told.get(key, Told())
        failed = _address("catalog:scored-components", query, check=key, outcome="failed", cursor="", sort="")
        unknown = _address("catalog:scored-components", query, check=key, outcome="unknown", cursor="", sort="")
        parts = [("good", one.passed, "met"), ("bad", one.failed, "not met"), ("none", one.unknown, "unknown")]
        found.append({"check": check, "told": one, "failed": failed, "unknown": unknown, "parts": parts})
    return found


def _parts(team: Team) -> list[tuple[str, int, str]]:
    counts = [(level, getattr(team, name)) for level, name in enumerate(LEVEL_NAMES)]
    return [(TONES[level], n, f"{Score.Level(level).label}: {n}") for level, n in counts][::-1]


def _missing(score: Score, known: Mapping[str, ScorecardCheck]) -> list[tuple[str, bool]]:
    """Titles of what a component does not pass, and whether that is merely unknown."""
    return [
        (known[key].title, outcome is None)
        for key, (outcome, _) in score.answers.items()
        if outcome is not True and key in known
    ]


def _narrowed(wanted: ScoreFilter) -> bool:
    """Whether the day's sums, which are of teams and of all, don't answer for it."""
    return bool(wanted.tier or wanted.type or wanted.level or wanted.check or len(wanted.team) > 1)


def _address(name: str, query: QueryDict, **change: str) -> str:
    view = query.copy()
    for key, value in change.items():
        view.pop(key, None)
        if value:
            view[key] = value
    return reverse(name) + (f"?{view.urlencode()}" if view else "")
