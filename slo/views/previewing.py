"""What a preview shows: figures, two charts, the alerts that would have come, and everything that is odd."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from portal.lib import words
from portal.lib.durations import words as lasting
from slo import charts
from slo.backtest import Alert
from slo.drafts import ObjectiveDraft
from slo.indicators import kinds
from slo.models import DataSource
from slo.queries.preview import REACH, Preview

FEW = 10


def shown(found: Preview, *, draft: ObjectiveDraft, source: DataSource | None, now: datetime) -> dict[str, Any]:
    """The context of the preview's part."""
    after = found.outage_pages_after
    return {
        "now": now,
        "preview": found,
        "source": source,
        "grouped": bool(draft.group_by),
        "target": draft.target,
        "unit": "minutes" if kinds[draft.type].sliced else "events",
        "total": _counted(found.total),
        "bad": None if found.total is None or found.good is None else _counted(max(0.0, found.total - found.good)),
        "remembered": None if found.since is None else found.until - found.since,
        "whole": found.since is not None and found.since <= found.until - REACH + timedelta(minutes=5),
        "after": None if after is None else lasting(after),
        "offer_outage": found.pages_late and draft.policy != "workbook-outage",
        "lines": [_line(one, found.until) for one in found.alerts],
        **(_charts(found, draft, now=now) if found.total else {}),
    }


def _counted(events: float | None) -> float | None:
    """What `increase()` reckons, in whole events; a few are left as they are, so that a part of one is not nothing."""
    return events if events is None or events < FEW else float(round(events))


def _line(alert: Alert, until: datetime) -> tuple[Alert, timedelta, str]:
    rules = ", ".join(dict.fromkeys(firing.title for firing in alert.firings))
    return alert, (alert.end or until) - alert.start, rules


def _charts(found: Preview, draft: ObjectiveDraft, *, now: datetime) -> dict[str, Any]:
    known = [(timezone.localtime(hour.start), hour) for hour in found.hours]
    share = [(at, hour.good / hour.total if hour.total and hour.good is not None else None) for at, hour in known]
    bad = [(at, None if hour.bad is None else max(0.0, hour.bad)) for at, hour in known]
    rows = [
        [f"{at:%-d %b %H:%M}", words.fixed(hour.total or 0, 0), words.fixed(max(0.0, hour.bad or 0.0), 0)]
        for at, hour in known
        if hour.total is not None
    ]
    start = timezone.localtime(found.until - REACH)
    spans = [
        (name, role, [_span(one, found.until) for one in found.alerts if one.severity == severity])
        for name, role, severity in (("Pages", "bad", "page"), ("Tickets", "main", "ticket"))
    ]
    goal = f"goal {words.fixed(float(draft.target) * 100, 3).rstrip('0').rstrip('.')} %"
    return {
        "zone": timezone.localtime(now).tzname() or "UTC",
        "share_chart": charts.shares(share, goal=float(draft.target), words=goal),
        "bad_chart": charts.columns(bad, name="bad", role="bad"),
        "hours_table": {"head": ["Hour", "All", "Bad"], "rows": rows},
        "alert_chart": charts.timelines(spans, start=start, end=timezone.localtime(found.until))
        if found.alerts
        else None,
    }


def _span(alert: Alert, until: datetime) -> tuple[datetime, datetime, str]:
    return timezone.localtime(alert.start), timezone.localtime(alert.end or until), alert.severity
