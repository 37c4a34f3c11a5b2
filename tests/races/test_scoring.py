"""Two sweepers of scorecards, and two people who press the same button."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from catalog import registries
from catalog.access import Actor
from catalog.models import AuditEntry, Component, Dependency, Score, ScoreDay
from catalog.operations import begin_scores, confirm_team, record_day, repoint, score_due
from catalog.operations.trust import NoSuchReference
from catalog.registries import ScorecardCheck, Verdict
from portal.lib.clock import db_now
from tests import make, make_trust
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_sweepers_score_each_component_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[int] = Counter()

    def counting(components: Sequence[Component], _now: datetime) -> Mapping[int, Verdict]:
        asked.update(one.pk for one in components)
        return {one.pk: Verdict(True, "") for one in components}

    monkeypatch.setattr(registries, "scorecard_checks", {"counting": ScorecardCheck("Counting", "bronze", counting)})
    team = make.team()
    for _ in range(60):
        make.component(owner=team, now=db_now() - timedelta(minutes=1))
    assert [one for one in together(begin_scores, begin_scores) if isinstance(one, Exception)] == []
    now = db_now()

    def sweep() -> int:
        done = 0
        while n := score_due(now=now, limit=7):
            done += n
        return done

    assert sum(int(str(n)) for n in together(sweep, sweep, sweep)) == 60
    assert set(asked.values()) == {1}
    assert Score.objects.filter(level=3).count() == 60


def test_of_two_sweepers_one_keeps_the_days_sums() -> None:
    make.component(owner=make.team())
    begin_scores()
    score_due(now=db_now())
    now = db_now()
    answers = together(*[lambda: record_day(now=now)] * 4)
    assert Counter(answers) == {True: 1, False: 3}
    assert ScoreDay.objects.count() == 2


def test_two_who_remove_the_same_reference_change_it_once() -> None:
    ada = make.person("ada")
    made = make.component("x", owner=make.team("build-ci", ada))
    make.dependency(made, "component:default/nothing")

    def remove() -> None:
        repoint(
            ref=made.ref,
            field="depends_on",
            target="component:default/nothing",
            actor=Actor(person=ada),
            now=db_now(),
        )

    answers = together(remove, remove)
    assert sorted(type(one).__name__ for one in answers) == sorted(["NoneType", NoSuchReference.__name__])
    assert (Dependency.objects.count(), AuditEntry.objects.count()) == (0, 1)
    made.refresh_from_db()
    assert made.version == 2


def test_a_team_confirmed_twice_at_once_fails_nobody() -> None:
    ada = make.person("ada")
    team = make.team("build-ci", ada)
    for _ in range(5):
        make.component(owner=team, now=make_trust.LONG_AGO)
    answers = together(*[lambda: confirm_team(ref=team.ref, actor=Actor(person=ada), now=db_now())] * 3)
    assert not [one for one in answers if isinstance(one, Exception)]
    assert Component.objects.filter(confirmed_at=None).count() == 0
