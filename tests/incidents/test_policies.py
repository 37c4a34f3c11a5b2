"""Escalation policies and contact methods: who may say what, and that nothing already running changes."""

from datetime import timedelta

import pytest

from catalog.access import Actor, NotYourTeam, system
from catalog.models import AuditEntry, Person, Team
from incidents.escalation import Step, Target, TargetKind
from incidents.models import CatchAll, EscalationPolicy, PolicyVersion, TeamPaging
from incidents.operations.contacts import NotYours, put_method
from incidents.operations.policies import PolicyDraft, put_policy, set_catch_all, set_team_paging
from portal.lib.errors import Forbidden, Invalid
from tests import make
from tests.make import NOW

SYSTEM = system("test")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ada(db: None) -> Person:
    return make.person("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("build-ci", ada)


def draft(team: Team | None, ref: str = "user:default/ada", **changes: object) -> PolicyDraft:
    step = Step((Target(TargetKind.PERSON, ref),), timedelta(minutes=5))
    said = {"slug": "build-ci", "name": "Build & CI", "team": team, "steps": (step,), **changes}
    return PolicyDraft(**said)  # type: ignore[arg-type]


def test_the_first_policy_of_a_team_is_the_one_its_pages_walk(team: Team) -> None:
    version, new = put_policy(draft=draft(team), by=SYSTEM, now=NOW)
    assert (version.number, new) == (1, True)
    assert TeamPaging.objects.get(team=team).policy == version.policy


def test_the_same_policy_twice_is_one_version(team: Team) -> None:
    put_policy(draft=draft(team), by=SYSTEM, now=NOW)
    audited = AuditEntry.objects.count()
    assert put_policy(draft=draft(team), by=SYSTEM, now=LATER)[1] is False
    assert PolicyVersion.objects.count() == 1
    assert AuditEntry.objects.count() == audited


def test_a_change_is_a_new_version_and_the_old_one_keeps_what_it_said(team: Team) -> None:
    first, _ = put_policy(draft=draft(team), by=SYSTEM, now=NOW)
    said = first.steps
    second, new = put_policy(draft=draft(team, repeat=2), by=SYSTEM, now=LATER)
    first.refresh_from_db()
    assert (second.number, new, second.since) == (2, True, LATER)
    assert (first.steps, first.repeat, first.since) == (said, 0, NOW)


def test_a_member_may_and_an_outsider_may_not(team: Team, ada: Person) -> None:
    put_policy(draft=draft(team), by=Actor(person=ada), now=NOW)
    with pytest.raises(NotYourTeam):
        put_policy(draft=draft(team, repeat=1), by=Actor(person=make.person("eve")), now=LATER)
    assert PolicyVersion.objects.count() == 1


def test_nobody_takes_another_teams_policy_by_naming_their_own_team(team: Team) -> None:
    put_policy(draft=draft(team), by=SYSTEM, now=NOW)
    eve = make.person("eve")
    with pytest.raises(NotYourTeam):
        put_policy(draft=draft(make.team("other", eve)), by=Actor(person=eve), now=LATER)
    assert EscalationPolicy.objects.get().team == team


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": ()}, "steps"),
        ({"name": " "}, "name"),
        ({"ref": "user:default/nobody"}, "steps[0].targets[0]"),
        ({"steps": (Step((Target(TargetKind.PERSON, "user:default/ada"),), timedelta(seconds=1)),)}, "steps[0].delay"),
        ({"steps": (Step((), timedelta(minutes=1)),)}, "steps[0].targets"),
    ],
)
def test_a_policy_that_would_call_nobody_is_refused_by_field(
    team: Team, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        put_policy(draft=draft(team, **changes), by=SYSTEM, now=NOW)  # type: ignore[arg-type]
    assert [error.field for error in refused.value.errors] == [field]
    assert not EscalationPolicy.objects.exists()


def test_the_catch_all_is_for_platform_admins(team: Team, ada: Person) -> None:
    policy = put_policy(draft=draft(team), by=SYSTEM, now=NOW)[0].policy
    with pytest.raises(Forbidden):
        set_catch_all(policy=policy, by=Actor(person=ada), now=NOW)
    set_catch_all(policy=policy, by=SYSTEM, now=NOW)
    set_catch_all(policy=policy, by=SYSTEM, now=LATER)
    assert CatchAll.objects.get().policy == policy
    assert AuditEntry.objects.filter(action="policy.catch-all").count() == 1


def test_what_a_team_is_paged_by_is_audited_once(team: Team) -> None:
    policy = put_policy(draft=draft(team), by=SYSTEM, now=NOW)[0].policy
    set_team_paging(team=team, policy=None, schedule=None, by=SYSTEM, now=NOW)
    set_team_paging(team=team, policy=policy, schedule=None, by=SYSTEM, now=LATER)
    set_team_paging(team=team, policy=policy, schedule=None, by=SYSTEM, now=LATER)
    diffs = [entry.diff["policy"] for entry in AuditEntry.objects.filter(action="team.paging").order_by("at")]
    assert diffs == [["build-ci", None], [None, "build-ci"]]


def test_only_oneself_and_admins_say_how_somebody_is_told(ada: Person) -> None:
    own = put_method(person=ada, channel="email", address="ada@example.org", by=Actor(person=ada), now=NOW)
    assert own.confirmed_at is None
    with pytest.raises(NotYours):
        put_method(person=ada, channel="email", address="eve@x.org", by=Actor(person=make.person("eve")), now=NOW)


def test_nobody_confirms_their_own_address_by_saying_so(ada: Person) -> None:
    with pytest.raises(Forbidden):
        put_method(person=ada, channel="email", address="a@x.org", by=Actor(person=ada), now=NOW, confirmed=True)
    put_method(person=ada, channel="email", address="a@x.org", by=SYSTEM, now=NOW)
    vouched = put_method(person=ada, channel="email", address="a@x.org", by=SYSTEM, now=LATER, confirmed=True)
    assert vouched.confirmed_at == LATER
    assert ada.contact_methods.count() == 1
