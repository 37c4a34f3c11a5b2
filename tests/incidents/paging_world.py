"""A small world that pages, for the model-based test: what people and sweeps do to it, and what must hold after each.

Everything happens by the operations that pages and the API use, on rows, at the world's own time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from django.db.models import Q

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.escalation import ESCALATING, State, Step, Target, TargetKind
from incidents.firing import Firing
from incidents.models import (
    CatchAll,
    ContactMethod,
    EscalationPolicy,
    Incident,
    Notification,
    Override,
    Page,
    PageStep,
    TimelineEntry,
)
from incidents.operations.causes import grace
from incidents.operations.engaging import NOBODY
from incidents.operations.policies import PolicyDraft, put_policy, set_team_paging
from incidents.operations.replanning import apply_new_policy
from incidents.operations.response import DECIDING
from incidents.paging import advance_due, check_again_due
from incidents.paging.outbox import Leased, Outcome, lease
from incidents.paging.settling import settle
from incidents.policies import policy_for
from tests import make, make_incidents
from tests.make import NOW

ROOT = Actor(system="test", via="system")
Note = Notification.State
type Place = tuple[int, int, int]
NAMES = ("ada", "linh", "boss", "omar")


class World:
    """Two teams with policies, one of which may fall back to the other; four people, a schedule, three components."""

    def __init__(self, first: Sequence[Step], second: Sequence[Step], *, falls_back: bool, caught: bool) -> None:
        self.now = NOW
        self.people = {name: make_incidents.reachable(name) for name in NAMES}
        self.schedule = make_incidents.schedule(self.people["ada"], self.people["linh"])
        self.teams = [make.team("ci", self.people["ada"], self.people["omar"]), make.team("net", self.people["linh"])]
        self.policies: list[EscalationPolicy] = []
        for team, steps in zip(reversed(self.teams), (second, first), strict=True):
            fallback = self.policies[0] if self.policies and falls_back else None
            self.policies.append(self.put(team.name, steps, fallback=fallback))
            set_team_paging(team=team, policy=self.policies[-1], schedule=None, by=ROOT, now=self.now)
        if caught:
            CatchAll.objects.create(pk=1, policy=self.put("catch", [by_person("boss")]))
        cluster = make.component("cluster", owner=self.teams[1], tier=2)
        runners = make.component("runners", owner=self.teams[0], tier=1, responders=[self.teams[1]])
        make.dependency(runners, cluster)
        self.components = [runners, cluster, make.component("orphan")]
        self.taken: dict[int, set[tuple[int, Place]]] = defaultdict(set)

    def put(
        self, name: str, steps: Sequence[Step], fallback: EscalationPolicy | None = None, **said: object
    ) -> EscalationPolicy:
        """A policy, or its next version."""
        team = next((team for team in self.teams if team.name == name), None)
        draft = PolicyDraft(name, name.title(), team, tuple(steps), fallback=fallback, **said)  # type: ignore[arg-type]
        return put_policy(draft=draft, by=ROOT, now=self.now)[0].policy

    def on_call(self) -> Step:
        """A step that asks whoever the schedule names."""
        return make_incidents.step(self.schedule)

    def all_there(self) -> bool:
        """Whether everybody a policy may name is there."""
        return Person.objects.filter(name__in=NAMES, retired_at=None).count() == len(NAMES)

    def somebody(self, name: str) -> Person | None:
        """The person, unless they left or were deleted."""
        return Person.objects.filter(name=name, retired_at=None).first()

    def open_pages(self) -> list[Page]:
        """Pages of open incidents, in order."""
        found = Page.objects.exclude(state=State.RESOLVED).exclude(incident__state=Incident.State.RESOLVED)
        return list(found.order_by("pk").select_related("incident"))

    def open_incidents(self) -> list[Incident]:
        """In order."""
        return list(Incident.objects.exclude(state=Incident.State.RESOLVED).order_by("pk"))

    def fire(self, key: str, component: int, rule: str) -> None:
        """An alert, or its repeat."""
        firing = Firing(key=key, source="api", summary="Down", rule=rule, component=self.components[component])
        operations.raise_alert(firing=firing, now=self.now)

    def sweep(self, limit: int) -> None:
        """All passes of this moment; each page's steps are compared with where it stood before."""
        for _ in range(100):
            before = {page.pk: page for page in Page.objects.select_related("incident", "policy_version", "person")}
            newest = PageStep.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            swept = advance_due(now=self.now, limit=limit)
            assert not swept.failed, "a page could not be moved"
            self._compare(before, newest)
            if not swept:
                break
        assert not Page.objects.filter(next_step_at__lte=self.now).exists(), "a due page was left behind"

    def _compare(self, before: dict[int, Page], newest: int) -> None:
        steps: dict[int, list[PageStep]] = defaultdict(list)
        for step in PageStep.objects.filter(pk__gt=newest).order_by("pk"):
            steps[step.page_id].append(step)
        for pk, made in steps.items():
            page = before[pk]
            heard = [step for step in made if step.people]
            assert not page.incident.is_information or len(heard) <= 1, "for information, and told twice"
            assert page.state in ESCALATING, f"a page that was {page.state} asked somebody"
            assert page.next_step_at is not None
            assert page.next_step_at <= self.now, "a step was taken before it was due"
            expected = places_from((page.cycle, page.step, page.repeat), page)
            for step in made:
                assert step.generation == page.generation
                place = (step.cycle, step.step, step.repeat)
                assert place == next(expected, None), "a step was skipped or taken out of turn"
                assert (step.generation, place) not in self.taken[pk], "a step was taken twice"
                self.taken[pk].add((step.generation, place))
                if not step.people:
                    expected = places_from(place, page, unreachable=True)
            assert all(not step.people for step in made[:-1]), "after a step that reached somebody the next waits"

    def deliver(self, outcome: str, *, also: Sequence[Leased] = ()) -> None:
        """A courier takes what is due, and this comes of it and of what it took `also`, before."""
        self.settle(outcome, [*also, *self.leased()])

    def settle(self, outcome: str, rows: Sequence[Leased]) -> None:
        """What came of these tries."""
        error = "" if outcome == "sent" else "refused"
        settle([Outcome(row, error=error, permanent=outcome == "permanent") for row in rows], now=self.now)

    def leased(self) -> list[Leased]:
        """A courier takes what is due along."""
        return lease(now=self.now, by="courier", limit=20)

    def leaves(self, name: str, *, for_good: bool) -> None:
        """A person is retired, or deleted with all that refers to them."""
        person = Person.objects.filter(name=name).first()
        if person is None:
            return
        if for_good:
            person.delete()
        else:
            Person.objects.filter(pk=person.pk).update(retired_at=self.now)

    def gap(self, minutes: int) -> None:
        """Nobody is on call for so long."""
        until = self.now + timedelta(minutes=minutes)
        Override.objects.create(
            schedule=self.schedule, person=None, starts_at=self.now, ends_at=until, created_at=self.now
        )

    def toggle_method(self, name: str) -> None:
        """Somebody takes their way to be reached away, or puts it back."""
        methods = ContactMethod.objects.filter(person__name=name)
        removed = methods.filter(removed_at=None).update(removed_at=self.now)
        if not removed:
            methods.update(removed_at=None)

    def apply_new(self, page: Page) -> None:
        """The offer of the incident's page."""
        try:
            apply_new_policy(page=page, by=ROOT, now=self.now)
        except operations.AlreadyResolved:
            raise
        except Exception as error:
            if type(error).__name__ != "NothingNew":
                raise

    def look_again(self) -> None:
        """What is to be looked at a little later."""
        check_again_due(now=self.now)
        ended = Q(root__state=Incident.State.RESOLVED, root__resolved_at__lte=self.now - grace())
        left = Incident.objects.filter(ended).exclude(state=Incident.State.RESOLVED)
        assert not left.exists(), "a symptom outlives its cause and stands for itself nowhere"
        gone = Q(acknowledged_by=None) | Q(acknowledged_by__retired_at__isnull=False)
        held = Page.objects.filter(gone, state=State.ACKNOWLEDGED).exclude(incident__state=Incident.State.RESOLVED)
        assert not held.exists(), "somebody has it who has left"

    def check(self) -> None:
        """What must hold at any moment (incidents.md §8)."""
        for incident in Incident.objects.prefetch_related("pages__notifications", "timeline"):
            pages = list(incident.pages.all())
            for page in pages:
                self._check_page(incident, page)
            if incident.state == Incident.State.RESOLVED:
                assert {page.state for page in pages} <= {State.RESOLVED}
            elif incident.root_id is None and not incident.is_information:
                self._check_noise(incident, pages)

    def _check_page(self, incident: Incident, page: Page) -> None:
        waiting = [note for note in page.notifications.all() if note.state == Note.PENDING]
        if page.state in ESCALATING:
            assert page.next_step_at is not None, "an escalation stopped"
        if page.state == State.ACKNOWLEDGED:
            self._check_taken(incident, page)
            assert not [note for note in waiting if note.kind == Notification.Kind.PAGE], "a page waits though taken"
        if page.state == State.RESOLVED:
            assert not waiting, "a message waits though it is over"
        if incident.is_information:
            assert page.next_step_at is None or (page.cycle, page.step, page.repeat, page.fallbacks) == (0, 0, 0, 0), (
                "for information, and somebody further would be told"
            )
        elif page.state == State.EXHAUSTED and page.role != Page.Role.CATCH_ALL:
            caught = any(other.role == Page.Role.CATCH_ALL for other in incident.pages.all())
            red = any(entry.words.endswith(NOBODY) for entry in incident.timeline.all())
            assert caught or red, "exhausted, and nobody was told"

    def _check_taken(self, incident: Incident, page: Page) -> None:
        entries = [one for one in incident.timeline.all() if one.page_id == page.pk and one.kind == "acknowledged"]
        assert entries, "taken by nobody"
        assert page.acknowledged_by_id in (entries[-1].person_id, None), "two people were told that they have it"

    def _check_noise(self, incident: Incident, pages: Collection[Page]) -> None:
        states = {page.state for page in pages}
        said = any(entry.kind == TimelineEntry.Kind.EXHAUSTED for entry in incident.timeline.all())
        assert states & {*ESCALATING, State.ACKNOWLEDGED} or said, "silence"
        deciding = {page.state for page in pages if page.role in DECIDING}
        if incident.state == Incident.State.TRIGGERED:
            assert State.ACKNOWLEDGED not in deciding, "somebody has it, and the incident does not say so"


def by_person(*names: str, minutes: int = 5, repeat: int = 0, round_robin: bool = False) -> Step:
    """A step that asks people by name; `all` is the whole team ci."""
    team = Target(TargetKind.TEAM, "group:default/ci")
    targets = [team if name == "all" else Target(TargetKind.PERSON, f"user:default/{name}") for name in names]
    return Step(tuple(targets), timedelta(minutes=minutes), repeat, round_robin=round_robin)


def places_from(place: Place, page: Page, *, unreachable: bool = False) -> Iterator[Place]:
    """What is to be taken from `place` on, in order; after an unreachable step its further repeats are left out."""
    policy = policy_for(page)
    wanted = [
        (cycle, index, repeat)
        for cycle in range(policy.repeat + 1)
        for index, step in enumerate(policy.steps)
        for repeat in range(step.repeat + 1)
    ]
    if unreachable:
        return iter([one for one in wanted if one > place and one[:2] != place[:2]])
    return iter([one for one in wanted if one >= place])
