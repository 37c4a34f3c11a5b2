"""The presets: each can be used as it is, and a total outage of each pages in time."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from portal.lib import durations
from slo.drafts import ObjectiveDraft, checked
from slo.indicators import kinds
from slo.operations.sources import POLICIES
from slo.presets import Preset, fitting, presets
from slo.windows import LATE_PAGE, Period, burn_windows, outage_pages_after, parse_rules

ALL = list(presets().values())

PAGES_AFTER = {
    "argo-cd-health": 8.6, "argo-cd-syncs": 9.0, "registry-availability": 4.3, "coredns-answers": 0.9,
    "crossplane-provisioning": 9.0, "flux-reconciliations": 8.6, "github-actions-queue": 9.0,
    "github-actions-jobs": 9.0, "gitlab-runner-jobs": 8.6, "gitlab-runner-queue": 9.0, "harbor-availability": 4.3,
    "incident-acknowledgement": 9.0, "incident-first-page": 8.6, "incident-restoration": 9.0,
    "ingress-availability": 0.9, "jenkins-builds": 9.0, "jenkins-up": 4.3,
    "kubernetes-availability": 0.9, "kubernetes-responsiveness": 8.6, "etcd-leader": 2.0,
    "portal-paging": 2.0, "tekton-pipelines": 9.0, "atlantis-applies": 9.0, "vault-unsealed": 2.0,
}  # fmt: skip
"""Minutes of total failure until the first page, by hand: 60 · 14.4 · (1 - target), or 9 by the outage rule; two
minutes at least where minutes are counted, for two of them must be bad."""


def _pages_after(preset: Preset, policy: str) -> float:
    rules = parse_rules(POLICIES[policy][1])
    period = Period(days=durations.parse(preset.window).days)
    sliced = timedelta(minutes=1) if kinds[preset.type].sliced else None
    windows = burn_windows(rules, period=period, target=Decimal(preset.target))
    after = outage_pages_after(windows, one_bad=sliced)
    assert after is not None
    return after / timedelta(minutes=1)


def test_there_are_presets_for_the_tools_platform_teams_run() -> None:
    tools = {one.tool for one in ALL}
    assert len(ALL) >= 10
    assert tools >= {
        "Argo CD", "Flux", "Tekton", "Jenkins", "GitHub Actions", "GitLab runners", "Kubernetes", "Crossplane",
        "Terraform with Atlantis", "Vault", "Container registry", "CoreDNS", "Portico",
    }  # fmt: skip


@pytest.mark.parametrize("preset", ALL, ids=lambda one: one.name)
def test_each_makes_an_objective_without_a_change(preset: Preset) -> None:
    draft = ObjectiveDraft(
        name=preset.name, component="component:default/x", type=preset.type, indicator=preset.indicator,
        target=Decimal(preset.target), window=preset.window, policy=preset.policy, no_data=preset.no_data,
        budgeting=preset.budgeting,
    )  # fmt: skip
    assert checked(draft).indicator == preset.indicator
    assert preset.description.endswith(".")
    assert preset.metrics or preset.type == "response"
    assert kinds[preset.type].groupable or not preset.narrow


@pytest.mark.parametrize("preset", ALL, ids=lambda one: one.name)
def test_a_total_outage_pages_within_a_quarter_of_an_hour(preset: Preset) -> None:
    after = _pages_after(preset, preset.policy)
    assert round(after, 1) == PAGES_AFTER[preset.name]
    assert after <= LATE_PAGE / timedelta(minutes=1)
    if preset.policy == "workbook-outage" and preset.window == "30d":
        assert _pages_after(preset, "workbook") > LATE_PAGE / timedelta(minutes=1), "it would not need the outage rule"


def test_those_that_fit_the_component_and_are_there_come_first() -> None:
    there = ["gha_completed_jobs_total", "argocd_app_sync_total"]
    names = [(preset.name, missing) for preset, missing in fitting(component_type="runner", there=there)]
    assert names[0] == ("github-actions-jobs", ())
    places = {name: place for place, (name, _) in enumerate(names)}
    assert places["incident-acknowledgement"] < places["argo-cd-syncs"] < places["github-actions-queue"]
    assert dict(names)["github-actions-queue"] == ("gha_job_startup_duration_seconds_bucket",)
    assert places["github-actions-queue"] < places["vault-unsealed"], "one that fits and is missing, before others"


def test_of_a_source_that_cannot_be_asked_nothing_is_called_missing() -> None:
    assert all(not missing for _, missing in fitting(component_type="dns", there=None))


def test_the_readme_counts_the_presets_right() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"one of {len(ALL)} presets" in readme
