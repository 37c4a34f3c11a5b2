"""The slo app."""

from importlib import import_module

from django.apps import AppConfig


class SloConfig(AppConfig):
    """What was promised, and how fast the budget is being spent."""

    name = "slo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers what other apps' pages show of objectives."""
        import_module("slo.registration")
