"""Addresses of the catalog app: `pages` below the root, `api` below /api/v1/."""

from django.urls import URLPattern, URLResolver

pages: list[URLPattern | URLResolver] = []

api: list[URLPattern | URLResolver] = []
