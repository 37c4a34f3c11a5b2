"""What `apply` asks the data source of SLO documents before it writes them, as the form does."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from catalog.access import Actor, system
from catalog.operations.applying import Applied, SourceFile, apply_files
from slo.documents import looking
from slo.models import Definition, Objective
from slo.operations.looking_up import asked
from slo.operations.sources import ensure_defaults
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.fakes.prometheus_faulty import faulty_source
from tests.slo.past import Past
from tests.slo.test_openslo import ratio, slo_text

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]
CLI = system("cli")
OK, ALL = 'jobs_total{result="ok"}', "jobs_total"
SLI = """apiVersion: openslo/v1
kind: SLI
metadata:
  name: jobs
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {type: Prometheus, spec: {query: 'GOOD'}}}
    total: {metricSource: {type: Prometheus, spec: {query: 'backups_total'}}}
"""


@pytest.fixture(autouse=True)
def platform(past: Past) -> None:
    """A component, the source with the past, the usual policy."""
    make.component("web", owner=make.team("shop"))
    make_slo.source(past.url, name="prometheus", is_default=True)
    ensure_defaults(now=past.at(200))


def put(now: datetime, *texts: str, actor: Actor = CLI, **more: Any) -> Applied:
    files = [SourceFile(address=f"file-{place}", text=one) for place, one in enumerate(texts)]
    return apply_files(files=files, actor=actor, now=now, **more)


def faults(applied: Applied) -> list[tuple[str, str, int]]:
    return [(one.field, one.code, one.line) for result in applied.documents for one in result.problems]


def warnings(applied: Applied) -> list[tuple[str, str]]:
    return [(one.field, one.code) for result in applied.documents for one in result.warnings]


GOOD_PATH = "spec.indicator.spec.ratioMetric.good.metricSource.spec.query"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("good", "total", "said"),
    [
        ("backups_total", ALL, (GOOD_PATH, "pushed", 7)),
        (ALL, OK, (GOOD_PATH, "exceeds_total", 7)),
    ],
)
def test_what_cannot_be_counted_is_refused_at_its_line(
    past: Past, good: str, total: str, said: tuple[str, str, int], dry_run: bool
) -> None:
    applied = put(past.at(139), slo_text(indicator=ratio(good, total)), dry_run=dry_run)
    assert faults(applied) == [said]
    assert not Objective.objects.exists()


def test_a_threshold_that_is_no_bucket_is_refused_with_those_there_are(past: Past) -> None:
    latency = ratio('job_seconds_bucket{le="0.7"}', "job_seconds_count")
    applied = put(past.at(119), slo_text(indicator=latency))
    ((field, code, line),) = faults(applied)
    assert (code, line) == ("bucket", 7), field
    assert "use one of 0.5, 1" in applied.documents[0].problems[0].message


def test_a_metric_that_is_not_there_is_a_warning_and_written(past: Past) -> None:
    applied = put(past.at(119), slo_text(indicator=ratio("ok_total", "all_total")))
    assert not faults(applied)
    assert warnings(applied) == [("spec.indicator", "absent"), ("spec.indicator", "absent")]
    assert Objective.objects.count() == 1


def test_nothing_is_asked_inside_of_a_transaction_nor_of_what_changes_nothing(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = len(connection.savepoint_ids)
    seen: list[int] = []

    def noted(*given: Any) -> tuple[str, ...]:
        seen.append(len(connection.savepoint_ids) - depth)
        return asked(*given)

    monkeypatch.setattr(looking, "asked", noted)
    text = slo_text(indicator=ratio(OK, ALL))
    put(past.at(119), text, text.replace("web-slo", "web-slo-2"))
    assert seen == [0], "two that count the same are asked of once"
    put(past.at(119), text.replace("0.99", "0.9"), text.replace("web-slo", "web-slo-2"))
    assert seen == [0], "another target counts the same"
    assert not Definition.objects.filter(name="web-slo", revision=2).exists()


def test_a_source_that_is_down_warns_and_is_asked_once(past: Past) -> None:
    with faulty_source() as source:
        source.fails(503, "unavailable", "restarting")
        make_slo.source(source.url, name="down")
        texts = [
            slo_text(indicator=ratio(f"ok_{number}_total", ALL).replace("type: Prometheus", "metricSourceRef: down"))
            .replace("web-slo", f"slo-{number}")
            for number in range(3)
        ]  # fmt: skip
        applied = put(past.at(119), *texts)
        assert len(source.asked) == 1
    assert not faults(applied)
    assert warnings(applied) == [("spec.indicator", "unchecked")] * 3
    assert "down could not be asked" in applied.documents[0].warnings[0].message
    assert Objective.objects.count() == 3


def test_an_sli_in_the_same_files_is_looked_up_for_itself_and_for_its_slos(past: Past) -> None:
    applied = put(past.at(119), slo_text(indicator="indicatorRef: jobs"), SLI.replace("GOOD", ALL))
    path = "spec.ratioMetric.total.metricSource.spec.query"
    assert {(field, code) for field, code, _ in faults(applied)} == {
        ("spec.indicatorRef", "pushed"), (path, "pushed"),
    }  # fmt: skip


def test_who_may_not_write_it_is_told_nothing_of_the_source(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "asked", lambda *_: pytest.fail("asked for a stranger"))
    actor = Actor(person=make.person("eve"))
    applied = put(past.at(119), slo_text(indicator=ratio("backups_total", ALL)), actor=actor)
    assert [code for _, code, _ in faults(applied)] == ["refused"]


def test_a_source_that_comes_with_the_files_is_not_asked_yet(past: Past) -> None:
    source = (
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: next}\n"
        "spec: {type: Prometheus, connectionDetails: {url: 'http://127.0.0.1:9'}}\n"
    )
    text = slo_text(indicator=ratio(OK, ALL).replace("type: Prometheus", "metricSourceRef: next"))
    applied = put(past.at(119), text, source)
    assert not faults(applied)
    assert warnings(applied) == [("spec.indicator", "unchecked")]
