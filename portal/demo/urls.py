"""Addresses of the demo; mounted only where PORTAL_DEMO says so."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from portal.demo import reading, views

pages: list[URLPattern] = [
    path("demo", RedirectView.as_view(pattern_name="demo:break"), name="demo"),
    path("demo/break", views.levers, name="break"),
    path("demo/break/<slug:scenario>", views.break_it, name="break-it"),
    path("demo/repair", views.repair, name="repair"),
    path("demo/inbox", reading.inbox, name="inbox"),
    path("demo/inbox/<slug:key>", reading.mail, name="mail"),
    path("demo/inbox/<slug:key>/html", reading.mail_html, name="mail-html"),
]
