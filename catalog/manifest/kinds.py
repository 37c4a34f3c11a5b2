"""PURE: the kinds Backstage's model has, and what each may say in `spec`: one table for reading and for writing."""

from dataclasses import dataclass
from enum import Enum, auto

from catalog.manifest.entities import (
    ApiSpec,
    ComponentSpec,
    DomainSpec,
    GroupSpec,
    LocationSpec,
    ResourceSpec,
    Spec,
    SystemSpec,
    UserSpec,
)


class Shape(Enum):
    """How a field is written."""

    TEXT = auto()
    TEXTS = auto()
    MARKABLE = auto()
    REFERENCE = auto()
    REFERENCES = auto()
    PROFILE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of `spec`. `kind` is what a reference means that says none; `relation` what it makes.

    With `unless`, it is needed only where that other key says nothing.
    """

    key: str
    attribute: str
    shape: Shape = Shape.TEXT
    required: bool = False
    unless: str = ""
    kind: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an entity of this kind says in `spec`. `also` are keys known elsewhere, kept as they are."""

    spec: type[Spec]
    fields: tuple[Field, ...]
    also: tuple[str, ...] = ()


def _one(key: str, attribute: str, kind: str, relation: str, *, required: bool = False) -> Field:
    shape = Shape.REFERENCE
    return Field(key=key, attribute=attribute, shape=shape, kind=kind, relation=relation, required=required)


def _many(key: str, attribute: str, kind: str, relation: str, *, required: bool = False) -> Field:
    shape = Shape.REFERENCES
    return Field(key=key, attribute=attribute, shape=shape, kind=kind, relation=relation, required=required)


TYPE = Field(key="type", attribute="type", required=True)
ANY_TYPE = Field(key="type", attribute="type")
LIFECYCLE = Field(key="lifecycle", attribute="lifecycle", required=True)
PROFILE = Field(key="profile", attribute="profile", shape=Shape.PROFILE)
OWNER = _one("owner", "owner", "group", "ownedBy", required=True)
SYSTEM = _one("system", "system", "system", "partOf")
DEPENDS_ON = _many("dependsOn", "depends_on", "", "dependsOn")
DEPENDENCY_OF = _many("dependencyOf", "dependency_of", "", "dependencyOf")

KINDS = {
    "Component": Kind(
        ComponentSpec,
        (
            TYPE,
            LIFECYCLE,
            OWNER,
            SYSTEM,
            _one("subcomponentOf", "subcomponent_of", "component", "partOf"),
            _many("providesApis", "provides_apis", "api", "providesApi"),
            _many("consumesApis", "consumes_apis", "api", "consumesApi"),
            DEPENDS_ON,
            DEPENDENCY_OF,
        ),
    ),
    "API": Kind(
        ApiSpec,
        (
            TYPE,
            LIFECYCLE,
            OWNER,
            SYSTEM,
            # an MCP server says where it answers instead
            Field(key="definition", attribute="definition", shape=Shape.MARKABLE, required=True, unless="remotes"),
        ),
    ),
    "Resource": Kind(ResourceSpec, (TYPE, OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF), ("lifecycle",)),
    "System": Kind(SystemSpec, (OWNER, ANY_TYPE, _one("domain", "domain", "domain", "partOf"))),
    "Domain": Kind(DomainSpec, (OWNER, ANY_TYPE, _one("subdomainOf", "subdomain_of", "domain", "partOf"))),
    "Group": Kind(
        GroupSpec,
        (
            TYPE,
            PROFILE,
            _one("parent", "parent", "group", "childOf"),
            _many("children", "children", "group", "parentOf", required=True),
            _many("members", "members", "user", "hasMember"),
        ),
        ("leader",),
    ),
    "User": Kind(
        UserSpec, (PROFILE, _many("memberOf", "member_of", "group", "memberOf", required=True)), ("leaderOf",)
    ),
    "Location": Kind(
        LocationSpec,
        (
            ANY_TYPE,
            Field(key="target", attribute="target"),
            Field(key="targets", attribute="targets", shape=Shape.TEXTS),
            Field(key="presence", attribute="presence"),
        ),
    ),
}
API_VERSIONS = ("backstage.io/v1alpha1", "backstage.io/v1beta1")
ROOT_KEYS = ("apiVersion", "kind", "metadata", "spec")
METADATA_KEYS = ("name", "namespace", "title", "description", "labels", "annotations", "tags", "links")
GENERATED_KEYS = ("uid", "etag", "generation")
PROFILE_KEYS = {"displayName": "display_name", "email": "email", "picture": "picture"}
LINK_KEYS = ("url", "title", "icon", "type")
RELATED = frozenset(field.key for kind in KINDS.values() for field in kind.fields if field.relation)
