"""What many alerts of one batch share, asked once: policies in force, the severity table, windows, blast radii."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from catalog.graph import BlastRadius, Place, blast_radius, places
from catalog.models import Component, MaintenanceWindow
from catalog.queries.windows import Occurrence, running_windows
from incidents import severity
from incidents.firing import Firing
from incidents.models import Alert, CatchAll, Incident, PolicyVersion, Severity, SeverityRule, TeamPaging
from incidents.operations import behind
from incidents.policies import versions_in_force
from portal.lib import conf


@dataclass
class Known:
    """Facts as they are at `now`, kept for as long as one transaction lasts and never longer.

    `simulated` says that all will be rolled back: nobody is made to wait for it. `alone` then leaves out what is open.
    """

    now: datetime
    simulated: bool = False
    alone: bool = False
    expected: "Expected | None" = None
    _policies: dict[int, PolicyVersion | None] = field(default_factory=dict)
    _radii: dict[int, BlastRadius] = field(default_factory=dict)

    def expect(self, firings: Sequence[Firing]) -> None:
        """What all these alerts ask, in a handful of questions; the caller holds the alerts (`locking.lock_alerts`)."""
        owners = {one.component.owner_id for one in firings if one.component and one.component.owner_id}
        paging = dict(TeamPaging.objects.filter(team__in=owners).values_list("team_id", "policy_id"))
        versions = versions_in_force([pk for pk in paging.values() if pk], now=self.now)
        self._policies |= {team: versions.get(paging.get(team) or 0) for team in owners}
        self.expected = Expected.of(firings, self.now)
        behind.expect(self.expected.openings(firings))

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
            alone = self.expected is not None and self.expected.breaks_nothing(component)
            self._radii[component.pk] = BlastRadius(component.pk, (), (), 0) if alone else blast_radius(component.pk)
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


@dataclass
class Expected:
    """What a batch of alerts may meet, asked once, so that most of them need not look; others (not `asked`) must.

    Nobody else opens incidents meanwhile, for the batch holds the alerts; what it opens itself is added (`opened`).
    """

    asked: frozenset[str]
    places: Mapping[int, Place]
    components: set[int]
    groups: set[str]
    keys: set[str]
    firing: set[str]
    causes: bool

    @classmethod
    def of(cls, firings: Sequence[Firing], now: datetime) -> "Expected":
        """Six questions."""
        keys = frozenset(one.key for one in firings)
        asked = {one.component.pk for one in firings if one.component is not None}
        there = Incident.objects.filter(is_drill=False).exclude(state=Incident.State.RESOLVED)
        since = now - conf.minutes("PORTAL_REOPEN_MINUTES", 30)
        groups = {one.group[:300] for one in firings if one.group}
        ended = Alert.objects.filter(key__in=keys, cleared_at__gte=since)
        return cls(
            asked=keys,
            places=places(asked),
            components={pk for pk in there.filter(component__in=asked).values_list("component_id", flat=True) if pk},
            groups=set(there.filter(group__in=groups).values_list("group", flat=True)) if groups else set(),
            keys=set(ended.values_list("key", flat=True)),
            firing=set(Alert.objects.filter(key__in=keys, cleared_at=None).values_list("key", flat=True)),
            causes=there.filter(root=None, severity__lte=Severity.P2, component__isnull=False).exists(),
        )

    def opened(self, incident: Incident) -> None:
        """A further one is open."""
        if incident.component_id is not None:
            self.components.add(incident.component_id)
            self.causes = self.causes or incident.severity <= Severity.P2
        if incident.group:
            self.groups.add(incident.group)

    def is_new(self, firing: Firing) -> bool:
        """Whether it is certain that no alert fires under its key; from now on one does."""
        new = firing.key in self.asked and firing.key not in self.firing
        self.firing.add(firing.key)
        return new

    def openings(self, firings: Sequence[Firing]) -> int:
        """How many incidents they open at the most, as far as is known."""
        places = {one.group or (one.component.pk if one.component else one.key) for one in firings if self._opens(one)}
        return len(places)

    def _opens(self, firing: Firing) -> bool:
        return firing.key not in self.firing and not self.may_be_open(firing) and not self.may_have_ended(firing)

    def may_be_open(self, firing: Firing) -> bool:
        """Whether an open incident may be there for it to join."""
        if firing.key not in self.asked:
            return True
        if firing.group:
            return firing.group[:300] in self.groups
        return firing.component.pk in self.components if firing.component is not None else firing.key in self.keys

    def may_have_ended(self, firing: Firing) -> bool:
        """Whether the same trouble may have ended lately."""
        return firing.key in self.keys or firing.key not in self.asked

    def may_have_cause(self, component: Component) -> bool:
        """Whether something upstream may be broken."""
        place = self.places.get(component.pk)
        return self.causes and (place is None or place.depends)

    def breaks_nothing(self, component: Component) -> bool:
        """Whether it is certain that nothing breaks with it."""
        place = self.places.get(component.pk)
        return place is not None and not place.breaks


def _covers(window: MaintenanceWindow, component: Component) -> bool:
    if window.component_id is not None:
        return window.component_id == component.pk
    return component.owner_id is not None and window.team_id == component.owner_id
