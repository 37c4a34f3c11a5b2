"""The demo platform as YAML: what its files say, at the pace that is asked for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "platform"
PACES = ("story", "quick")
Item = Mapping[str, Any]


class UnknownPace(ValueError):
    """PORTAL_DEMO_PACE says neither `story` nor `quick`."""


@dataclass(frozen=True, slots=True)
class Documents:
    """Everything that is said of the platform; `digest` changes with any of it."""

    people: tuple[Item, ...]
    teams: tuple[Item, ...]
    components: tuple[Item, ...]
    alert_policies: tuple[Item, ...]
    objectives: tuple[Item, ...]
    schedules: tuple[Item, ...]
    policies: tuple[Item, ...]
    manifest: str
    digest: str


def read(pace: str) -> Documents:
    """All files, with `$step` and its like as the pace has them. Raises UnknownPace."""
    paces = _yaml((FOLDER / "pace.yaml").read_text())
    if pace not in paces:
        raise UnknownPace(f"PORTAL_DEMO_PACE={pace!r}: use one of {', '.join(paces)}")
    names = ("people", "teams", "components", "objectives", "paging")
    texts = [Template((FOLDER / f"{name}.yaml").read_text()).substitute(paces[pace]) for name in names]
    said = {key: tuple(items) for text in texts for key, items in _yaml(text).items()}
    manifest = (FOLDER / "catalog-info.yaml").read_text()
    digest = hashlib.sha256("".join([*texts, manifest]).encode()).hexdigest()[:16]
    return Documents(**said, manifest=manifest, digest=digest)


def past() -> dict[str, Any]:
    """What happened before the demo began: `incidents` in the order of time, and `reviews` by their titles."""
    return _yaml((FOLDER / "past.yaml").read_text())


def rhythm() -> dict[str, Any]:
    """What teams did before the demo began beside mending: drills, a campaign, planned work, swaps and the like."""
    return _yaml((FOLDER / "rhythm.yaml").read_text())


def _yaml(text: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found
