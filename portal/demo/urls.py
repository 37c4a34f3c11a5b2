"""Addresses of the demo, below /demo; mounted only where PORTAL_DEMO says so."""

from django.urls import URLPattern, path

from portal.demo import views

pages: list[URLPattern] = [
    path("", views.levers, name="break"),
    path("/break/<slug:scenario>", views.break_it, name="break-it"),
    path("/repair", views.repair, name="repair"),
    path("/inbox", views.inbox, name="inbox"),
    path("/inbox/<slug:key>", views.mail, name="mail"),
    path("/inbox/<slug:key>/html", views.mail_html, name="mail-html"),
]
