"""Small manifests for tests of locations."""


def component(name: str, *, owner: str = "build-ci", description: str = "") -> str:
    """A component's document."""
    said = f"  description: {description}\n" if description else ""
    return (
        "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
        f"metadata:\n  name: {name}\n{said}"
        f"spec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n"
    )


def api(name: str, definition: str, *, owner: str = "build-ci") -> str:
    """An API's document; `definition` as YAML."""
    return (
        "apiVersion: backstage.io/v1alpha1\nkind: API\n"
        f"metadata:\n  name: {name}\n"
        f"spec:\n  type: openapi\n  lifecycle: production\n  owner: {owner}\n  definition:\n    {definition}\n"
    )


def location(name: str, *targets: str, presence: str = "") -> str:
    """A location's document."""
    listed = "".join(f"    - {target}\n" for target in targets)
    more = f"  presence: {presence}\n" if presence else ""
    return (
        "apiVersion: backstage.io/v1alpha1\nkind: Location\n"
        f"metadata:\n  name: {name}\nspec:\n{more}  targets:\n{listed}"
    )


def stream(*documents: str) -> str:
    """Several documents in one text."""
    return "---\n".join(documents)
