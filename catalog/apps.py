"""The catalog app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Who owns what, and who may change it."""

    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
