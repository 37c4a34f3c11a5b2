"""What many alerts of one batch share, asked once: policies in force, the severity table, windows, blast radii."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from catalog.graph import BlastRadius, blast_radius
from catalog.models import Component, MaintenanceWindow
from catalog.queries.windows import Occurrence, running_windows
from incidents import severity
from incidents.models import CatchAll, PolicyVersion, SeverityRule, TeamPaging
from incidents.policies import versions_in_force


@dataclass
class Known:
    """Facts as they are at `now`, kept for as long as one transaction lasts and never longer.

    `simulated` says that all will be rolled back: nobody is made to wait for it. `alone` then leaves out what is open.
    """

    now: datetime
    simulated: bool = False
    alone: bool = False
    _policies: dict[int, PolicyVersion | None] = field(default_factory=dict)
    _radii: dict[int, BlastRadius] = field(default_factory=dict)

    def policy_of_team(self, team_id: int) -> PolicyVersion | None:
        """The version of the team's policy in force; None where it has none."""
        if team_id not in self._policies:
            paging = TeamPaging.objects.filter(team=team_id, policy__isnull=False).first()
            found = versions_in_force([paging.policy_id], now=self.now) if paging and paging.policy_id else {}
            self._policies[team_id] = next(iter(found.values()), None)
        return self._policies[team_id]

    @cached_property
    def catch_all(self) -> PolicyVersion | None:
        """The version of the catch-all policy in force; None where no platform admin has set one."""
        setting = CatchAll.objects.first()
        return versions_in_force([setting.policy_id], now=self.now).get(setting.policy_id) if setting else None

    @cached_property
    def severities(self) -> tuple[severity.Line, ...]:
        """The severity table, or the default one where none was made."""
        rows = SeverityRule.objects.all()
        lines = tuple(severity.Line(row.severity, row.rule, row.tier, row.teams_blocked, row.source) for row in rows)
        return lines or severity.DEFAULT

    def radius(self, component: Component) -> BlastRadius:
        """What breaks with it."""
        if component.pk not in self._radii:
            self._radii[component.pk] = blast_radius(component.pk)
        return self._radii[component.pk]

    @cached_property
    def _windows(self) -> list[Occurrence]:
        return running_windows(self.now, MaintenanceWindow.objects.filter(holds_pages=True))

    def window(self, component: Component | None) -> Occurrence | None:
        """The maintenance window that holds pages of this component now and ends last; a team's holds all it owns."""
        if component is None:
            return None
        held = [one for one in self._windows if _covers(one.window, component)]
        return max(held, key=lambda one: one.end, default=None)


def _covers(window: MaintenanceWindow, component: Component) -> bool:
    if window.component_id is not None:
        return window.component_id == component.pk
    return component.owner_id is not None and window.team_id == component.owner_id
