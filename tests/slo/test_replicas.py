"""Several replicas answer, one is counted; another one taking its place is marked, recorded and said."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from slo import counting, queries
from slo.counting import Flag, Rules, Series, State
from slo.models import ReplicaChange
from slo.sources import note_replicas
from tests import make, make_slo
from tests.make import NOW

RULES = Rules(stripped_labels=("replica",))
HOUR = 3600


def series(replica: str, begin: int, end: int, *, metric: str = "jobs_total", offset: int = 0) -> Series:
    """A counter that grows by one at each scrape of 15 s."""
    labels = {"__name__": metric, "job": "ci", "instance": "a:1", "replica": replica}
    return Series(labels, [(float(at + offset), str(at // 15)) for at in range(begin, end, 15)])


def count(state: State, cursor: int, until: int, *answered: Series) -> counting.Counting:
    return counting.count(answered, state=state, cursor=cursor, until=until, rules=RULES)


def test_the_first_by_its_labels_is_counted_and_a_change_is_marked_in_its_minute() -> None:
    both = count(State(), 0, 300, series("a", 0, 300), series("b", 0, 300, offset=7))
    assert not both.replicas, "where nothing was pinned before, nothing changes"
    alone = count(both.state, 300, 600, series("a", 300, 380), series("b", 300, 600, offset=7))
    assert not alone.replicas, "a still answers, if not to the end"
    gone = count(alone.state, 600, 900, series("b", 540, 900, offset=7))
    assert [(one.bucket, one.before, one.after, n) for one, n in gone.replicas.items()] == [
        (660, "replica=a", "replica=b", 1)
    ]  # fmt: skip
    (increments,) = gone.increments
    assert {one.bucket for one in increments if one.flags & Flag.REPLICA} == {660}
    row = counting.tally(gone, {"good": [0], "total": [0]}, followed_since=0).buckets[660]
    assert row.flags & Flag.REPLICA
    quiet = count(gone.state, 900, 1200, series("b", 900, 1200, offset=7))
    assert not quiet.replicas
    back = count(quiet.state, 1200, 1500, series("a", 1200, 1500), series("b", 1200, 1500, offset=7))
    assert [one.after for one in back.replicas] == ["replica=a"]


def test_it_is_remembered_as_the_state_is_and_an_older_state_is_read() -> None:
    found = count(State(), 0, 300, series("a", 0, 300)).state
    assert counting.load(counting.dump(found)) == found
    assert [group.replica for group in found.groups.values()] == ["replica=a"]
    assert counting.merge(*counting.parts(found)) == found
    bare = counting.count([series("a", 0, 300)], state=State(), cursor=0, until=300).state
    assert [group.replica for group in counting.load(counting.dump(bare)).groups.values()] == [""]


def test_targets_that_change_together_are_one_record() -> None:
    names = [f"jobs_{number}_total" for number in range(3)]
    first = count(State(), 0, 300, *(series("a", 0, 300, metric=name) for name in names))
    gone = count(first.state, 300, 600, *(series("b", 300, 600, metric=name) for name in names))
    assert list(gone.replicas.values()) == [3]


@pytest.mark.django_db
def test_a_change_is_recorded_and_said_at_the_objective_the_source_and_in_the_api(api: APIClient) -> None:
    source = make_slo.source(name="pair", external_labels=["replica"])
    made = make_slo.objective(source=source)
    make_slo.open_ledger(made, start=NOW - timedelta(days=1))
    one = counting.Replaced(int(NOW.timestamp()) - HOUR, "replica=a", "replica=b")
    note_replicas(source, {one: 2}, now=NOW)
    note_replicas(source, {one: 3}, now=NOW)  # another batch of the same source
    assert [(row.targets, row.before, row.after) for row in ReplicaChange.objects.all()] == [
        (5, "replica=a", "replica=b")
    ]  # fmt: skip
    notes = queries.detail(queries.by_name(made.name), now=NOW).notes
    assert any("pair is counted from the replica replica=b; before, from replica=a." in note for note in notes)
    reader = make.signed(api, make.token("read")[1])
    (found,) = reader.get("/api/v1/sources").json()["results"]
    assert [(one["before"], one["after"], one["targets"]) for one in found["replica_changes"]] == [
        ("replica=a", "replica=b", 5)
    ]  # fmt: skip
    assert (found["lag"], found["delay"]) == (None, "30s")
