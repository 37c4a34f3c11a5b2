"""Addresses of the slo app: `pages` below the root, `api` below /api/v1/. The objective's own page is portal.pages'."""

from django.urls import URLPattern, URLResolver, path

from slo.api.alert_policies import AlertPolicyList, AlertPolicyView
from slo.api.backtests import BacktestView
from slo.api.budget_policies import BudgetPolicyList, BudgetPolicyView, TeamPolicyView
from slo.api.costs import CostsView
from slo.api.exclusions import ExclusionList, OneExclusion
from slo.api.formats import AllRulesView, OpenSloView, RulesView
from slo.api.gate import GateView
from slo.api.objectives import LedgerView, ObjectiveList, ObjectiveView, StatusView, TransitionsView
from slo.api.preview import PresetList, PreviewView
from slo.api.rebuild import RebuildView
from slo.api.sources import SourceList, SourceTest, SourceView
from slo.api.suggestions import SuggestionsView
from slo.views import backtest, budget_policies, edit, exclusions, fleet, policies, sources, suggesting

pages: list[URLPattern | URLResolver] = [
    path("slos", fleet.fleet, name="list"),
    path("slos/new", edit.new_objective, name="new"),
    path("slos/suggestions", suggesting.suggestions, name="suggestions"),
    path("slos/<int:pk>/edit", edit.edit_objective, name="edit"),
    path("slos/<int:pk>/retire", edit.retire_objective, name="retire"),
    path("slos/<int:pk>/backtest", backtest.backtest_page, name="backtest"),
    path("budget-policies", budget_policies.listing, name="budget-policies"),
    path("budget-policies/new", budget_policies.new, name="new-budget-policy"),
    path("budget-policies/<slug:name>", budget_policies.show, name="budget-policy"),
    path("budget-policies/<slug:name>/edit", budget_policies.edit, name="edit-budget-policy"),
    path("budget-policies/<slug:name>/delete", budget_policies.delete, name="delete-budget-policy"),
    path("budget-policies/<slug:name>/team", budget_policies.team, name="team-budget-policy"),
    path("slos/exclusions", exclusions.exclusion_list, name="exclusions"),
    path("slos/exclusions/new", exclusions.declare, name="declare-exclusion"),
    path("slos/exclusions/<int:pk>/edit", exclusions.change, name="change-exclusion"),
    path("slos/exclusions/<int:pk>/withdraw", exclusions.withdraw, name="withdraw-exclusion"),
    path("settings/sources", sources.source_list, name="sources"),
    path("settings/sources/new", sources.new, name="new-source"),
    path("settings/sources/<slug:name>/edit", sources.edit, name="edit-source"),
    path("settings/sources/<slug:name>/test", sources.test, name="test-source"),
    path("settings/sources/<slug:name>/retire", sources.retire, name="retire-source"),
    path("alert-policies", policies.listing, name="alert-policies"),
    path("alert-policies/new", policies.new, name="new-alert-policy"),
    path("alert-policies/<slug:name>", policies.show, name="alert-policy"),
    path("alert-policies/<slug:name>/edit", policies.edit, name="edit-alert-policy"),
    path("alert-policies/<slug:name>/delete", policies.delete, name="delete-alert-policy"),
]

api: list[URLPattern | URLResolver] = [
    path("slos", ObjectiveList.as_view(), name="slos"),
    path("slos/preview", PreviewView.as_view(), name="slo-preview"),
    path("presets", PresetList.as_view(), name="presets"),
    path("slos/<str:name>", ObjectiveView.as_view(), name="slo"),
    path("slos/<str:name>/status", StatusView.as_view(), name="slo-status"),
    path("slos/<str:name>/ledger", LedgerView.as_view(), name="slo-ledger"),
    path("slos/<str:name>/rebuild", RebuildView.as_view(), name="slo-rebuild"),
    path("slos/<str:name>/transitions", TransitionsView.as_view(), name="slo-transitions"),
    path("slos/<str:name>/costs", CostsView.as_view(), name="slo-costs"),
    path("slos/<str:name>/openslo", OpenSloView.as_view(), name="slo-openslo"),
    path("slos/<str:name>/rules", RulesView.as_view(), name="slo-rules"),
    path("rules", AllRulesView.as_view(), name="rules"),
    path("slos/<str:name>/backtest", BacktestView.as_view(), name="slo-backtest"),
    path("budget-policies", BudgetPolicyList.as_view(), name="budget-policies"),
    path("budget-policies/<str:name>", BudgetPolicyView.as_view(), name="budget-policy"),
    path("teams/<str:namespace>/<str:name>/budget-policy", TeamPolicyView.as_view(), name="team-budget-policy"),
    path("components/<str:kind>/<str:namespace>/<str:name>/gate", GateView.as_view(), name="gate"),
    path("exclusions", ExclusionList.as_view(), name="exclusions"),
    path("exclusions/<int:pk>", OneExclusion.as_view(), name="exclusion"),
    path("alert-policies", AlertPolicyList.as_view(), name="alert-policies"),
    path("alert-policies/<slug:name>", AlertPolicyView.as_view(), name="alert-policy"),
    path("sources", SourceList.as_view(), name="sources"),
    path("sources/<slug:name>", SourceView.as_view(), name="source"),
    path("sources/<slug:name>/suggestions", SuggestionsView.as_view(), name="source-suggestions"),
    path("sources/<slug:name>/test", SourceTest.as_view(), name="source-test"),
]
