"""The incidents app."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Who is told, and what happened."""

    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
