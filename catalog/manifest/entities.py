"""PURE: Backstage's entities as typed values. Two are equal when they say the same, wherever they stood.

References are whole and lower-cased. `extra` holds keys the model doesn't know, as JSON has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.manifest.annotations import Understood
from catalog.manifest.nodes import MapNode, located
from catalog.manifest.problems import Mark
from catalog.manifest.relations import Relation
from catalog.refs import Ref
from portal.lib.links import safe_url

type Extra = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that stands in another file: `{$text: ./openapi.yaml}` is `Marker("$text", "./openapi.yaml")`."""

    key: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as written; only `href` may be rendered as one."""

    url: str
    title: str = ""
    icon: str = ""
    type: str = ""
    extra: Extra = field(default_factory=dict)

    @property
    def href(self) -> str:
        """The address where it is safe to render (http, https, mailto), else empty."""
        return safe_url(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What every entity has."""

    name: str
    namespace: str = "default"
    title: str | Marker = ""
    description: str | Marker = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a group or a user is shown."""

    display_name: str = ""
    email: str = ""
    picture: str = ""
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec:
    """A piece of software, or of the platform."""

    type: str
    lifecycle: str
    owner: Ref
    system: Ref | None = None
    subcomponent_of: Ref | None = None
    provides_apis: tuple[Ref, ...] = ()
    consumes_apis: tuple[Ref, ...] = ()
    depends_on: tuple[Ref, ...] = ()
    dependency_of: tuple[Ref, ...] = ()
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSpec:
    """An interface; the definition is text, or says in which file it stands."""

    type: str
    lifecycle: str
    owner: Ref
    definition: str | Marker
    system: Ref | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSpec:
    """What software needs to run: a database, a cluster, a bucket."""

    type: str
    owner: Ref
    system: Ref | None = None
    depends_on: tuple[Ref, ...] = ()
    dependency_of: tuple[Ref, ...] = ()
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSpec:
    """Things that serve one purpose together."""

    owner: Ref
    type: str = ""
    domain: Ref | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSpec:
    """A business area."""

    owner: Ref
    type: str = ""
    subdomain_of: Ref | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """A team, or what teams are grouped by. `members` None says nothing of members, `()` says there are none."""

    type: str
    children: tuple[Ref, ...]
    parent: Ref | None = None
    members: tuple[Ref, ...] | None = None
    profile: Profile = field(default_factory=Profile)
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSpec:
    """A person."""

    member_of: tuple[Ref, ...]
    profile: Profile = field(default_factory=Profile)
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSpec:
    """Where more manifests are."""

    type: str = ""
    target: str = ""
    targets: tuple[str, ...] = ()
    presence: str = ""
    extra: Extra = field(default_factory=dict)


type Spec = ComponentSpec | ApiSpec | ResourceSpec | SystemSpec | DomainSpec | GroupSpec | UserSpec | LocationSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity. `document` is its place in the text, from 1, and 0 where it was not read from any."""

    api_version: str = "backstage.io/v1alpha1"
    kind: str
    metadata: Metadata
    spec: Spec
    relations: tuple[Relation, ...] = ()
    understood: Understood = field(default_factory=Understood)
    document: int = field(default=0, compare=False)
    root: MapNode | None = field(default=None, compare=False, repr=False)

    @property
    def ref(self) -> Ref:
        """`component:default/ci-runners`."""
        return Ref(self.kind.lower(), self.metadata.namespace.lower(), self.metadata.name.lower())

    def at(self, *path: str | int) -> Mark:
        """Line and column of the value at `path`, as in `at("spec", "dependsOn", 2)`; (1, 1) where it was not read."""
        return (1, 1) if self.root is None else located(self.root, path)
