"""The entry point: what Portico finds."""

from importlib import import_module

from django.apps import AppConfig


class AcmeConfig(AppConfig):
    """Cost centres and lamps."""

    name = "portico_acme"

    def ready(self) -> None:
        """Everything is registered in one module, which may import models now."""
        import_module("portico_acme.registration")
