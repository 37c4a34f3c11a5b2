"""What a source says fires, in one shape for all ways in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catalog.models import Component
from incidents.models import Alert


@dataclass(frozen=True, slots=True)
class Firing:
    """The same `key` is the same trouble. `component_ref` is kept as text where the catalog does not know it.

    `title` is what an incident of it is called, where that is not its `summary`; `figures` say what was measured when
    it began, as a sentence for the timeline, for figures age. `severity` (1 to 5) is given only where a person said it;
    else the table decides by `rule` and the component. `group` says what belongs together: alerts of one group share an
    incident; where it is empty, those of one component do. `found_by` says in words how the component was found ("label
    component=ci-runners"). `accepted_at` is when the portal took it upon itself, where that was before it is raised.
    """

    key: str
    source: str
    summary: str
    rule: str = Alert.Rule.PAGE
    component: Component | None = None
    component_ref: str = ""
    objective_id: int | None = None
    severity: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    links: Sequence[Mapping[str, str]] = ()
    group: str = ""
    found_by: str = ""
    accepted_at: datetime | None = None
    title: str = ""
    figures: str = ""

    @property
    def told(self) -> str:
        """For the timeline: what it is, and what was measured."""
        return f"{self.summary}. {self.figures}" if self.figures else self.summary
