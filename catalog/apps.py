"""The catalog app."""

from importlib import import_module

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Who owns what, and who may change it."""

    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers its lines of the sidebar, its panels, its scorecard checks and what it finds in searches."""
        import_module("catalog.registration")
        import_module("catalog.maintenance")
