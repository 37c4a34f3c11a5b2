"""Addresses of the catalog app: `pages` below the root, `api` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path, re_path

from catalog.api import campaigns as api_campaigns
from catalog.api.bulk import BulkView
from catalog.api.changes import ChangeList
from catalog.api.components import BlastRadiusView, ComponentList, ComponentView
from catalog.api.finding import FacetsView, SearchView
from catalog.api.groups import DomainList, DomainView, SystemList, SystemView
from catalog.api.locations import (
    LocationFiles,
    LocationHook,
    LocationList,
    LocationOrphans,
    LocationPreview,
    LocationRefresh,
    LocationView,
)
from catalog.api.manifests import ApplyView, ExportView
from catalog.api.people import MeView, PersonList, PersonView, TeamList, TeamView
from catalog.api.reading import SavedViewView, StarList, StarView, ViewList
from catalog.api.relations import RelationsView
from catalog.api.trust import ConfirmView, QueueCountsView, QueueView, ScorecardView, ScoreFleetView, ScoreList
from catalog.api.windows import OneWindow, WindowList
from catalog.views import (
    campaigns,
    changes,
    components,
    confirming,
    groups,
    hooks,
    importing,
    locations,
    many,
    queue,
    reading,
    scorecards,
    teams,
    tokens,
    windows,
)

COMPONENT = "components/<str:kind>/<str:namespace>/<str:name>"
SYSTEM = "systems/<str:namespace>/<str:name>"
DOMAIN = "domains/<str:namespace>/<str:name>"
TEAM = "teams/<str:namespace>/<str:name>"
LOCATION = "locations/<str:namespace>/<str:name>"
IMPORT = "imports/<str:namespace>/<str:name>"
PERSON = "people/<str:namespace>/<str:name>"

pages: list[URLPattern | URLResolver] = [
    path("catalog/import", importing.paste, name="import"),
    path("components/new", components.new, name="new-component"),
    path("catalog/bulk", many.change, name="bulk"),
    path("catalog/export.csv", many.export, name="export"),
    path("catalog/views", reading.save, name="save-view"),
    path("catalog/views/<int:pk>/delete", reading.delete, name="delete-view"),
    path("stars", reading.star_thing, name="star"),
    path(f"{COMPONENT}/edit", components.edit, name="edit-component"),
    path(f"{COMPONENT}/retire", components.retire, name="retire-component"),
    path("systems/new", groups.new, {"kind": groups.SYSTEM}, name="new-system"),
    path(f"{SYSTEM}/edit", groups.edit, {"kind": groups.SYSTEM}, name="edit-system"),
    path(f"{SYSTEM}/retire", groups.retire, {"kind": groups.SYSTEM}, name="retire-system"),
    path("domains/new", groups.new, {"kind": groups.DOMAIN}, name="new-domain"),
    path(f"{DOMAIN}/edit", groups.edit, {"kind": groups.DOMAIN}, name="edit-domain"),
    path(f"{DOMAIN}/retire", groups.retire, {"kind": groups.DOMAIN}, name="retire-domain"),
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
    path("catalog/queue", queue.show, name="queue"),
    path("catalog/queue/fix", queue.fix, name="queue-fix"),
    path(f"{COMPONENT}/confirm", confirming.component, name="confirm-component"),
    path(f"{TEAM}/confirm", confirming.team, name="confirm-team"),
    path("scorecards", scorecards.show, name="scorecards"),
    path("scorecards/components", scorecards.components, name="scored-components"),
    *campaigns.urlpatterns,
    path("settings/tokens", tokens.tokens, name="tokens"),
    path("settings/tokens/<int:pk>/revoke", tokens.revoke, name="revoke-token"),
    path("imports", locations.listing, name="locations"),
    path("imports/new", locations.new, name="new-location"),
    path(IMPORT, locations.show, name="location"),
    path(f"{IMPORT}/edit", locations.edit, name="edit-location"),
    path(f"{IMPORT}/refresh", locations.refresh, name="refresh-location"),
    path(f"{IMPORT}/retire", locations.retire, name="retire-location"),
    path(f"{IMPORT}/webhook", locations.hook, name="location-webhook"),
    path(f"{IMPORT}/orphans", locations.retire_orphan, name="retire-orphan"),
    path(f"hooks/{LOCATION}", hooks.location, name="location-hook"),
]

api: list[URLPattern | URLResolver] = [
    path("catalog/queue", QueueView.as_view(), name="queue"),
    path("catalog/queue/counts", QueueCountsView.as_view(), name="queue-counts"),
    path("scorecards", ScoreList.as_view(), name="scorecards"),
    path("scorecards/fleet", ScoreFleetView.as_view(), name="scorecards-fleet"),
    *api_campaigns.urlpatterns,
    path("components/confirm", ConfirmView.as_view(), name="components-confirm"),
    path(f"{COMPONENT}/scorecard", ScorecardView.as_view(), name="scorecard"),
    path("components", ComponentList.as_view(), name="components"),
    path("components/bulk", BulkView.as_view(), name="components-bulk"),
    path("components/facets", FacetsView.as_view(), name="facets"),
    path("search", SearchView.as_view(), name="search"),
    path(COMPONENT, ComponentView.as_view(), name="component"),
    path(f"{COMPONENT}/blast-radius", BlastRadiusView.as_view(), name="blast-radius"),
    path("systems", SystemList.as_view(), name="systems"),
    path(SYSTEM, SystemView.as_view(), name="system"),
    path("domains", DomainList.as_view(), name="domains"),
    path(DOMAIN, DomainView.as_view(), name="domain"),
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
    path("entities/<str:kind>/<str:namespace>/<str:name>/relations", RelationsView.as_view(), name="relations"),
    path("locations", LocationList.as_view(), name="locations"),
    path("locations/preview", LocationPreview.as_view(), name="location-preview"),
    path(LOCATION, LocationView.as_view(), name="location"),
    path(f"{LOCATION}/refresh", LocationRefresh.as_view(), name="location-refresh"),
    path(f"{LOCATION}/files", LocationFiles.as_view(), name="location-files"),
    path(f"{LOCATION}/orphans", LocationOrphans.as_view(), name="location-orphans"),
    path(f"{LOCATION}/webhook", LocationHook.as_view(), name="location-webhook"),
    path("me/stars", StarList.as_view(), name="stars"),
    path("me/stars/<path:ref>", StarView.as_view(), name="star"),
    path("me/views", ViewList.as_view(), name="views"),
    path("me/views/<str:number>", SavedViewView.as_view(), name="view"),
]
