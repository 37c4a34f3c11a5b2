"""PURE: systems and domains, which group components, as a client says them."""

from dataclasses import dataclass, replace

from catalog import rules
from catalog.specs.shared import OWNERS, Metadata, metadata, once, refuse, settled
from portal.lib.errors import FieldError


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSpec(Metadata):
    """A system in whole."""

    type: str = ""
    owner: str = ""
    domain: str = ""

    @property
    def ref(self) -> str:
        """`system:default/build`."""
        return f"system:{self.namespace}/{self.name}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSpec(Metadata):
    """A domain in whole; `parent` is the domain it is part of."""

    type: str = ""
    owner: str = ""
    parent: str = ""

    @property
    def ref(self) -> str:
        """`domain:default/delivery`."""
        return f"domain:{self.namespace}/{self.name}".lower()


def checked_system(spec: SystemSpec) -> SystemSpec:
    """`spec` with whole references. Raises Invalid naming every fault at once."""
    owner, faults = rules.reference("owner", spec.owner, kind="group", namespace=spec.namespace, kinds=OWNERS)
    domain, more = rules.reference("domain", spec.domain, kind="domain", namespace=spec.namespace)
    refuse([*metadata(spec), *faults, *more])
    return replace(spec, owner=owner, domain=domain, tags=once(spec.tags), extra=settled(spec))


def checked_domain(spec: DomainSpec) -> DomainSpec:
    """`spec` with whole references. Raises Invalid naming every fault at once."""
    owner, faults = rules.reference("owner", spec.owner, kind="group", namespace=spec.namespace, kinds=OWNERS)
    parent, more = rules.reference("parent", spec.parent, kind="domain", namespace=spec.namespace)
    errors = [*metadata(spec), *faults, *more]
    if parent == spec.ref:
        errors.append(FieldError("parent", "own_parent", "A domain can't be a part of itself."))
    refuse(errors)
    return replace(spec, owner=owner, parent=parent, tags=once(spec.tags), extra=settled(spec))
