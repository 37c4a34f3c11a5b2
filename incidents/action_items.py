"""Action items where others show them: on a team's page, and as a check of scorecards."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from catalog.models import Component, Team
from catalog.registries import ScorecardCheck, Verdict
from incidents.item_lines import lines
from incidents.queries import reviews as queries
from portal.lib import words

SHOWN = 5
FINE = Verdict(True, "nothing is overdue")


def of_team(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """The team's open items, the first due first."""
    found = queries.items_of_team(team, most=SHOWN, now=now)
    shown = lines(found.first, now=now)
    return {"team": team, "items": shown, "count": found.count, "late": found.late, "now": now}


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
