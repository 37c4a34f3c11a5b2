"""The slo app."""

from django.apps import AppConfig


class SloConfig(AppConfig):
    """What was promised, and how fast the budget is being spent."""

    name = "slo"
    default_auto_field = "django.db.models.BigAutoField"
