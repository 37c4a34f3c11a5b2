"""Writing data sources, and what a first start needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.access import Actor
from slo.models import DataSource


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A data source as somebody wrote it; `secret` None keeps the one that is stored."""

    name: str
    url: str
    kind: str = "prometheus"
    is_default: bool = False
    auth: str = "none"
    username: str = ""
    secret: str | None = None
    headers: Mapping[str, str] | None = None
    verify: bool = True
    timeout: str = "10s"
    delay: str = "30s"
    external_labels: tuple[str, ...] = field(default_factory=tuple)


def save_source(*, draft: SourceDraft, actor: Actor, now: datetime) -> DataSource:
    """Create or change the data source `draft.name`; platform admins only. Raises Invalid, Forbidden."""
    raise NotImplementedError


def ensure_defaults(*, now: datetime) -> None:
    """The alert policy `workbook`, and a default data source where PROMETHEUS_URL is set and there is none. Idempotent."""
    raise NotImplementedError
