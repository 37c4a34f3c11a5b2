"""Rule 11: what a pushgateway repeats can't be counted, and is refused with the reason."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.access import Actor
from portal.lib.errors import Invalid
from slo.drafts import ObjectiveDraft
from slo.models import Objective
from slo.operations.objectives import save_objective
from tests import make, make_slo
from tests.fakes.prometheus import RunningPrometheus, needs_prometheus
from tests.slo.tsdb import prometheus_with

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]

HONORED = 'job="nightly",instance=""'
"""A pushed group whose labels the scrape honors."""
EXPORTED = 'job="gateway",instance="gateway:9091",exported_job="backup"'
"""One whose labels it doesn't; the gateway's own have its job and instance too."""
OWN = 'job="gateway",instance="gateway:9091"'
SCRAPED = 'job="ci",instance="runner:9100"'
NAMESAKE = 'job="nightly",instance="runner:9100"'
"""Scraped, of a job that something else is pushed under."""


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Iterator[RunningPrometheus]:
    times = [int(now.timestamp()) - back for back in range(600, -1, -15)]
    series = {
        f"{metric}{{{labels}}}": [(at, float(number)) for number, at in enumerate(times)]
        for metric, labels in (
            ("backups_total", HONORED), ("push_time_seconds", HONORED), ("copies_total", EXPORTED),
            ("push_time_seconds", EXPORTED), ("requests_total", OWN), ("jobs_total", SCRAPED),
            ("scans_total", NAMESAKE),
            ("copy_seconds_bucket", f'{EXPORTED},le="0.5"'), ("copy_seconds_bucket", f'{EXPORTED},le="+Inf"'),
        )
    }  # fmt: skip
    with prometheus_with(tmp_path_factory.mktemp("pushed") / "prometheus", series) as running:
        yield running


def _save(source_url: str, now: datetime, type: str, indicator: dict[str, str]) -> None:
    component = make.component("ci")
    make_slo.source(source_url, name="pushed", is_default=True)
    make_slo.policy()
    draft = ObjectiveDraft(
        name="backups", component=component.ref, type=type, target=Decimal("0.9"), indicator=indicator
    )  # fmt: skip
    save_objective(draft=draft, actor=Actor(system="test"), now=now)


@pytest.mark.parametrize(
    ("type", "indicator", "field"),
    [
        ("events", {"bad": "backups_total", "good": "jobs_total"}, "indicator.bad"),
        ("events", {"good": "copies_total", "bad": "jobs_total"}, "indicator.good"),
        ("latency", {"histogram": "copy_seconds", "threshold": "0.5"}, "indicator.histogram"),
    ],
)
def test_what_was_pushed_is_refused_with_the_way_out(
    pushed: RunningPrometheus, now: datetime, type: str, indicator: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _save(pushed.url, now, type, indicator)
    (error,) = refused.value.errors
    assert (error.field, error.code) == (field, "pushed")
    assert "comes from a pushgateway" in error.message
    assert "use the type promql" in error.message
    assert not Objective.objects.exists()


@pytest.mark.parametrize(
    ("type", "indicator"),
    [
        ("events", {"good": "jobs_total", "bad": "requests_total"}),  # the gateway's own counters are scraped
        ("events", {"good": "jobs_total", "bad": "scans_total"}),
        ("promql", {"good": "sum(increase(copies_total[$window]))", "total": "sum(increase(copies_total[$window]))"}),
    ],
)
def test_what_was_scraped_is_not_and_promql_may_ask_anything(
    pushed: RunningPrometheus, now: datetime, type: str, indicator: dict[str, str]
) -> None:
    _save(pushed.url, now, type, indicator)
    assert Objective.objects.get().name == "backups"
