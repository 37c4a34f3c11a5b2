"""What a data source says of a draft before it is saved."""

from datetime import datetime

from portal.lib.errors import FieldError, Invalid
from slo.drafts import ObjectiveDraft, metrics
from slo.indicators import kinds
from slo.models import DataSource
from slo.plausible import exceeds, missing_bucket
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
        known = client(source)
        absent = [metric for metric in metrics(draft) if not known.has_metric(metric, at=now.timestamp())]
        if not absent:
            _check_pushed(draft, known, now)
        if draft.type == "latency" and not absent:
            _check_threshold(draft, known, now)
        if draft.type == "events" and not absent:
            _check_parts(draft, known, now)
    except PrometheusError as error:
        return (f"{source.name} could not be asked whether the metrics are there: {error}",)
    return tuple(f"{source.name} has no {metric} yet; the objective has no data until it appears." for metric in absent)


def _check_pushed(draft: ObjectiveDraft, known: Prometheus, now: datetime) -> None:
    """A pushgateway repeats the last value it was given: what lies between two pushes can't be counted (rule 11).

    Its groups carry `push_time_seconds` with their own labels. Where the scrape doesn't honor those, they are the
    `exported_` ones, by which what is pushed is told from the gateway's own counters.
    """
    for side, selector in kinds[draft.type].selectors(draft.indicator).items():
        labels = "job, instance, exported_job, exported_instance"
        query = f"count({render(selector)} and on ({labels}) push_time_seconds)"
        if known.instant(query, at=now.timestamp()).series:
            key = "histogram" if draft.type == "latency" else side
            words = (
                f"{selector.metric} comes from a pushgateway, which repeats the last value it was given, so its events"
                " can't be counted exactly; let the exporter be scraped, or use the type promql"
            )
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
