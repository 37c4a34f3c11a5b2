"""The catalog app."""

from importlib import import_module

from django.apps import AppConfig

from catalog import registries


class CatalogConfig(AppConfig):
    """Who owns what, and who may change it."""

    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Registers its lines of the sidebar, and planned maintenance on the pages of components and teams."""
        import_module("catalog.registration")
        registries.navigation["maintenance"] = registries.NavEntry("Maintenance", "catalog:maintenance", "tool", 55)
        registries.navigation["catalog"] = registries.NavEntry("Catalog", "catalog:components", "packages", 20)
        registries.navigation["people"] = registries.NavEntry("People", "people", "users", 22)
        registries.navigation["changes"] = registries.NavEntry(
            "Change log", "catalog:changes", "history", 94, section="Administration"
        )
        registries.navigation["tokens"] = registries.NavEntry(
            "API tokens", "catalog:tokens", "key", 96, section="Administration"
        )
