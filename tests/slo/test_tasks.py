"""The wake-ups: known to the beat by name, harmless when there is nothing to do, and doing what is due."""

from datetime import timedelta

import pytest
from celery import current_app

from portal.beat import BEAT
from slo import evaluation, queries, tasks
from slo.models import AlertPolicy, DataSource
from tests import make, make_slo

pytestmark = pytest.mark.django_db


def test_every_wake_up_of_the_beat_is_there() -> None:
    wanted = {entry.task for entry in BEAT if entry.task.startswith("slo.")}
    assert wanted
    assert wanted <= set(current_app.tasks)


def test_a_sweep_with_nothing_to_do_leaves_a_sign_of_life() -> None:
    assert queries.last_evaluation() is None
    tasks.evaluate_due()
    last = queries.last_evaluation()
    assert last is not None
    assert last.ledgers == 0


def test_it_is_known_since_when_one_sweep_has_followed_the_other() -> None:
    now = make.NOW
    assert evaluation.watched_since(now=now) is None
    evaluation.note_idle(now=now)
    evaluation.note_idle(now=now + timedelta(seconds=10))
    assert evaluation.watched_since(now=now + timedelta(seconds=20)) == now
    long = now + timedelta(minutes=20)  # one sweep that took long is no pause: it looked all the time
    evaluation.note_idle(now=long, begun=now + timedelta(seconds=20))
    assert evaluation.watched_since(now=long) == now
    late = long + evaluation.OUTAGE + timedelta(seconds=1)
    assert evaluation.watched_since(now=late) == late, "it was off until now"
    evaluation.note_idle(now=late)
    assert evaluation.watched_since(now=late + timedelta(minutes=1)) == late


def test_checking_sources_notes_which_one_is_down_and_since_when(settings: make.Settings) -> None:
    settings.PROMETHEUS_URL = "http://127.0.0.1:9"
    tasks.check_sources()
    source = DataSource.objects.get(is_default=True)
    assert (source.name, source.reachable) == ("prometheus", False)
    assert "can't be reached" in source.error
    assert AlertPolicy.objects.filter(name="workbook").exists()
    since = source.down_since
    tasks.check_sources()
    source.refresh_from_db()
    assert source.down_since == since


def test_a_default_source_follows_its_setting_and_no_other_is_touched(settings: make.Settings) -> None:
    own = make_slo.source(name="ours", is_default=True)
    settings.PROMETHEUS_URL = "http://127.0.0.1:9"
    tasks.check_sources()
    assert [source.pk for source in DataSource.objects.all()] == [own.pk]


def test_folding_makes_the_partitions_of_the_next_days() -> None:
    tasks.fold()
    tasks.fold()
