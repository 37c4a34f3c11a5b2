"""Counting a stretch again: from a real Prometheus, into a ledger that holds something else."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from catalog.access import Actor, NotYourTeam
from catalog.models import AuditEntry
from portal.lib.errors import Invalid
from slo import ledger, queries
from slo.api import rebuild
from slo.counting import Bucket
from slo.ledger import Sums
from slo.models import Exclusion, Ledger, LedgerMinute, Objective
from slo.operations import recounting
from slo.operations.recounting import CannotRecount, SourceForgot, recount
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import Past
from tests.slo.test_evaluation import evaluate, follow

pytestmark = [pytest.mark.django_db, pytest.mark.live, needs_prometheus]
ADMIN = Actor(system="test", via="cli")


@pytest.fixture
def objective(past: Past) -> Objective:
    """Followed from minute 100 to 200, then its hour from 130 on is lost."""
    made = follow(past, "broken")
    evaluate(past, since=101, until=200, step=33)
    evaluate(past, until=200)
    found = queries.by_name(made.name)
    assert ledger.sums_at([(book(found), past.at(200))]) == [past.sums("broken", 100, 200)]
    return found


def book(objective: Objective) -> int:
    assert objective.ledger_id
    return objective.ledger_id


def spoil(past: Past, objective: Objective) -> None:
    """As if it had been counted wrongly: nothing failed from minute 120 to 130, and 130 to 140 are unknown."""
    rows = LedgerMinute.objects.filter(ledger=book(objective))
    start = int(past.at(119).timestamp())
    held = ledger.hold(book(objective))
    assert held
    wrong = {start + 60 * n: Bucket(10, 10) for n in range(1, 11)}
    ledger.recount(held, ledger.Stretch(start, start + 60 * 20), wrong, now=past.at(201))
    assert rows.count() == 90


def test_a_stretch_counted_again_is_what_happened(past: Past, objective: Objective) -> None:
    spoil(past, objective)
    seen: list[float] = []
    found = recount(
        objective=objective,
        start=past.at(110),
        end=past.at(150),
        actor=ADMIN,
        now=past.at(201),
        progress=lambda _at, share: seen.append(share),
    )
    assert ledger.sums_at([(book(objective), past.at(200))]) == [past.sums("broken", 100, 200)]
    total = found.total()
    assert (total.known, total.new_known) == (30, 40)
    assert total.total - total.good == 10, "of the last minute of the outage"
    assert total.new_total - total.new_good == 200
    assert seen[-1] == 1.0
    entry = AuditEntry.objects.get(action="ledger.rebuild")
    assert entry.diff["known"] == [30, 40]
    assert AuditEntry.objects.filter(action="objective.restate").exists()
    assert queries.by_name(objective.name).standing.total == past.sums("broken", 100, 200).total


def test_what_is_excluded_stays_so(past: Past, objective: Objective) -> None:
    Exclusion.objects.create(
        objective=objective, title="x", starts_at=past.at(120), ends_at=past.at(130), created_at=past.at(0)
    )
    held = ledger.hold(book(objective))
    assert held
    assert ledger.align(held, now=past.at(201))
    (before,) = ledger.sums_at([(book(objective), past.at(200))])
    found = recount(objective=objective, start=past.at(110), end=past.at(150), actor=ADMIN, now=past.at(201))
    assert ledger.sums_at([(book(objective), past.at(200))]) == [before]
    assert not any(day.changed for day in found.days.values())


def test_a_dry_run_says_it_and_writes_nothing(past: Past, objective: Objective) -> None:
    spoil(past, objective)
    (before,) = ledger.sums_at([(book(objective), past.at(200))])
    out, told = StringIO(), StringIO()
    call_command(
        "ledger",
        "rebuild",
        objective.name,
        "--from",
        past.at(110).isoformat(),
        "--to",
        past.at(150).isoformat(),
        "--dry-run",
        stdout=out,
        stderr=told,
    )
    assert "known minutes 30 → 40" in out.getvalue()
    assert "nothing was written" in out.getvalue()
    assert "100.0%" in told.getvalue()
    assert ledger.sums_at([(book(objective), past.at(200))]) == [before]
    assert not AuditEntry.objects.filter(action="ledger.rebuild").exists()


def test_what_the_source_has_forgotten_is_not_lost(past: Past, objective: Objective) -> None:
    start = past.at(-60 * 24 * 3)
    made = make_slo.objective(source=objective.definition.source, indicator=objective.definition.indicator, now=start)
    old = make_slo.open_ledger(made, start=start, now=start)
    make_slo.count_up(old, [(1, 1)] * (60 * 24 * 3 + 100))
    (before,) = ledger.sums_at([(old.pk, past.at(100))])
    with pytest.raises(SourceForgot, match="choose a later beginning"):
        recount(objective=queries.by_name(made.name), start=start, end=past.at(100), actor=ADMIN, now=past.at(201))
    assert ledger.sums_at([(old.pk, past.at(100))]) == [before]


def test_what_was_never_counted_can_t_be_counted_again(past: Past, objective: Objective) -> None:
    for start, end, field in ((50, 150, "from"), (150, 500, "to"), (150, 150, "to")):
        with pytest.raises(Invalid) as refused:
            recount(objective=objective, start=past.at(start), end=past.at(end), actor=ADMIN, now=past.at(201))
        assert [error.field for error in refused.value.errors] == [field]


def test_a_source_that_is_down_is_said_and_nothing_is_written(past: Past, objective: Objective) -> None:
    source = make_slo.source()
    Ledger.objects.filter(pk=book(objective)).update(source=source)
    with pytest.raises(CannotRecount, match="can't be reached"):
        recount(
            objective=queries.by_name(objective.name),
            start=past.at(110),
            end=past.at(150),
            actor=ADMIN,
            now=past.at(201),
        )


def test_only_its_owners_may(past: Past, objective: Objective) -> None:
    with pytest.raises(NotYourTeam):
        recount(
            objective=objective,
            start=past.at(110),
            end=past.at(150),
            actor=Actor(person=make.person("mallory")),
            now=past.at(201),
        )


def test_show_tells_by_day_what_counts_and_where_it_stands(past: Past, objective: Objective) -> None:
    out = StringIO()
    call_command("ledger", "show", objective.name, stdout=out)
    lines = out.getvalue().splitlines()
    counted = [line.split() for line in lines[1:-1]]
    assert sum(int(line[2]) for line in counted) == past.sums("broken", 100, 200).total
    assert sum(int(line[3]) for line in counted) == 100
    assert lines[-1] == f"{objective.name} stands at {past.at(200):%Y-%m-%dT%H:%MZ}."
    with pytest.raises(CommandError, match="no objective"):
        call_command("ledger", "show", "nobody")
    with pytest.raises(CommandError, match="--from"):
        call_command("ledger", "rebuild", objective.name)
    with pytest.raises(CommandError, match="write a date"):
        call_command("ledger", "show", objective.name, "--from", "yesterday")


def test_nothing_else_of_the_ledger_changes(past: Past, objective: Objective) -> None:
    rows = ledger.buckets(book(objective), start=past.at(0), end=past.at(200))
    recount(objective=objective, start=past.at(110), end=past.at(200), actor=ADMIN, now=past.at(201))
    assert ledger.buckets(book(objective), start=past.at(0), end=past.at(200)) == rows
    evaluate(past, until=203)
    (sums,) = ledger.sums_at([(book(objective), past.at(203))])
    assert sums == past.sums("broken", 100, 203)
    assert isinstance(sums, Sums)
    assert past.at(203) - past.at(200) == timedelta(minutes=3)


def test_over_the_api_it_goes_on_from_where_it_got_to(
    past: Past, objective: Objective, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(past, objective)
    monkeypatch.setattr(rebuild, "SECONDS", 0.0)
    monkeypatch.setattr(recounting, "SLICE", timedelta(minutes=20))
    admin = make.signed(api, make.token("slos:write", by=make.person("root", admin=True))[1])
    address, begin = f"/api/v1/slos/{objective.name}/rebuild", past.at(110).isoformat()
    shares: list[float] = []
    known = 0
    while not shares or shares[-1] < 1:
        body = {"start": begin, "end": past.at(150).isoformat()}
        answer = admin.post(address, body, format="json")
        assert answer.status_code == 200, answer.content
        said = answer.json()
        begin = said["reached"]
        shares.append(said["share"])
        known += sum(day["new_known"] for day in said["days"])
    assert (shares, known, said["done"]) == ([0.5, 1.0], 40, True)
    assert ledger.sums_at([(book(objective), past.at(200))]) == [past.sums("broken", 100, 200)]
    assert AuditEntry.objects.filter(action="ledger.rebuild").count() == 2
    dry = admin.post(address, {"start": past.at(110).isoformat(), "dry_run": True}, format="json").json()
    assert (dry["written"], any(day["changed"] for day in dry["days"])) == (False, False)
    assert admin.post(address, {"start": past.at(50).isoformat()}, format="json").status_code == 400
