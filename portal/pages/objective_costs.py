"""What spent an objective's budget, as the objective's page shows it and as CSV."""

import csv
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from incidents.views.listing import harmless
from portal.lib.clock import now_of
from portal.lib.reading import readable
from slo.models import Objective
from slo.queries import costs

SHOWN = 12
HEAD = ("incident", "severity", "title", "from", "to", "bad", "total", "share_of_budget")


def listed(spent: costs.Costs, request: HttpRequest) -> dict[str, Any]:
    """The dearest dozen, or all with `?costs=all`; how many are left out, and what they spent together."""
    shown = spent.costs if request.GET.get("costs") == "all" else spent.costs[:SHOWN]
    rest = spent.costs[len(shown) :]
    shares = [one.share for one in rest if one.known and one.share is not None]
    return {"costs_shown": shown, "costs_more": len(rest), "costs_more_share": sum(shares) if shares else None}


@readable
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """All incidents of the period with what they spent, and what is unexplained, as CSV."""
    related = ("definition__component", "policy", "standing", "ledger")
    objective = get_object_or_404(Objective.objects.select_related(*related), pk=pk)
    spent = costs.of_objective(objective, now=now_of(request))
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="costs-{objective.pk}.csv"'
    sheet = csv.writer(answer)
    sheet.writerow(HEAD)
    for one in spent.costs:
        held = [one.bad, one.total, one.share] if one.known else ["", "", ""]
        about = [one.happening.label, f"P{one.happening.severity}", harmless(one.happening.title)]
        sheet.writerow([*about, one.start.isoformat(), one.end.isoformat(), *held])
    period = [spent.period_start.isoformat(), spent.until.isoformat()]
    sheet.writerow(["unexplained", "", "", *period, spent.unexplained, "", spent.unexplained_share])
    return answer
