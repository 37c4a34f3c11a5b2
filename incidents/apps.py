"""The incidents app."""

from importlib import import_module

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Who is told, and what happened."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers what other apps' pages show of incidents."""
        import_module("incidents.registration")
