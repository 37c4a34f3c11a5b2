"""Addresses of the slo app: `pages` below the root, `api` below /api/v1/. The objective's own page is portal.pages'."""

from django.urls import URLPattern, URLResolver, path

from slo.views import edit, fleet, sources

pages: list[URLPattern | URLResolver] = [
    path("slos", fleet.fleet, name="list"),
    path("slos/new", edit.new_objective, name="new"),
    path("slos/<int:pk>/edit", edit.edit_objective, name="edit"),
    path("slos/<int:pk>/retire", edit.retire_objective, name="retire"),
    path("settings/sources", sources.source_list, name="sources"),
]

api: list[URLPattern | URLResolver] = []
