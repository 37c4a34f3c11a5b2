"""10,000 escalation steps due at the same second: how long until all are taken, by one and by two sweeper processes.

`bin/bench escalate [--json] [--pages N] [--rounds N]`. The database named by DATABASE_URL is filled with teams,
schedules and pages; use a fresh one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from datetime import time as clock_time

from django.core.management import call_command
from django.db import connection

from catalog.models import Component, Person, Team
from incidents import paging
from incidents.escalation import Step, Target, TargetKind
from incidents.models import (
    ContactMethod,
    EscalationPolicy,
    Incident,
    LayerVersion,
    Notification,
    Page,
    PageStep,
    PolicyVersion,
    Schedule,
)
from incidents.policies import steps_json
from portal.lib.clock import db_now
from tests.benchmarks.table import Row, show

TEAMS = 100
BAR = 10.0
FIVE = timedelta(minutes=5)


def main() -> None:
    """Fill, measure with one sweeper and with two, show."""
    asked = _arguments()
    if asked.sweep:
        sweep_when_told()
        return
    call_command("migrate", verbosity=0)
    versions = teams()
    alone = [measure(versions, asked.pages, sweepers=1) for _ in range(asked.rounds)]
    two = [measure(versions, asked.pages, sweepers=2) for _ in range(asked.rounds)]
    show("escalate", rows(asked.pages, alone, two), as_json=asked.json)


def rows(pages: int, alone: Sequence["Round"], two: Sequence["Round"]) -> list[Row]:
    """Medians, and the worst count over all rounds."""
    slow, fast = (statistics.median(one.seconds for one in rounds) for rounds in (alone, two))
    wrong = max(one.wrong for one in [*alone, *two])
    return [
        Row(f"{pages} due pages, 2 sweepers", fast, "s", f"at most {BAR:.0f} s", fast <= BAR),
        Row(f"{pages} due pages, 1 sweeper", slow, "s"),
        Row("pages a second, 2 sweepers", pages / fast, "1/s"),
        Row("pages a second, 1 sweeper", pages / slow, "1/s"),
        Row("ratio of 2 sweepers to 1", slow / fast, "times"),
        Row("processor time of the sweepers", statistics.median(one.cpu for one in two), "s"),
        Row("share of the busier of two", statistics.median(one.share for one in two), "of 1"),
        Row("pages not taken exactly once", wrong, "pages", "none", wrong == 0),
    ]


class Round:
    """One measurement: wall clock until all were taken, wrongly taken pages, CPU seconds, the busier's share."""

    def __init__(self, seconds: float, wrong: int, taken: Sequence[int], cpu: float) -> None:
        self.seconds, self.wrong, self.cpu = seconds, wrong, cpu
        self.share = max(taken) / max(1, sum(taken))


def measure(versions: Sequence[PolicyVersion], pages: int, *, sweepers: int) -> Round:
    """Let `sweepers` processes loose on `pages` pages that are all due."""
    fill(versions, pages)
    started = [_Sweeper() for _ in range(sweepers)]
    for one in started:
        _line(one)  # it is connected and ready
    began = time.perf_counter()
    for one in started:
        one.go()
    said = [json.loads(_line(one)) for one in started]
    seconds = time.perf_counter() - began
    for one in started:
        one.process.wait()
    taken = [int(one["taken"]) for one in said]
    return Round(seconds, _wrong(pages), taken, sum(float(one["cpu"]) for one in said))


class _Sweeper:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.escalate", "--sweep"]
        self.process: subprocess.Popen[str] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()


def _line(sweeper: _Sweeper) -> str:
    assert sweeper.process.stdout
    line: str = sweeper.process.stdout.readline()
    return line


def sweep_when_told() -> None:
    """The other process: say ready, wait for the word, sweep until nothing is due."""
    db_now()
    print("ready", flush=True)
    sys.stdin.readline()
    taken, idle, before = 0, 0, time.process_time()
    while idle < 2:  # what another sweeper holds is passed over; look once more before going home
        swept = paging.advance_due(now=db_now(), limit=200)
        taken += swept.taken
        idle = 0 if swept else idle + 1
    print(json.dumps({"taken": taken, "cpu": time.process_time() - before}), flush=True)


def _wrong(pages: int) -> int:
    steps = PageStep.objects.count()
    once = PageStep.objects.values("page").distinct().count()
    told = Notification.objects.count()
    return abs(pages - once) + abs(pages - steps) + abs(pages - told)


def teams() -> list[PolicyVersion]:
    """100 teams: two people on a weekly schedule, and a policy that asks it twice."""
    there = PolicyVersion.objects.filter(policy__slug__startswith="bench-").select_related("policy")
    if there:
        return list(there)
    now = db_now()
    stamps = {"created_at": now, "updated_at": now}
    people = Person.objects.bulk_create(
        Person(ref=f"user:bench/{n}", namespace="bench", name=f"{n}", **stamps) for n in range(TEAMS * 2)
    )
    ContactMethod.objects.bulk_create(
        ContactMethod(person=p, channel="email", address=f"{p.name}@example.org", created_at=now, confirmed_at=now)
        for p in people
    )
    made = Team.objects.bulk_create(
        Team(ref=f"group:bench/{n}", namespace="bench", name=f"{n}", **stamps) for n in range(TEAMS)
    )
    return [_policy(team, people[2 * n : 2 * n + 2], now) for n, team in enumerate(made)]


def _policy(team: Team, people: Sequence[Person], now: datetime) -> PolicyVersion:
    schedule = Schedule.objects.create(slug=f"bench-{team.name}", name=team.name, team=team, created_at=now)
    LayerVersion.objects.create(
        schedule=schedule, name="Primary", people=[p.ref for p in people], handoff=clock_time(9),
        starts_at=now - timedelta(days=100), created_at=now,
    )  # fmt: skip
    policy = EscalationPolicy.objects.create(slug=f"bench-{team.name}", name=team.name, team=team, created_at=now)
    steps = [Step((Target(TargetKind.SCHEDULE, schedule.slug),), FIVE)] * 2
    return PolicyVersion.objects.create(policy=policy, number=1, since=now, steps=steps_json(steps))


def fill(versions: Sequence[PolicyVersion], pages: int) -> None:
    """An incident and a due page for each of 100 teams in turn; what was there goes."""
    now = db_now()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incidents_incident CASCADE")
    if not Component.objects.exists():
        Component.objects.create(ref="component:bench/c", namespace="bench", name="c", created_at=now, updated_at=now)
    incidents = Incident.objects.bulk_create(
        (Incident(title=f"Down {n}", severity=1 + n % 5, source="bench", opened_at=now) for n in range(pages)),
        batch_size=2000,
    )
    Page.objects.bulk_create(
        (
            Page(
                incident=incident, team_id=versions[n % TEAMS].policy.team_id, policy_version=versions[n % TEAMS],
                opened_at=now, next_step_at=now, priority=incident.severity * 10 - 5,
            )
            for n, incident in enumerate(incidents)
        ),
        batch_size=2000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench escalate")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sweep", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
