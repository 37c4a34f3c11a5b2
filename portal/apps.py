"""The portal itself as a Django app: its templates' tags, its static files, its commands."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """No models: what several apps need together, and what none of them owns."""

    name = "portal"
    verbose_name = "Portal"
