"""PURE: a component, a resource or an API as a client says it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from catalog import rules
from catalog.specs.shared import OWNERS, Metadata, metadata, once, references, refuse, settled
from portal.lib.errors import FieldError

KINDS = ("component", "resource", "api")
REFERENCE_LISTS = {
    "depends_on": "",
    "dependency_of": "",
    "provides_apis": "api",
    "consumes_apis": "api",
    "responders": "group",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec(Metadata):
    """A component in whole. References may be short (`build-ci`) until `checked_component` made them whole."""

    kind: str
    type: str = ""
    lifecycle: str = ""
    tier: int | None = None
    owner: str = ""
    system: str = ""
    subcomponent_of: str = ""
    docs: str = ""
    runbook: str = ""
    definition: str = ""
    depends_on: tuple[str, ...] = ()
    dependency_of: tuple[str, ...] = ()
    provides_apis: tuple[str, ...] = ()
    consumes_apis: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        """`component:default/ci-runners`."""
        return f"{self.kind}:{self.namespace}/{self.name}".lower()


def checked_component(spec: ComponentSpec) -> ComponentSpec:
    """`spec` with whole, sorted references. Raises Invalid naming every fault at once."""
    errors, ref = [*metadata(spec), *_faults(spec)], spec.ref
    owner, faults = rules.reference("owner", spec.owner, kind="group", namespace=spec.namespace, kinds=OWNERS)
    system, more = rules.reference("system", spec.system, kind="system", namespace=spec.namespace)
    part_of, others = rules.reference(
        "subcomponent_of", spec.subcomponent_of, kind="component", namespace=spec.namespace, kinds=KINDS
    )
    errors += [*faults, *more, *others]
    if part_of == ref:
        errors.append(FieldError("subcomponent_of", "itself", "It can't be a part of itself."))
    lists: dict[str, Any] = {}
    for name, kind in REFERENCE_LISTS.items():
        if given := getattr(spec, name):
            lists[name], faults = references(name, given, kind=kind, namespace=spec.namespace, holder=ref)
            errors += faults
    refuse(errors)
    single: dict[str, Any] = {"owner": owner, "system": system, "subcomponent_of": part_of}
    return replace(spec, **single, **lists, tags=once(spec.tags), extra=settled(spec))


def _faults(spec: ComponentSpec) -> Iterator[FieldError]:
    if spec.kind not in KINDS:
        yield FieldError("kind", "unknown_kind", f"{spec.kind!r}: use one of {', '.join(KINDS)}.")
    if spec.tier is not None and spec.tier not in range(1, 5):
        yield FieldError(
            "tier", "out_of_range", "Use 1 (the whole company stops) to 4 (nobody notices), or leave it out."
        )
    if spec.definition and spec.kind != "api":
        yield FieldError("definition", "only_of_an_api", "Only an API has a definition; register one and provide it.")
    yield from rules.web_address("runbook", spec.runbook)
