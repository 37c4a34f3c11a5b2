"""Addresses of the incidents app: `pages` below the root, `api` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from incidents.api import absences as api_absences
from incidents.api import action_items as api_items
from incidents.api import alerts as api_alerts
from incidents.api import analytics as api_analytics
from incidents.api import calendars as api_calendars
from incidents.api import changes as api_changes
from incidents.api import contacts as api_contacts
from incidents.api import coverage as api_coverage
from incidents.api import digests as api_digests
from incidents.api import drills as api_drills
from incidents.api import inbox as api_inbox
from incidents.api import incidents as api_incidents
from incidents.api import intake as api_intake
from incidents.api import integrations as api_integrations
from incidents.api import oncall as api_oncall
from incidents.api import oncall_checks as api_checks
from incidents.api import oncall_layers as api_layers
from incidents.api import oncall_swaps as api_swaps
from incidents.api import pausing as api_pausing
from incidents.api import policies as api_policies
from incidents.api import reviews as api_reviews
from incidents.api import simulating as api_simulating
from incidents.api import status as api_status
from incidents.api import working as api_working
from incidents.views import (
    absences,
    ack,
    action_items,
    actions,
    analytics,
    attempts,
    calendars,
    changes,
    contacts,
    coverage,
    declaring,
    deliveries,
    digests,
    drills,
    fairness,
    handoff_notes,
    inbox,
    integrations,
    listing,
    oncall,
    policies,
    problems,
    reviews,
    status,
    steering,
    suggesting,
    swaps,
    working,
)
from incidents.views import pages as views
from incidents.views import settings as paging_settings

pages: list[URLPattern | URLResolver] = [
    *listing.urlpatterns,
    *declaring.urlpatterns,
    path("incidents/<int:number>", views.incident_page, name="incident"),
    path("incidents/<int:number>/live", views.incident_live, name="live"),
    path("incidents/<int:number>/measured", views.incident_measured, name="measured"),
    path("incidents/<int:number>/entries", views.incident_entries, name="entries"),
    path("incidents/<int:number>/work", views.incident_work, name="work"),
    path("incidents/<int:number>/resolve", actions.resolve, name="resolve"),
    path("incidents/<int:number>/note", actions.note, name="note"),
    path("incidents/<int:number>/severity", actions.severity, name="severity"),
    path("incidents/<int:number>/engage", actions.engage, name="engage"),
    path("incidents/<int:number>/pages/<int:page>/acknowledge", actions.acknowledge, name="acknowledge"),
    path("incidents/<int:number>/pages/<int:page>/escalate", actions.escalate, name="escalate"),
    path("a/<str:token>", ack.ack, name="ack"),
    path("a/all/<str:token>", ack.ack_all, name="ack-all"),
    *attempts.urlpatterns,
    *suggesting.urlpatterns,
    *digests.urlpatterns,
    *working.urlpatterns,
    *changes.urlpatterns,
    *status.urlpatterns,
    *problems.urlpatterns,
    *fairness.urlpatterns,
    *absences.urlpatterns,
    *handoff_notes.urlpatterns,
    *swaps.urlpatterns,
    *oncall.urlpatterns,
    *calendars.urlpatterns,
    *steering.urlpatterns,
    *policies.urlpatterns,
    *paging_settings.urlpatterns,
    *integrations.urlpatterns,
    *deliveries.urlpatterns,
    *contacts.urlpatterns,
    *inbox.urlpatterns,
    *analytics.urlpatterns,
    *action_items.urlpatterns,
    *reviews.urlpatterns,
    *drills.urlpatterns,
    *coverage.urlpatterns,
]

api: list[URLPattern | URLResolver] = [
    *api_digests.urlpatterns,
    path("alerts", api_alerts.Alerts.as_view(), name="alerts"),
    path("incidents", api_incidents.Incidents.as_view(), name="incidents"),
    path("incidents/simulate", api_simulating.Simulate.as_view(), name="simulate"),
    path("paging/pause", api_pausing.Pause.as_view(), name="pause"),
    path("incidents/<int:number>", api_incidents.OneIncident.as_view(), name="incident"),
    path("incidents/<int:number>/acknowledge", api_incidents.Acknowledge.as_view(), name="acknowledge"),
    path("incidents/<int:number>/resolve", api_incidents.Resolve.as_view(), name="resolve"),
    path("incidents/<int:number>/notes", api_incidents.Notes.as_view(), name="notes"),
    path("incidents/<int:number>/timeline", api_incidents.Timeline.as_view(), name="timeline"),
    *api_working.urlpatterns,
    *api_changes.urlpatterns,
    *api_status.urlpatterns,
    *api_oncall.urlpatterns,
    *api_calendars.urlpatterns,
    *api_layers.urlpatterns,
    *api_swaps.urlpatterns,
    *api_checks.urlpatterns,
    *api_absences.urlpatterns,
    *api_intake.urlpatterns,
    *api_policies.urlpatterns,
    *api_integrations.urlpatterns,
    *api_contacts.urlpatterns,
    *api_inbox.urlpatterns,
    *api_analytics.urlpatterns,
    *api_items.urlpatterns,
    *api_reviews.urlpatterns,
    *api_drills.urlpatterns,
    *api_coverage.urlpatterns,
]
