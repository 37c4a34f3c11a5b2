"""What a data source says of a draft before it is saved."""

from datetime import datetime

from portal.lib.crypto import CannotUnseal
from portal.lib.errors import FieldError, Invalid
from slo.drafts import ObjectiveDraft, metrics
from slo.indicators import kinds
from slo.models import DataSource
from slo.plausible import exceeds, missing_bucket, pushed
from slo.prometheus import Prometheus, PrometheusError
from slo.promql import render
from slo.sources import client

LOOKED_BACK = 86_400.0
"""How far back a source is asked which buckets a histogram has, seconds."""


def absent(draft: ObjectiveDraft, source: DataSource | None, now: datetime) -> tuple[str, ...]:
    """Warnings about metrics that the source does not have now. A source that can't be asked is one warning.

    Raises Invalid where a threshold is none of its histogram's buckets, a part is more than the whole, or series were
    pushed rather than scraped.
    """
    if source is None:
        return ()
    try:
        return asked(draft, source, now)
    except (PrometheusError, CannotUnseal) as error:
        return (unasked(source, error),)


def unasked(source: DataSource, error: Exception) -> str:
    """The warning where the source can't be asked."""
    return f"{source.name} could not be asked whether the metrics are there: {error}"


def asked(draft: ObjectiveDraft, source: DataSource, now: datetime) -> tuple[str, ...]:
    """As `absent`. Raises PrometheusError and CannotUnseal as well."""
    known = client(source)
    absent = [metric for metric in metrics(draft) if not known.has_metric(metric, at=now.timestamp())]
    if not absent:
        _check_pushed(draft, known, now)
    if draft.type == "latency" and not absent:
        _check_threshold(draft, known, now)
    if draft.type == "events" and not absent:
        _check_parts(draft, known, now)
    return tuple(f"{source.name} has no {metric} yet; the objective has no data until it appears." for metric in absent)


def _check_pushed(draft: ObjectiveDraft, known: Prometheus, now: datetime) -> None:
    """What was pushed can't be counted (rule 11)."""
    side, words = pushed(known, kinds[draft.type].selectors(draft.indicator), at=now.timestamp())
    if words:
        key = "histogram" if draft.type == "latency" else side
        raise Invalid(f"indicator.{key}: {words}", errors=(FieldError(f"indicator.{key}", "pushed", words),))


def _check_parts(draft: ObjectiveDraft, known: Prometheus, now: datetime) -> None:
    """Good or bad events are a part of all: in the last hour there can't have been more of them."""
    selectors = kinds["events"].selectors(draft.indicator)
    part = next((side for side in ("good", "bad") if side in selectors and "total" in selectors), None)
    if part is None:
        return
    counted = []
    for side in (part, "total"):
        query = f"sum(increase({render(selectors[side], range_s=3600)}))"
        series = known.instant(query, at=now.timestamp()).series
        counted.append(float(series[0].samples[0][1]) if series else 0.0)
    if exceeds(*counted):
        words = (
            f"in the last hour {counted[0]:,.0f} events were {part}, of {counted[1]:,.0f} in all;"
            f" {part} must select a part of what total selects"
        )
        raise Invalid(f"indicator.{part}: {words}", errors=(FieldError(f"indicator.{part}", "exceeds_total", words),))


def _check_threshold(draft: ObjectiveDraft, known: Prometheus, now: datetime) -> None:
    """Only what is a bucket can be counted; those that there are, are named."""
    selectors, at = kinds["latency"].selectors(draft.indicator), now.timestamp()
    missing = missing_bucket(known, selectors, start=at - LOOKED_BACK, end=at)
    if missing:
        metric = selectors["total"].metric
        words = f"{missing.threshold:g} is none of the buckets of {metric}; use one of {missing.there}"
        raise Invalid(f"indicator.threshold: {words}", errors=(FieldError("indicator.threshold", "bucket", words),))
