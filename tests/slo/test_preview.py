"""What an objective would say before it is saved, against a real Prometheus with a past."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import Component, Team
from portal.lib.errors import Invalid
from slo.drafts import ObjectiveDraft
from slo.models import Objective
from slo.operations import save_objective
from slo.queries.preview import Preview, preview
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import OUTAGE, Past

pytestmark = pytest.mark.django_db


def draft(**fields: Any) -> ObjectiveDraft:
    """Jobs of the pool `broken` succeed."""
    chosen: dict[str, Any] = {
        "name": "jobs", "component": "component:default/ci", "type": "events", "target": Decimal("0.99"),
        "indicator": {"bad": 'jobs_total{pool="broken",result="bad"}', "total": 'jobs_total{pool="broken"}'},
    }  # fmt: skip
    return ObjectiveDraft(**{**chosen, **fields})


def look(past: Past, wanted: ObjectiveDraft, minute: int = 200, url: str = "") -> Preview:
    """The preview at a minute of the past."""
    source = make_slo.source(url or past.url)
    return preview(wanted, source=source, policy=make_slo.policy(), component_id=1, now=past.at(minute))


@pytest.mark.live
@needs_prometheus
class TestAgainstAPast:
    """Real answers."""

    def test_budget_and_alerts_are_about_what_really_happened(self, past: Past) -> None:
        found = look(past, draft())
        assert found.error == ""
        assert found.series == 2
        assert not found.crowded
        assert found.since == past.at(0)
        assert found.total == pytest.approx(2000, rel=0.1)
        bad = 200 / 2000
        assert found.remaining == pytest.approx(1 - bad / 0.01, abs=1.5)
        pages = [one for one in found.alerts if one.severity == "page"]
        assert len(pages) == 1
        assert past.at(OUTAGE.start) < pages[0].start <= past.at(OUTAGE.start + 15)
        assert len(found.hours) >= 7 * 24
        known = [hour for hour in found.hours if hour.total]
        assert sum(hour.bad or 0 for hour in known) == pytest.approx(200, rel=0.2)
        assert found.warnings == ()

    def test_uptime_latency_and_promql_have_previews_too(self, past: Past) -> None:
        up = draft(
            type="uptime", budgeting="timeslices",
            indicator={"query": 'probe_up{instance="broken:9100"}', "condition": ">= 1"},
        )  # fmt: skip
        found = look(past, up)
        assert found.total is not None
        assert found.good is not None
        assert found.total - found.good == pytest.approx(len(OUTAGE), abs=5)
        fast = draft(type="latency", indicator={"histogram": "job_seconds", "threshold": "0.5"})
        assert look(past, fast).current == pytest.approx(0.7, abs=0.01)
        ok, every = (f'sum(rate(jobs_total{{pool="steady"{more}}}[$window]))' for more in (',result="ok"', ""))
        ratio = draft(type="promql", indicator={"ratio": f"{ok} / {every}"})
        assert look(past, ratio).current == pytest.approx(1.0)

    def test_what_would_go_wrong_is_said(self, past: Past) -> None:
        assert look(past, draft(max_series=1)).crowded
        typo = look(past, draft(indicator={"bad": "jbos_total", "total": "jobs_total"}))
        assert "There is no jbos_total in the last 7 days." in typo.warnings
        slow = draft(type="latency", indicator={"histogram": "job_seconds", "threshold": "0.7"})
        assert "0.7 is none of its buckets; use one of 0.5, 1." in look(past, slow).warnings
        refused = look(past, draft(type="uptime", budgeting="timeslices", indicator={
            "query": "probe_up + on(job) probe_up", "condition": ">= 1"}))  # fmt: skip
        assert "many-to-many matching not allowed" in refused.error
        swapped = draft(indicator={"good": "jobs_total", "total": 'jobs_total{pool="steady"}'})
        (warning,) = look(past, swapped).warnings
        assert "good must be a part of the total" in warning

    def test_what_was_pushed_and_what_comes_late_is_said_before_it_is_saved(self, past: Past) -> None:
        pushed = draft(indicator={"bad": "backups_total", "total": "jobs_total"})
        assert any("backups_total comes from a pushgateway" in one for one in look(past, pushed).warnings)
        late = make_slo.source(past.url, lag=timedelta(minutes=2))
        found = preview(draft(), source=late, policy=make_slo.policy(), component_id=1, now=past.at(200))
        assert found.warnings == (
            f"Samples of {late.name} arrive 2 min late, so each minute is judged 2 min 15 s after its end.",
        )
        late.lag = timedelta(seconds=5)
        assert not preview(
            draft(), source=late, policy=make_slo.policy(), component_id=1, now=past.at(200)
        ).warnings, "it is waited for so long anyway"  # fmt: skip

    def test_more_good_events_than_there_are_cannot_be_saved(self, past: Past) -> None:
        make.component("ci")
        make_slo.source(past.url, is_default=True)
        swapped = draft(indicator={"good": "jobs_total", "total": 'jobs_total{pool="steady"}'})
        with pytest.raises(Invalid) as refused:
            save_objective(draft=swapped, actor=Actor(system="test"), now=past.at(200))
        (error,) = refused.value.errors
        assert (error.field, error.code) == ("indicator.good", "exceeds_total")
        assert "must select a part of what total selects" in error.message


@pytest.mark.live
@needs_prometheus
def test_a_source_that_is_down_is_said_and_the_rest_is_there(past: Past) -> None:
    found = look(past, draft(target=Decimal("0.9")), url="http://127.0.0.1:9")
    assert "can't be reached" in found.error
    assert found.outage_pages_after == timedelta(minutes=54)
    assert found.pages_late


def test_a_ratio_is_counted_by_the_minute_so_an_outage_pages_after_two(past: Past) -> None:
    wanted = draft(type="promql", indicator={"ratio": "avg(avg_over_time(up[$window]))"}, target=Decimal("0.999"))
    assert look(past, wanted, url="http://127.0.0.1:9").outage_pages_after == timedelta(minutes=2)


def _teams(of: Component) -> list[Team]:
    return [of.owner] if of.owner else []


@pytest.fixture
def ci() -> Component:
    return make.component("ci", owner=make.team("runners", make.person("ada")))


def test_over_http_the_preview_writes_nothing_and_is_for_those_who_may_write(ci: Component, api: APIClient) -> None:
    make_slo.source(is_default=True)
    make_slo.policy()
    body = {"name": "jobs", "component": ci.ref, "type": "events", "target": 0.9,
            "indicator": {"bad": "bad_total", "total": "runs_total"}}  # fmt: skip
    mine = make.signed(api, make.token("read", "slos:write", teams=_teams(ci))[1])
    answer = mine.post("/api/v1/slos/preview", body, format="json")
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert "can't be reached" in said["error"]
    assert (said["outage_pages_after"], said["pages_late"]) == ("54m", True)
    assert not Objective.objects.exists()
    wrong = mine.post("/api/v1/slos/preview", {**body, "target": 1}, format="json")
    assert wrong.status_code == 400
    assert [error["field"] for error in wrong.json()["errors"]] == ["target"]
    other = make.signed(APIClient(), make.token("read", "slos:write", teams=[make.team("others")])[1])
    assert other.post("/api/v1/slos/preview", body, format="json").status_code == 403


def test_presets_over_http_those_that_fit_first(api: APIClient) -> None:
    make.component("ci", type="runner")
    reader = make.signed(api, make.token("read")[1])
    answer = reader.get("/api/v1/presets?component=component:default/ci")
    assert answer.status_code == 200, answer.content
    found = answer.json()["results"]
    assert len(found) >= 10
    assert found[0]["suits"] == [] or "runner" in found[0]["suits"]
    assert found[0]["missing"] == [], "without a source nothing is called missing"


@pytest.mark.live
@needs_prometheus
def test_what_was_pushed_by_hand_cannot_be_counted_and_the_refusal_offers_a_way(past: Past) -> None:
    make.component("ci")
    make_slo.source(past.url, is_default=True)
    nightly = draft(indicator={"bad": 'backups_total{result="bad"}', "total": "backups_total"})
    with pytest.raises(Invalid) as refused:
        save_objective(draft=nightly, actor=Actor(system="test"), now=past.at(200))
    (error,) = refused.value.errors
    assert (error.field, error.code) == ("indicator.total", "pushed")
    assert "use the type promql" in error.message
