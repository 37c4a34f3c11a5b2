"""Addresses of the catalog app: `pages` below the root, `api` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path, re_path

from catalog.api.bulk import BulkView
from catalog.api.changes import ChangeList
from catalog.api.components import BlastRadiusView, ComponentList, ComponentView
from catalog.api.groups import DomainList, DomainView, SystemList, SystemView
from catalog.api.manifests import ApplyView, ExportView
from catalog.api.people import MeView, PersonList, PersonView, TeamList, TeamView
from catalog.api.windows import OneWindow, WindowList
from catalog.views import changes, components, teams, tokens, windows

COMPONENT = "components/<str:kind>/<str:namespace>/<str:name>"
TEAM = "teams/<str:namespace>/<str:name>"
PERSON = "people/<str:namespace>/<str:name>"

pages: list[URLPattern | URLResolver] = [
    path("components/new", components.new, name="new-component"),
    path(f"{COMPONENT}/edit", components.edit, name="edit-component"),
    path(f"{COMPONENT}/retire", components.retire, name="retire-component"),
    path("teams/new", teams.new, name="new-team"),
    path(f"{TEAM}/edit", teams.edit, name="edit-team"),
    path(f"{TEAM}/members", teams.member, name="team-member"),
    path(f"{PERSON}/edit", teams.person, name="edit-person"),
    path("changes", changes.log, name="changes"),
    re_path(r"^changes\.(?P<form>csv|jsonl)$", changes.export, name="changes-export"),
    path("maintenance", windows.windows, name="maintenance"),
    path("maintenance/new", windows.plan, name="plan-maintenance"),
    path("maintenance/<int:pk>/edit", windows.change, name="change-maintenance"),
    path("maintenance/<int:pk>/withdraw", windows.withdraw, name="withdraw-maintenance"),
    path("settings/tokens", tokens.tokens, name="tokens"),
    path("settings/tokens/<int:pk>/revoke", tokens.revoke, name="revoke-token"),
]

api: list[URLPattern | URLResolver] = [
    path("components", ComponentList.as_view(), name="components"),
    path("components/bulk", BulkView.as_view(), name="components-bulk"),
    path(COMPONENT, ComponentView.as_view(), name="component"),
    path(f"{COMPONENT}/blast-radius", BlastRadiusView.as_view(), name="blast-radius"),
    path("systems", SystemList.as_view(), name="systems"),
    path("systems/<str:namespace>/<str:name>", SystemView.as_view(), name="system"),
    path("domains", DomainList.as_view(), name="domains"),
    path("domains/<str:namespace>/<str:name>", DomainView.as_view(), name="domain"),
    path("teams", TeamList.as_view(), name="teams"),
    path(TEAM, TeamView.as_view(), name="team"),
    path("people", PersonList.as_view(), name="people"),
    path(PERSON, PersonView.as_view(), name="person"),
    path("apply", ApplyView.as_view(), name="apply"),
    path("catalog-info.yaml", ExportView.as_view(), name="catalog-info"),
    path("changes", ChangeList.as_view(), name="changes"),
    path("maintenance-windows", WindowList.as_view(), name="windows"),
    path("maintenance-windows/<int:pk>", OneWindow.as_view(), name="window"),
    path("me", MeView.as_view(), name="me"),
]
