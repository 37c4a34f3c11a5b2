"""The portal itself as a Django app: its templates' tags, its static files, its commands."""

from importlib import import_module

from django.apps import AppConfig

from catalog import registries
from portal import plugins


class PortalConfig(AppConfig):
    """No models: what several apps need together, and what none of them owns."""

    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Registers the portal's own lines of the sidebar, and the documentation as something to be found."""
        registries.navigation["home"] = registries.NavEntry("Home", "home", "layout-dashboard", 10)
        registries.navigation["settings"] = registries.NavEntry(
            "Settings", "settings", "settings", 91, "Administration", admins=True
        )
        registries.navigation["setup"] = registries.NavEntry(
            "Set up", "setup", "list-check", 11, within="home", admins=True
        )
        registries.navigation["docs"] = registries.NavEntry("Docs", "docs", "book", 90)
        registries.navigation["plugins"] = registries.NavEntry(
            "Plugins", "plugins", "package", 97, "Administration", also=("/settings/plugins",), admins=True
        )
        registries.navigation["sharings"] = registries.NavEntry(
            "Shared", "sharings", "link", 98, "Administration", also=("/sharing",)
        )
        registries.subjects["status"] = registries.Subject("status page", "incidents:status", named=False)
        import_module("portal.pages.docs_search")
        plugins.report()
