"""Integrations with how they do, and deliveries with what became of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from incidents.models import Delivery, Integration
from portal.lib.errors import Missing

LATELY = timedelta(days=1)
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "opened": ("Opened an incident", "opened "),
    "joined": ("Joined an incident", "joined "),
    "reopened": ("Reopened an incident", "reopened "),
    "symptom": ("A symptom of another", "a symptom of "),
    "repeated": ("Seen again", "seen again"),
    "copy": ("Counted once", "the same was sent"),
    "cleared": ("Cleared", "cleared"),
    "acknowledged": ("Acknowledged", "acknowledged"),
    "nothing": ("Nothing was open", "nothing was open"),
    "failed": ("Tried again later", "tried again later"),
}
"""By key: for people, and how the outcome begins."""


class NoSuchIntegration(Missing):
    """There is no such integration."""


class NoSuchDelivery(Missing):
    """There is no such delivery; they are kept for a while only."""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; what is empty is not asked."""

    integration: int | None = None
    state: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def any(self) -> bool:
        """Whether it leaves anything out."""
        return self != DeliveryFilter()


@dataclass(frozen=True, slots=True)
class Parts:
    """What became of the alerts of a request with many."""

    total: int
    waiting: int
    rejected: int
    outcome: str
    incident: int | None
    title: str | None = None
    """What that incident is called, where it is the only one."""

    @property
    def words(self) -> str:
        """One alert's own outcome; of many, what is not settled well."""
        if self.total == 1:
            return self.outcome
        told = [f"{self.waiting} waiting"] if self.waiting else []
        return ", ".join([*told, *([f"{self.rejected} rejected"] if self.rejected else [])])


def integrations(*, team: str = "", kind: str = "", retired: bool = False) -> QuerySet[Integration]:
    """By name, with their teams."""
    rows = Integration.objects.select_related("team", "heartbeat").filter(retired_at__isnull=not retired)
    if team:
        rows = rows.filter(team__ref=team)
    return rows.filter(kind=kind) if kind else rows


def integration_by_id(pk: int) -> Integration:
    """Raises NoSuchIntegration."""
    found = Integration.objects.select_related("team", "created_by", "heartbeat").filter(pk=pk).first()
    if found is None:
        raise NoSuchIntegration
    return found


@dataclass(frozen=True, slots=True)
class Traffic:
    """What an integration sent lately: requests in the last day, refused ones among them, and when its key was used."""

    requests: int = 0
    rejected: int = 0
    used_at: datetime | None = None


def traffic(pks: Collection[int], *, now: datetime) -> dict[int, Traffic]:
    """By integration, for a page of them."""
    sent = (
        Delivery.objects.filter(integration__in=pks, received_at__gt=now - LATELY, part_of=None)
        .order_by()
        .values("integration_id")
        .annotate(requests=Count("pk"), rejected=Count("pk", filter=Q(state=Delivery.State.REJECTED)))
    )
    counted: dict[int | None, tuple[int, int]] = {
        row["integration_id"]: (row["requests"], row["rejected"]) for row in sent
    }
    used = Integration.objects.filter(pk__in=pks).order_by().annotate(used=Max("keys__last_used_at"))
    return {pk: Traffic(*counted.get(pk, (0, 0)), used_at=at) for pk, at in used.values_list("pk", "used")}


def deliveries(wanted: DeliveryFilter) -> QuerySet[Delivery]:
    """Requests (not their parts), newest first by `-received_at`, `-pk`; those of which any part fits a filter too."""
    rows = Delivery.objects.select_related("integration", "token", "alert__incident").filter(part_of=None)
    if wanted.integration is not None:
        rows = rows.filter(integration=wanted.integration)
    if wanted.since:
        rows = rows.filter(received_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(received_at__lt=wanted.until)
    parts = Delivery.objects.filter(part_of=OuterRef("pk"))
    if wanted.state:
        rows = rows.filter(Q(state=wanted.state) | Exists(parts.filter(state=wanted.state)))
    if wanted.outcome:
        begins = Q(outcome__startswith=OUTCOMES[wanted.outcome][1])
        rows = rows.filter(begins | Exists(parts.filter(begins)))
    return rows


def delivery_by_id(pk: int) -> Delivery:
    """Raises NoSuchDelivery."""
    rows = Delivery.objects.select_related("integration__team", "token", "alert__incident", "part_of", "replay_of")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NoSuchDelivery
    return found


def parts_of(delivery: Delivery) -> QuerySet[Delivery]:
    """Its alerts in their order."""
    return delivery.parts.select_related("alert__incident").defer("raw", "body")


def parts_told(pks: Collection[int]) -> dict[int, Parts]:
    """Of a page of deliveries, those that have parts."""
    rows = (
        Delivery.objects.filter(part_of__in=pks)
        .order_by()
        .values("part_of")
        .annotate(
            total=Count("pk"),
            waiting=Count("pk", filter=Q(state=Delivery.State.STORED)),
            rejected=Count("pk", filter=Q(state=Delivery.State.REJECTED)),
            first=Min("outcome"),
            incident=Min("alert__incident_id"),
            title=Min("alert__incident__title"),
        )
    )
    told: dict[int, Parts] = {
        row["part_of"] or 0: Parts(
            row["total"],
            row["waiting"],
            row["rejected"],
            row["first"],
            row["incident"],
            row["title"] if row["total"] == 1 else None,
        )
        for row in rows
    }
    return told
