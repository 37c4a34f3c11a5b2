"""Escalation policies and team paging as code: applied twice it is one version; what is exported changes nothing."""

from typing import Any

import pytest

from catalog import exporting
from catalog.access import Actor, system
from catalog.models import Person, Team
from catalog.operations.applying import Applied, SourceFile, apply_files
from incidents.models import EscalationPolicy, PolicyVersion, Schedule, TeamPaging
from incidents.policies import policy_of
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
BY = system("test")

POLICY = """\
apiVersion: portico/v1
kind: EscalationPolicy
metadata:
  name: build-ci
  title: Build & CI
spec:
  team: ci
  steps:
    - targets: [schedule:rota]
      delay: 5m
      repeat: 1
    - targets:
        - user:ada
        - group:ci
      roundRobin: true
      delay: 10m
      condition: {zone: Europe/Berlin, days: [mon, Tuesday], start: 09:00, end: 17:00}
  stepsLow:
    - targets: [group:ci]
      delay: 1h
  repeat: 2
  ackTimeout: 30m
  answerWithin: 15m
"""
PAGING = """\
apiVersion: portico/v1
kind: TeamPaging
metadata: {name: ci}
spec: {policy: build-ci, schedule: rota}
"""


@pytest.fixture(autouse=True)
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture(autouse=True)
def team(ada: Person) -> Team:
    return make.team("ci", ada)


@pytest.fixture(autouse=True)
def rota(ada: Person, team: Team) -> Schedule:
    made = make_incidents.schedule(ada, team=team)
    Schedule.objects.update(slug="rota")
    made.refresh_from_db()
    return made


def put(text: str, *, actor: Actor = BY, **options: Any) -> Applied:
    return apply_files(files=[SourceFile(address="a.yaml", text=text)], actor=actor, now=NOW, **options)


def outcomes(applied: Applied) -> dict[str, str]:
    return {one.ref: one.outcome for one in applied.documents}


def problem(applied: Applied) -> tuple[str, str, int, int]:
    found = [one for document in applied.documents for one in document.problems]
    assert len(found) == 1, found
    return found[0].field, found[0].code, found[0].line, found[0].column


def test_a_policy_and_its_team_are_written_once(team: Team) -> None:
    stream = f"{PAGING}---\n{POLICY}"  # in whatever order they stand
    first = put(stream)
    assert outcomes(first) == {"escalationpolicy:build-ci": "created", "teampaging:default/ci": "updated"}
    assert set(outcomes(put(stream)).values()) == {"unchanged"}
    version = PolicyVersion.objects.get()
    policy, low = policy_of(version), policy_of(version, "low")
    assert [step.repeat for step in policy.steps] == [1, 0]
    assert policy.steps[1].condition is not None
    assert policy.steps[1].condition.days == frozenset({0, 1})
    assert (policy.steps[1].round_robin, len(low.steps), policy.repeat) == (True, 1, 2)
    paging = TeamPaging.objects.get(team=team)
    assert (paging.policy, paging.schedule and paging.schedule.slug) == (version.policy, "rota")


def test_what_is_exported_changes_nothing_when_it_is_applied() -> None:
    put(f"{POLICY}---\n{PAGING}")
    put(POLICY.replace("build-ci", "second").replace("  repeat: 2\n", "  repeat: 2\n  fallback: build-ci\n"))
    stream = "".join(exporting.stream())
    assert "kind: EscalationPolicy" in stream
    assert "kind: TeamPaging" in stream
    said = outcomes(put(stream))
    ours = {
        ref: outcome for ref, outcome in said.items() if ref.partition(":")[0] in ("escalationpolicy", "teampaging")
    }
    assert ours == {
        "escalationpolicy:build-ci": "unchanged",
        "escalationpolicy:second": "unchanged",
        "teampaging:default/ci": "unchanged",
    }
    assert PolicyVersion.objects.count() == 2


def test_a_dry_run_tells_the_difference_and_writes_nothing() -> None:
    put(POLICY)
    changed = put(POLICY.replace("repeat: 2", "repeat: 3"), dry_run=True)
    assert changed.documents[0].outcome == "updated"
    assert changed.documents[0].diff == {"repeat": (2, 3)}
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "after", "field", "code", "line"),
    [
        ("delay: 10m", "delay: soon", "spec.steps[1].delay", "format", 16),
        ("user:ada", "user:nobody", "spec.steps[1].targets[0]", "unknown", 13),
        ("user:ada", "ada", "spec.steps[1].targets[0]", "format", 13),
        ("schedule:rota", "schedule:nope", "spec.steps[0].targets[0]", "unknown", 9),
        ("delay: 5m", "delay: 1s", "spec.steps[0].delay", "out-of-range", 10),
        ("roundRobin", "roundrobin", "spec.steps[1].roundrobin", "unknown", 15),
        ("Tuesday", "Doomsday", "spec.steps[1].condition.days[1]", "choice", 17),
        ("09:00", "quarter", "spec.steps[1].condition.start", "format", 17),
        ("Europe/Berlin", "Mars", "spec.steps[1].condition.zone", "unknown", 17),
        ("team: ci", "team: nope", "spec.team", "missing", 7),
        ("repeat: 2", "repeat: 2\n  fallback: nope", "spec.fallback", "missing", 22),
        ("repeat: 2", "repeat: 2.5", "spec.repeat", "not_a_count", 21),
        ("repeat: 2", "repeat: 200", "spec.repeat", "out-of-range", 21),
        ("name: build-ci", "name: Build CI", "metadata.name", "format", 4),
        ("ackTimeout: 30m", "ackTimeout: 1s", "spec.ackTimeout", "out-of-range", 22),
    ],
)
def test_what_is_wrong_has_a_path_a_line_and_what_to_do(
    before: str, after: str, field: str, code: str, line: int
) -> None:
    applied = put(POLICY.replace(before, after, 1))
    assert problem(applied)[:3] == (field, code, line)
    assert not EscalationPolicy.objects.exists()


def test_paging_by_what_is_not_there_is_refused() -> None:
    assert problem(put(PAGING))[:3] == ("spec.policy", "missing", 4)
    put(POLICY)
    assert problem(put(PAGING.replace("name: ci", "name: nope")))[:3] == ("metadata.name", "missing", 3)


def test_what_the_source_no_longer_names_is_retired(team: Team) -> None:
    put(f"{POLICY}---\n{PAGING}", source="repo")
    done = put(PAGING.replace("policy: build-ci, ", ""), source="repo", prune=True)
    assert done.retired == ("escalationpolicy:build-ci",)
    put(f"{POLICY}---\n{PAGING}", source="repo")
    assert EscalationPolicy.objects.get().retired_at is None
    both = put("", source="repo", prune=True)
    assert both.retired == ("escalationpolicy:build-ci", "teampaging:default/ci")
    assert TeamPaging.objects.get(team=team).policy is None


def test_a_policy_that_is_still_used_stays_orphaned() -> None:
    put(POLICY, source="repo")  # a team's first policy is walked by its pages
    done = put("", source="repo", prune=True)
    assert (done.orphaned, done.retired) == (("escalationpolicy:build-ci",), ())


def test_only_the_teams_own_people_write_its_policies() -> None:
    eve = Actor(person=make.person("eve"))
    assert problem(put(POLICY, actor=eve))[1] == "refused"
    assert problem(put(POLICY.replace("  team: ci\n", ""), actor=eve))[1] == "refused"
    assert not EscalationPolicy.objects.exists()
