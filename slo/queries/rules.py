"""Objectives as Prometheus rules."""

from collections.abc import Iterator

from django.db.models import QuerySet

from portal.lib.conf import base_url
from portal.lib.errors import Expected
from slo.models import Objective
from slo.promises import promise
from slo.rules import NotInPrometheus, Watched, group, rule_file
from slo.windows import parse_rules

CHUNK = 500


class NoRules(Expected):
    """The objective can't be said as Prometheus rules."""


def rules_of(objective: Objective) -> Iterator[str]:
    """A rule file of one objective. Raises NoRules."""
    one = watched(objective)
    try:
        group(one)
    except NotInPrometheus as reason:
        raise NoRules(str(reason)) from reason
    return rule_file([one])


def all_rules(*, team: str = "") -> Iterator[str]:
    """A rule file of all objectives, or of those of a team (by its reference), in parts."""
    return rule_file(watched(one) for one in _live(team).iterator(chunk_size=CHUNK))


def _live(team: str) -> QuerySet[Objective]:
    rows = Objective.objects.filter(retired_at=None, parent=None).order_by("name")
    rows = rows.select_related("definition__component__owner", "policy")
    return rows.filter(definition__component__owner__ref=team) if team else rows


def watched(objective: Objective) -> Watched:
    """What the rules of `objective` are made of."""
    definition, component = objective.definition, objective.definition.component
    promised = promise(
        rules=parse_rules(objective.policy.rules),
        window_days=objective.window_days,
        calendar=objective.calendar,
        time_zone=objective.time_zone,
        target=objective.target,
    )
    links = {"objective_url": f"{base_url()}{objective.get_absolute_url()}", "runbook_url": component.runbook}
    return Watched(
        name=objective.name,
        title=objective.title,
        type=definition.type,
        indicator=definition.indicator,
        target=objective.target,
        windows=promised.windows,
        slice_length=definition.slice_length,
        no_data=definition.no_data,
        group_by=tuple(definition.group_by),
        labels={"component": component.ref, **({"team": component.owner.ref} if component.owner else {})},
        annotations={key: url for key, url in links.items() if url},
    )
