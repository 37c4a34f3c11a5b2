"""Alert policies: what each rule asks for, and how long a total outage lasts before anybody is paged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from portal.lib.errors import Missing
from slo.models import AlertPolicy
from slo.windows import LATE_PAGE, BurnWindow, Period, burn_windows, outage_pages_after, parse_rules

EXAMPLE = Decimal("0.999")
MONTH = Period(days=30)
TARGETS = tuple(Decimal(text) for text in ("0.9", "0.95", "0.98", "0.99", "0.995", "0.999", "0.9999"))


class NoSuchPolicy(Missing):
    """There is no alert policy of that name."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule at 30 days and 99.9 %: its windows, its factor, and how long a total outage lasts until it fires."""

    window: BurnWindow
    factor: float
    outage_after: timedelta
    asks_for: str
    """As it was written: `2 % of the budget`, `14.4×`, or `over 90 % bad`."""


@dataclass(frozen=True, slots=True)
class Outage:
    """How long a total outage of an objective with this target lasts until somebody is paged; None: nobody is."""

    target: Decimal
    after: timedelta | None
    lowered: bool = False
    """A rule asks for more than a total outage of it can give, and is lowered."""

    @property
    def late(self) -> bool:
        """Whether that is too long."""
        return self.after is None or self.after > LATE_PAGE


def alert_policies() -> QuerySet[AlertPolicy]:
    """All policies by name, each with how many objectives are judged by it as `used`."""
    used = Count("objectives", filter=Q(objectives__retired_at=None, objectives__parent=None))
    return AlertPolicy.objects.annotate(used=used).order_by("name")


def alert_policy(name: str) -> AlertPolicy:
    """One of them. Raises NoSuchPolicy."""
    found = alert_policies().filter(name=name).first()
    if found is None:
        raise NoSuchPolicy(f"There is no alert policy {name}.")
    return found


def rules_shown(policy: AlertPolicy) -> list[RuleRow]:
    """Its rules, as for an objective of 99.9 % over 30 days."""
    windows = burn_windows(parse_rules(policy.rules), period=MONTH, target=EXAMPLE)
    return [
        RuleRow(one, float(one.factor), _whole(one.long * float(one.limit)), _asked(one)) for one in windows
    ]  # fmt: skip


def outages(policy: AlertPolicy, targets: Sequence[Decimal] = TARGETS) -> list[Outage]:
    """By target, over 30 days."""
    rules = parse_rules(policy.rules)
    found = [(one, burn_windows(rules, period=MONTH, target=one)) for one in targets]
    return [Outage(one, outage_pages_after(windows), any(w.capped for w in windows)) for one, windows in found]


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=round(length.total_seconds()))


def _asked(window: BurnWindow) -> str:
    rule = window.rule
    if rule.fraction is not None:
        return f"{float(rule.fraction) * 100:g} % of the budget"
    if rule.factor is not None:
        return f"a burn of {float(rule.factor):g}×"
    return f"over {float(rule.ratio or 0) * 100:g} % bad"
