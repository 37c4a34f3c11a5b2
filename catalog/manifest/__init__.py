"""PURE: catalog-info.yaml text → typed entities and back, by Backstage's published rules, with a place for every fault.

`parse` reads a manifest; `read` and `entity_of` do it in two steps, for streams that hold other kinds of documents too;
`render` writes one. No Django, no clock, no network: `{$text: …}` stays a `Marker`.
"""

from catalog.manifest.annotations import Understood, understand
from catalog.manifest.documents import Document, Stream, read
from catalog.manifest.entities import (
    ApiSpec,
    ComponentSpec,
    DomainSpec,
    Entity,
    GroupSpec,
    Link,
    LocationSpec,
    Marker,
    Metadata,
    Profile,
    ResourceSpec,
    Spec,
    SystemSpec,
    UserSpec,
)
from catalog.manifest.kinds import API_VERSIONS, KINDS
from catalog.manifest.problems import Problem, Problems
from catalog.manifest.reading import Manifest, entity_of, parse
from catalog.manifest.relations import INVERSE, Relation, both
from catalog.manifest.rendering import data, render

__all__ = [
    "API_VERSIONS",
    "INVERSE",
    "KINDS",
    "ApiSpec",
    "ComponentSpec",
    "Document",
    "DomainSpec",
    "Entity",
    "GroupSpec",
    "Link",
    "LocationSpec",
    "Manifest",
    "Marker",
    "Metadata",
    "Problem",
    "Problems",
    "Profile",
    "Relation",
    "ResourceSpec",
    "Spec",
    "Stream",
    "SystemSpec",
    "Understood",
    "UserSpec",
    "both",
    "data",
    "entity_of",
    "parse",
    "read",
    "render",
    "understand",
]
