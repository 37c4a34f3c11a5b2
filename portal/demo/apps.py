"""The demo as a Django app, installed only where PORTAL_DEMO says so."""

from importlib import import_module

from django.apps import AppConfig

from catalog.registries import NavEntry, navigation
from portal.demo import PASSWORD, WHO


class DemoConfig(AppConfig):
    """A platform to look at and to break; no models of its own."""

    name = "portal.demo"
    label = "demo"

    def ready(self) -> None:
        """Two entries at the end of the sidebar, and who may sign in, for those who left the terminal."""
        navigation["demo"] = NavEntry("Break something", "demo:break", "flame", 900, section="Demo")
        navigation["demo-inbox"] = NavEntry("Everybody’s mail", "demo:inbox", "mail", 910, section="Demo")
        accounts = import_module("portal.pages.accounts")  # a form and views: only once all models are there
        accounts.SignIn.extra_context = {"demo": {"people": WHO, "password": PASSWORD}}
