"""Action items where others show them: on a team's page, on an objective's, and as a check of scorecards."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from catalog.models import Component, Team
from catalog.registries import ScorecardCheck, Verdict
from incidents.item_lines import lines
from incidents.outcomes import outcomes_of
from incidents.queries import reviews as queries
from portal.lib import words
from slo.models import Objective

SHOWN = 5
FINE = Verdict(True, "nothing is overdue")


def of_team(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """The team's open items, the first due first."""
    found = queries.items_of_team(team, most=SHOWN, now=now)
    shown = lines(found.first, now=now)
    return {"team": team, "items": shown, "count": found.count, "late": found.late, "now": now}


def of_objective(objective: Objective, *, now: datetime) -> Mapping[str, object]:
    """What is to help it, and what did with what came after: open ones first, the first due first, then the newest."""
    found = queries.items_helping(objective, most=SHOWN)
    shown = lines(found, now=now, outcomes=outcomes_of(found, now=now, helping=[objective]))
    return {"objective": objective, "items": shown, "full": len(found) >= SHOWN, "now": now}


def none_overdue(components: Sequence[Component], now: datetime) -> Mapping[int, Verdict]:
    """No action item about the component is overdue."""
    late = queries.overdue_of(components, now=now)
    return {one.pk: _late(one, late[one.pk]) if one.pk in late else FINE for one in components}


def _fix(component: Component) -> str:
    return f"{reverse('incidents:action-items')}?view=overdue&component={component.ref}"


def _late(component: Component, count: int) -> Verdict:
    said = words.plural(count, "action item is", "action items are")
    return Verdict(False, f"{said} overdue.", _fix(component))


CHECK = ScorecardCheck("No overdue action items", "silver", none_overdue, kept_fix=_fix)
