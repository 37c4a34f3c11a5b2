"""The catalog over HTTP, as JSON."""

from catalog.api import schema

__all__ = ["schema"]
