"""The demo as a Django app, installed only where PORTAL_DEMO says so."""

from django.apps import AppConfig

from catalog.registries import NavEntry, navigation


class DemoConfig(AppConfig):
    """A platform to look at and to break; no models of its own."""

    name = "portal.demo"
    label = "demo"

    def ready(self) -> None:
        """Two entries at the end of the sidebar."""
        navigation["demo"] = NavEntry("Break something", "demo:break", "flame", 900, section="Demo")
        navigation["demo-inbox"] = NavEntry("Inbox", "demo:inbox", "mail", 910, section="Demo")
