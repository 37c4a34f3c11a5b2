"""Manifests for tests: a whole, valid one, changed in one place."""

from catalog.manifest import Entity, Problem, parse

HEAD = "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n"
SPECS = {
    "Component": "  type: service\n  lifecycle: production\n  owner: delivery\n",
    "API": "  type: openapi\n  lifecycle: production\n  owner: delivery\n  definition: x\n",
    "Resource": "  type: database\n  owner: delivery\n",
    "System": "  owner: delivery\n",
    "Domain": "  owner: delivery\n",
    "Group": "  type: team\n  children: []\n",
    "User": "  memberOf: []\n",
    "Location": "  target: ./more.yaml\n",
}


def text(kind: str = "Component", *, name: str = "web", metadata: str = "", spec: str = "", root: str = "") -> str:
    """A valid manifest of one entity; each addition is lines, indented by two below `metadata` and `spec`."""
    return f"{HEAD.format(kind=kind, name=name)}{metadata}spec:\n{SPECS[kind]}{spec}{root}"


def without(kind: str, key: str) -> str:
    """A manifest that leaves one key of `spec` out."""
    kept = [line for line in SPECS[kind].splitlines(keepends=True) if not line.startswith(f"  {key}:")]
    return HEAD.format(kind=kind, name="web") + "spec:\n" + ("".join(kept) or "  {}\n")


def only(given: str | bytes) -> Entity:
    """The one entity of a manifest without errors."""
    found = parse(given)
    assert found.errors == ()
    (entity,) = found.entities
    return entity


def refusal(given: str | bytes) -> Problem:
    """The one error of a manifest that registers nothing."""
    found = parse(given)
    assert found.entities == ()
    (error,) = found.errors
    return error


def warned(given: str | bytes) -> Problem:
    """The one warning of a manifest that is taken all the same."""
    found = parse(given)
    assert found.errors == ()
    assert len(found.entities) == 1
    (warning,) = found.warnings
    return warning
