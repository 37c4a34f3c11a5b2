"""What else may hold deployments: other apps' reasons. A plain registry, filled in their `AppConfig.ready()`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why deployments wait, in one sentence, and where to read on."""

    text: str
    url: str


type Holds = Callable[[int], Sequence[Reason]]
"""(component's primary key) → what holds its deployments now, in one question to the database."""

registry: dict[str, Holds] = {}
"""By the name of what holds, which `GET …/gate?name=false` leaves out: `incidents`."""
