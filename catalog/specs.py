"""PURE: what a client says of a component, a team or a person, whether it came by API, form or manifest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from zoneinfo import available_timezones

from catalog import rules
from portal.lib.errors import FieldError, Invalid

KINDS = ("component", "resource", "api")
ROLES = ("lead", "member")
Link = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec:
    """A component in whole. References may be short (`build-ci`) until `checked_component` made them whole."""

    kind: str
    namespace: str
    name: str
    title: str = ""
    description: str = ""
    type: str = ""
    lifecycle: str = ""
    tier: int | None = None
    owner: str = ""
    system: str = ""
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    docs: str = ""
    runbook: str = ""
    depends_on: tuple[str, ...] = ()
    provides_apis: tuple[str, ...] = ()
    consumes_apis: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        """`component:default/ci-runners`."""
        return f"{self.kind}:{self.namespace}/{self.name}".lower()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MemberSpec:
    """A person in a team, by reference."""

    person: str
    role: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSpec:
    """A team in whole; `members` None leaves them as they are."""

    namespace: str
    name: str
    title: str = ""
    description: str = ""
    type: str = "team"
    email: str = ""
    chat_url: str = ""
    parent: str = ""
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    members: tuple[MemberSpec, ...] | None = None

    @property
    def ref(self) -> str:
        """`group:default/build-ci`."""
        return f"group:{self.namespace}/{self.name}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSpec:
    """What the catalog knows of a person."""

    namespace: str
    name: str
    display_name: str = ""
    email: str = ""
    time_zone: str = "UTC"
    clock_24h: bool = True

    @property
    def ref(self) -> str:
        """`user:default/ada`."""
        return f"user:{self.namespace}/{self.name}".lower()


REFERENCE_LISTS = {"depends_on": "", "provides_apis": "api", "consumes_apis": "api", "responders": "group"}
COMPONENT_LENGTHS = {"title": 200, "type": 63, "lifecycle": 63, "description": 20_000, "docs": 500_000}
TEAM_LENGTHS = {"title": 200, "type": 63, "description": 20_000}


def checked_component(spec: ComponentSpec) -> ComponentSpec:
    """`spec` with whole, sorted references. Raises Invalid naming every fault at once."""
    errors = [*_metadata(spec), *_component_faults(spec)]
    owner, faults = rules.reference("owner", spec.owner, kind="group", namespace=spec.namespace)
    system, more = rules.reference("system", spec.system, kind="system", namespace=spec.namespace)
    errors += [*faults, *more]
    lists: dict[str, tuple[str, ...]] = {}
    for name, kind in REFERENCE_LISTS.items():
        lists[name], faults = _references(name, getattr(spec, name), kind=kind, holder=spec)
        errors += faults
    _refuse(errors)
    return replace(
        spec,
        owner=owner,
        system=system,
        tags=_once(spec.tags),
        depends_on=lists["depends_on"],
        provides_apis=lists["provides_apis"],
        consumes_apis=lists["consumes_apis"],
        responders=lists["responders"],
    )


def checked_team(spec: TeamSpec) -> TeamSpec:
    """`spec` with whole, sorted references. Raises Invalid naming every fault at once."""
    errors = [
        *_metadata(spec),
        *rules.lengths(TEAM_LENGTHS, _texts(spec)),
        *rules.web_address("chat_url", spec.chat_url),
    ]
    errors += _mail(spec.email)
    parent, faults = rules.reference("parent", spec.parent, kind="group", namespace=spec.namespace)
    errors += faults
    if parent == spec.ref:
        errors.append(FieldError("parent", "own_parent", "A team can't be its own parent."))
    members, faults = _members(spec)
    errors += faults
    _refuse(errors)
    return replace(spec, parent=parent, members=members, tags=_once(spec.tags))


def checked_person(spec: PersonSpec) -> PersonSpec:
    """`spec` as it is. Raises Invalid naming every fault at once."""
    errors = [*rules.naming(namespace=spec.namespace, name=spec.name), *_mail(spec.email)]
    errors += rules.lengths({"display_name": 200}, _texts(spec))
    errors += [e for name, text in _texts(spec).items() for e in rules.storable(name, text)]
    if spec.time_zone not in available_timezones():
        errors.append(FieldError("time_zone", "unknown_zone", f"{spec.time_zone!r}: write for example Europe/Berlin."))
    _refuse(errors)
    return spec


def _component_faults(spec: ComponentSpec) -> Iterator[FieldError]:
    if spec.kind not in KINDS:
        yield FieldError("kind", "unknown_kind", f"{spec.kind!r}: use one of {', '.join(KINDS)}.")
    if spec.tier is not None and spec.tier not in range(1, 5):
        yield FieldError(
            "tier", "out_of_range", "Use 1 (the whole company stops) to 4 (nobody notices), or leave it out."
        )
    yield from rules.lengths(COMPONENT_LENGTHS, _texts(spec))
    yield from rules.web_address("runbook", spec.runbook)


def _metadata(spec: ComponentSpec | TeamSpec) -> Iterator[FieldError]:
    yield from rules.naming(namespace=spec.namespace, name=spec.name)
    yield from rules.tags(spec.tags)
    yield from rules.labels(spec.labels)
    yield from rules.annotations(spec.annotations)
    yield from rules.links(spec.links)
    texts = {
        **_texts(spec),
        **{f"annotations.{key}": value for key, value in spec.annotations.items()},
        **{f"links[{i}].{key}": value for i, link in enumerate(spec.links) for key, value in link.items()},
    }
    for name, text in texts.items():
        yield from rules.storable(name, text)


def _texts(spec: ComponentSpec | TeamSpec | PersonSpec) -> dict[str, str]:
    return {f.name: value for f in fields(spec) if isinstance(value := getattr(spec, f.name), str)}


def _references(
    name: str, given: Iterable[str], *, kind: str, holder: ComponentSpec
) -> tuple[tuple[str, ...], list[FieldError]]:
    errors: list[FieldError] = []
    found = set()
    for place, text in enumerate(given):
        where = f"{name}[{place}]"
        ref, faults = rules.reference(where, text, kind=kind, namespace=holder.namespace)
        errors += faults
        if not ref:
            errors.append(FieldError(where, "blank", "Remove the empty entry."))
        if ref == holder.ref:
            errors.append(FieldError(where, "itself", "A component can't name itself here."))
        found.add(ref)
    return tuple(sorted(found)), errors


def _members(spec: TeamSpec) -> tuple[tuple[MemberSpec, ...] | None, list[FieldError]]:
    errors: list[FieldError] = []
    found: dict[str, MemberSpec] = {}
    for place, member in enumerate(spec.members or ()):
        where = f"members[{place}]"
        ref, faults = rules.reference(f"{where}.person", member.person, kind="user", namespace=spec.namespace)
        errors += faults
        if not ref:
            errors.append(FieldError(f"{where}.person", "blank", "Name a person, for example user:default/ada."))
        if member.role not in ROLES:
            errors.append(FieldError(f"{where}.role", "unknown_role", f"{member.role!r}: use lead or member."))
        if ref in found:
            errors.append(FieldError(f"{where}.person", "twice", f"{ref} is named twice."))
        found[ref] = MemberSpec(person=ref, role=member.role)
    return (None if spec.members is None else tuple(sorted(found.values()))), errors


def _mail(address: str) -> Iterator[FieldError]:
    name, at, host = address.rpartition("@")
    if address and (not name or not at or any(c.isspace() for c in address) or not host):
        yield FieldError("email", "invalid_email", f"{address!r}: write an address such as ada@example.org.")
    elif len(address) > 254:
        yield FieldError("email", "too_long", "Use at most 254 characters.")


def _once(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors[:5]), errors=tuple(errors))
