"""PURE: a manifest's entities as the catalog's specs, and back; going there and back changes nothing.

What a spec has no field for is kept in `extra`: keys of `metadata` and `spec` that Portico doesn't know, what a profile
says beyond name and address, and markers (`{$text: …}`) that could not be read. Our own annotations become fields.
"""

from catalog.translating.inward import Untranslatable, spec_of, unread
from catalog.translating.outward import entity_of
from catalog.translating.places import path_of, steps_of

__all__ = ["Untranslatable", "entity_of", "path_of", "spec_of", "steps_of", "unread"]
