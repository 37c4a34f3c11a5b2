"""OpenSLO documents through `apply` and `export`: what is written, by whom, and that coming back changes nothing."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from catalog import exporting
from catalog.access import Actor, system
from catalog.manifest.writing import written
from catalog.models import AuditEntry, Claim
from catalog.operations.applying import Applied, SourceFile, apply_files
from slo import documents
from slo.models import AlertCondition, AlertPolicy, DataSource, Definition, Indicator, Ledger, Objective
from slo.operations import ObjectiveDraft, retire_objective, save_objective, save_policy
from slo.operations.sources import ensure_defaults
from slo.windows import WORKBOOK
from tests import make
from tests.effort import examples
from tests.make import NOW
from tests.slo.test_openslo import CONDITIONS, EXAMPLES, INDICATORS, NAMES, SHARES, indicator, ratio, slo_text

pytestmark = pytest.mark.django_db
CLI = system("cli")
KINDS_OF_ADMINS = ("kind: AlertPolicy", "kind: DataSource")
Json = Mapping[str, Any]


@pytest.fixture(autouse=True)
def platform() -> None:
    """A component, its data source, the usual policy."""
    make.component("web", owner=make.team("shop"))
    DataSource.objects.create(name="prometheus", url="http://127.0.0.1:9", is_default=True, created_at=NOW,
                              updated_at=NOW)  # fmt: skip
    ensure_defaults(now=NOW)


def put(*texts: str, actor: Actor = CLI, **more: Any) -> Applied:
    files = [SourceFile(address=f"file-{place}", text=one) for place, one in enumerate(texts)]
    return apply_files(files=files, actor=actor, now=more.pop("now", NOW), **more)


def fine(applied: Applied) -> dict[str, str]:
    assert not [problem for one in applied.documents for problem in one.problems]
    return {one.ref: one.outcome for one in applied.documents}


def failure(applied: Applied) -> tuple[str, str]:
    (problem,) = [problem for one in applied.documents for problem in one.problems]
    return problem.field, problem.code


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows that documents write, without times and ids that say nothing."""
    models = (Indicator, Definition, Objective, AlertPolicy, AlertCondition, DataSource)
    return {model.__name__: [dict(row) for row in model._default_manager.order_by("pk").values()] for model in models}


def export() -> str:
    return "".join(exporting.stream())


def test_the_examples_come_in_whole_and_again_change_nothing() -> None:
    text = EXAMPLES.read_text()
    first = fine(put(text))
    assert {ref for ref, outcome in first.items() if outcome == "unchanged"} == {
        "service:web", "alertnotificationtarget:on-call-mail-notification",
    }  # fmt: skip
    before, log, ledgers = everything(), AuditEntry.objects.count(), Ledger.objects.count()
    assert set(fine(put(text, now=NOW + timedelta(hours=1))).values()) == {"unchanged"}
    assert (everything(), AuditEntry.objects.count(), Ledger.objects.count()) == (before, log, ledgers)


def test_import_export_import_is_the_same() -> None:
    put(EXAMPLES.read_text())
    before, exported = everything(), export()
    assert exported.count("kind: SLO\n") == 5
    assert set(fine(put(exported, now=NOW + timedelta(hours=1))).values()) == {"unchanged"}
    assert everything() == before
    assert export() == exported


def test_what_is_exported_fills_an_empty_portal_alike() -> None:
    put(EXAMPLES.read_text())
    exported = export()
    for model in (Objective, Definition, Indicator, AlertPolicy, AlertCondition):
        model._default_manager.all().delete()
    fine(put(exported))
    assert export() == exported


def test_the_examples_mean_what_they_say() -> None:
    put(EXAMPLES.read_text())
    web = Objective.objects.select_related("definition").get(name="web-availability")
    assert (web.definition.type, web.calendar, web.time_zone) == ("uptime", "week", "America/New_York")
    assert web.definition.indicator["condition"] == "> 0.95"
    assert web.definition.labels == {"stage": "live"}
    sla = Objective.objects.select_related("definition__sli").get(name="service-availability-sla")
    assert (sla.target, sla.calendar, sla.title) == (
        Decimal("0.99"), "month", "Reflection of our availability SLA: SLA",
    )  # fmt: skip
    assert sla.definition.objectives.count() == 2
    assert sla.definition.sli == Indicator.objects.get(name="search-availability")
    assert sla.definition.slice_length == timedelta(minutes=5)
    search = Objective.objects.select_related("definition", "policy").get(name="search-slo-good-experience")
    assert (search.definition.type, search.definition.indicator) == (
        "latency", {"histogram": 'search_seconds{tier="1"}', "threshold": "0.5"},
    )  # fmt: skip
    assert search.policy.name == "search-slo"
    assert [rule["name"] for rule in search.policy.rules] == ["cpu-usage-breach", "memory-usage-breach"]
    assert [(rule["long"], rule["short"], rule["factor"]) for rule in search.policy.rules] == [("1h", "1h", "2")] * 2
    wifi = Definition.objects.get(name="wifi")
    assert (wifi.type, wifi.indicator["ratio"][:9]) == ("promql", "1 - (1 - ")


def test_what_is_not_honoured_is_said_with_its_place() -> None:
    applied = put(EXAMPLES.read_text())
    said = {(one.kind, warning.field, warning.line > 1) for one in applied.documents for warning in one.warnings}
    assert ("AlertCondition", "spec.condition.alertAfter", True) in said
    assert ("AlertNotificationTarget", "kind", True) in said
    assert ("SLO", "spec.timeWindow[0].calendar.startTime", True) in said
    assert ("Service", "spec.description", True) in said


def test_a_condition_carries_its_policies_and_slos_along() -> None:
    text = EXAMPLES.read_text()
    put(text)
    fine(put(text.replace("op: gte, threshold: 2,", "op: gte, threshold: 3,"), now=NOW + timedelta(hours=1)))
    low = AlertPolicy.objects.get(name="low-priority")
    own = Objective.objects.get(name="search-slo-99.9").policy
    assert (low.rules[0]["factor"], own.rules[0]["factor"], own.rules[1]["factor"]) == ("3", "3", "2")


def test_a_part_that_was_changed_elsewhere_leaves_an_slos_own_policy_as_it_was() -> None:
    put(EXAMPLES.read_text())
    save_policy(name="low-priority", rules=WORKBOOK[:1], actor=CLI, now=NOW)
    exported = export()
    assert "alertPolicyRef: search-slo\n" in exported  # its rules are no longer those of its parts, so they are told
    fine(put(exported))
    own = Objective.objects.get(name="search-slo-99.9").policy
    assert (own.name, [rule["factor"] for rule in own.rules]) == ("search-slo", ["2", "2"])
    assert set(fine(put(export())).values()) == {"unchanged"}


def test_a_policy_changed_over_the_api_carries_what_slos_made_of_it_along(api: APIClient) -> None:
    put(EXAMPLES.read_text())
    low = AlertPolicy.objects.get(name="low-priority")
    own = Objective.objects.get(name="search-slo-99.9").policy
    assert own.rules[0]["factor"] == low.rules[0]["factor"] == "2"
    api.force_login(make.account_of(make.person("root", admin=True)))
    rules = [{**rule, "factor": "5"} for rule in low.rules]
    answer = api.put("/api/v1/alert-policies/low-priority", {"rules": rules}, format="json")
    assert answer.status_code == 200, answer.content
    own.refresh_from_db()
    assert own.rules[0]["factor"] == "5"


def test_a_teams_own_alerts_take_over_nobodys_policy() -> None:
    ada = make.person("ada")
    make.component("ours", owner=make.team("mine", ada))
    save_policy(name="web-slo", rules=WORKBOOK[:1], actor=CLI, now=NOW)
    alerts = "  alertPolicies: [{alertPolicyRef: workbook}, {alertPolicyRef: web-slo}]\n"
    assert failure(put(slo_text(service="ours", spec=alerts), actor=Actor(person=ada))) == (
        "spec.alertPolicies", "taken",
    )  # fmt: skip
    assert AlertPolicy.objects.get(name="web-slo").rules == WORKBOOK[:1]


def test_an_sli_carries_its_slos_along_with_ledgers_of_their_own() -> None:
    text = EXAMPLES.read_text()
    put(text)
    before = {one.pk: one.revision for one in Definition.objects.all()}
    count = Ledger.objects.count()
    fine(put(text.replace('code=~"5.."', 'code=~"50."')))
    changed = {one.name for one in Definition.objects.all() if one.revision != before[one.pk]}
    assert changed == {"service-availability"}
    assert Ledger.objects.count() == count + 2
    assert 'code=~"50."' in Definition.objects.get(name="service-availability").indicator["query"]


def test_objectives_come_and_go_with_the_document() -> None:
    one, two = slo_text(), slo_text(objectives="[{displayName: A, target: 0.99}, {displayName: B, target: 0.9}]")
    fine(put(one))
    ledger = Objective.objects.get(name="web-slo").ledger_id
    applied = put(two)
    assert fine(applied) == {"slo:web-slo": "updated"}
    assert applied.documents[0].diff["objectives.web-slo"] == ("0.9900000000", None)
    live = Objective.objects.filter(retired_at=None)
    assert set(live.values_list("name", flat=True)) == {"web-slo-a", "web-slo-b"}
    fine(put(one))
    back = Objective.objects.get(retired_at=None)
    assert (back.name, back.definition.retired_at) == ("web-slo", None)
    assert back.ledger_id != ledger
    assert Definition.objects.count() == 1


def test_another_target_keeps_the_ledger_and_another_query_does_not() -> None:
    put(slo_text())
    ledger = Objective.objects.get().ledger_id
    assert fine(put(slo_text(objectives="[{targetPercent: 99.5}]"))) == {"slo:web-slo": "updated"}
    assert Ledger.objects.count() == 1
    put(slo_text(indicator=ratio("other_total", "all_total")))
    assert Ledger.objects.count() == 2
    assert Objective.objects.get().ledger_id == ledger  # until the new one is filled


def test_a_dry_run_writes_nothing_and_says_what_would_be() -> None:
    put(slo_text())
    before, log = everything(), AuditEntry.objects.count()
    applied = put(slo_text(objectives="[{target: 0.95}]"), EXAMPLES.read_text(), dry_run=True)
    assert applied.documents[0].diff["target"] == ("0.9900000000", "0.95")
    assert applied.count("created") == 11
    assert (everything(), AuditEntry.objects.count()) == (before, log)


def test_pruning_retires_what_its_source_no_longer_names() -> None:
    put(slo_text(), EXAMPLES.read_text(), source="shop")
    applied = put(slo_text(), source="shop", prune=True)
    assert "slo:web-availability" in applied.retired
    assert {"sli:search-availability", "alertcondition:cpu-usage-breach"} <= set(applied.retired)
    assert "datasource:prometheus" in applied.orphaned  # it is still counted from
    assert list(Objective.objects.filter(retired_at=None).values_list("name", flat=True)) == ["web-slo"]


def test_a_team_writes_only_slos_on_its_own_components() -> None:
    ada = make.person("ada")
    make.component("theirs", owner=make.team("others"))
    mine = make.team("mine", ada)
    make.component("ours", owner=mine)
    actor = Actor(person=ada)
    assert failure(put(slo_text(service="theirs"), actor=actor))[1] == "refused"
    assert fine(put(slo_text(service="ours"), actor=actor)) == {"slo:web-slo": "created"}
    assert failure(put(slo_text(service="theirs"), actor=actor))[1] == "refused"
    assert Definition.objects.get().component.name == "ours"
    token = Actor(token=make.token("components:write", teams=[mine])[0], via="api")
    assert failure(put(slo_text(service="ours"), actor=token))[1] == "refused"


def test_a_team_prunes_its_own_slos_and_no_others() -> None:
    mine = make.team("mine")
    make.component("ours", owner=mine)
    put(slo_text(service="ours"), slo_text(service="web").replace("web-slo", "their-slo"), source="shop")
    token = Actor(token=make.token("slos:write", teams=[mine])[0], via="api")
    applied = put(slo_text(service="ours").replace("web-slo", "next"), actor=token, source="shop", prune=True)
    assert applied.retired == ("slo:web-slo",)
    assert Claim.objects.get(ref="slo:their-slo").orphaned_at is None


def test_policies_and_sources_are_the_admins_but_saying_the_same_is_anybodys() -> None:
    put(EXAMPLES.read_text())
    ada = make.person("ada")
    everyone = Actor(person=ada)
    shared = [one for one in export().split("---\n") if one.split("\n")[1] in KINDS_OF_ADMINS]
    assert set(fine(put("---\n".join(shared), actor=everyone)).values()) == {"unchanged"}
    changed = [one.replace("name: low-priority", "name: mine") for one in shared if "low-priority" in one]
    assert failure(put(changed[0], actor=everyone))[1] == "refused"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (slo_text(service="nowhere"), ("spec.service", "missing")),
        (slo_text(spec="  alertPolicies: [{alertPolicyRef: none}]\n"),
         ("spec.alertPolicies[0].alertPolicyRef", "missing")),
        (slo_text(indicator="indicatorRef: none"), ("spec.indicatorRef", "missing")),
        (slo_text(metadata="  annotations: {portico/budget-policy: none}\n"),
         ("metadata.annotations.portico/budget-policy", "missing")),
        (slo_text(metadata="  annotations: {portico/no-data: maybe}\n"),
         ("metadata.annotations.portico/no-data", "choice")),
        (slo_text(indicator=indicator("{thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'sum('}}}}"),
                  objectives="[{op: lt, value: 3, target: 0.9}]"),
         ("spec.indicator.spec.thresholdMetric.metricSource.spec.query", "promql")),
        (slo_text(indicator=ratio("a_total", "b_total"), method="Timeslices",
                  objectives="[{target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 7m}]"),
         ("spec.objectives[0].timeSliceWindow", "choice")),
        (slo_text(apiVersion="openslo/v9"), ("apiVersion", "unknown_api_version")),
        (slo_text(apiVersion="openslo.com/v2alpha1"), ("apiVersion", "unknown_api_version")),
        (slo_text().replace("kind: SLO", "kind: Slo"), ("kind", "unknown_kind")),
        ("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: nowhere}\nspec: {}\n", ("metadata.name", "missing")),
        ("apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: x}\n"
         "spec: {type: Prometheus, connectionDetails: {url: nowhere}}\n", ("spec.connectionDetails.url", "format")),
        ("apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: x}\nspec: {conditions: [{conditionRef: none}]}\n",
         ("spec.conditions[0].conditionRef", "missing")),
    ],
)  # fmt: skip
def test_what_is_named_must_be_there(text: str, said: tuple[str, str]) -> None:
    before = everything()
    applied = put(text)
    assert failure(applied) == said
    assert everything() == before


def test_a_name_that_another_slo_uses_is_refused() -> None:
    put(slo_text(objectives="[{displayName: A, target: 0.99}, {displayName: B, target: 0.9}]"))
    assert failure(put(slo_text().replace("name: web-slo", "name: web-slo-a"))) == ("metadata.name", "taken")


def test_one_of_several_is_changed_over_the_api_and_the_document_follows() -> None:
    put(slo_text(objectives="[{displayName: A, target: 0.99}, {displayName: B, target: 0.9}]"))
    row = Objective.objects.get(name="web-slo-b")
    from_api = documents.document_of(row)
    assert "annotations" not in from_api["metadata"]  # type: ignore[operator]
    save_objective(
        draft=ObjectiveDraft("web-slo-b", "web", "events", {"good": "ok_total", "total": "all_total"},
                             Decimal("0.8"), window="month", time_zone="Asia/Kolkata", title="Other"),
        actor=CLI, now=NOW, look_up=False,
    )  # fmt: skip
    exported = export()
    assert "portico/objectives: " in exported
    assert set(fine(put(exported)).values()) == {"unchanged"}
    retire_objective(objective=row, actor=CLI, now=NOW)
    assert Definition.objects.get().retired_at is None
    assert set(fine(put(export())).values()) == {"unchanged"}


def test_exporting_many_asks_no_more_than_for_one() -> None:
    put(slo_text())
    with CaptureQueriesContext(connection) as one:
        export()
    put(*(slo_text().replace("name: web-slo", f"name: slo-{n}") for n in range(20)))
    with CaptureQueriesContext(connection) as many:
        export()
    assert len(many) <= len(one)


CHOICES = st.fixed_dictionaries(
    {
        "window": st.sampled_from(["1d", "30d", "90d", "week", "year"]),
        "time_zone": st.sampled_from(["UTC", "Asia/Kolkata"]),
        "title": st.sampled_from(["", "A title", "it's: 100 %"]),
        "description": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
        "policy": st.sampled_from(["workbook", "strict"]),
        "no_data": st.sampled_from(["ignore", "bad", "good"]),
        "blind_after": st.sampled_from(["10m", "1h30m", "90s"]),
        "labels": st.sampled_from([{}, {"a": "b"}]),
        "slice_length": st.sampled_from(["60s", "5m", "1h"]),
        "max_series": st.sampled_from([None, 100]),
        "preset": st.sampled_from(["", "tekton"]),
    }
)


@given(NAMES, INDICATORS, SHARES, CHOICES, st.booleans(), CONDITIONS)
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_objective_is_exported_and_comes_back_without_a_change(
    name: str, counted: tuple[str, dict[str, str]], target: Decimal, more: Json, grouped: bool, condition: str
) -> None:
    Objective.objects.all().delete()
    Definition.objects.all().delete()
    save_policy(name="strict", rules=WORKBOOK[:2], actor=CLI, now=NOW)
    type_, one = counted
    sliced = {"budgeting": "timeslices"} if type_ == "uptime" and grouped else {}
    groups = {"group_by": ("pipeline",)} if type_ in ("events", "latency") and grouped else {}
    draft = ObjectiveDraft(name, "web", type_, one, target, **{**more, **sliced, **groups})
    save_objective(draft=draft, actor=CLI, now=NOW, look_up=False)
    before = everything()
    text = written(documents.document_of(Objective.objects.get()))
    assert fine(put(text, now=NOW + timedelta(hours=1))) == {f"slo:{name}": "unchanged"}, text
    assert everything() == before


def listed(*texts: str) -> str:
    """Those documents as one list."""
    return "".join(f"- {one.strip().replace('\n', '\n  ')}\n" for one in texts)


def test_a_document_may_be_a_list_of_objects() -> None:
    second = slo_text().replace("name: web-slo", "name: web-too")
    assert fine(put(listed(slo_text(), second))) == {"slo:web-slo": "created", "slo:web-too": "created"}
    assert set(fine(put(listed(slo_text(), second))).values()) == {"unchanged"}


def test_a_fault_in_a_list_is_told_with_its_line_and_the_others_are_written() -> None:
    wrong = slo_text(service="nothing-there").replace("name: web-slo", "name: web-too")
    applied = put(listed(slo_text(), wrong))
    (problem,) = [problem for one in applied.documents for problem in one.problems]
    assert (problem.field, problem.line) == ("spec.service", 16)
    assert Objective.objects.get().name == "web-slo"


def test_a_list_of_anything_else_is_no_document() -> None:
    assert failure(put("- a\n- b\n")) == ("", "not_a_mapping")
    assert failure(put(listed(slo_text()) + "- {kind: SLO}\n")) == ("", "not_a_mapping")
