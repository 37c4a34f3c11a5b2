"""Pages that need more than one app."""

from django.urls import URLPattern, URLResolver

pages: list[URLPattern | URLResolver] = []
