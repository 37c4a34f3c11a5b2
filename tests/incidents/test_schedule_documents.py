"""Schedules as code: applied twice it is one version; what is exported changes nothing; faults have a place."""

from typing import Any

import pytest

from catalog import exporting
from catalog.access import system
from catalog.operations.applying import Applied, SourceFile, apply_files
from incidents.models import LayerVersion, Schedule
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
BY = system("test")

SCHEDULE = """\
apiVersion: portico/v1
kind: Schedule
metadata:
  name: build-ci
  title: Build & CI
spec:
  team: ci
  timeZone: Europe/Berlin
  layers:
    - people: [user:ada, bo]
      every: 2
      weekday: tue
      handoff: "10:00"
      from: "2026-01-06T09:00:00Z"
    - name: Nights
      people: [group:ci]
      unit: day
      only:
        - {start: "22:00", end: "06:00", days: [fri, sat]}
      until: "2027-01-01T00:00:00Z"
"""


@pytest.fixture(autouse=True)
def team() -> None:
    make.team("ci", make.person("ada"), make.person("bo"))


def put(text: str, **options: Any) -> Applied:
    return apply_files(files=[SourceFile(address="a.yaml", text=text)], actor=BY, now=NOW, **options)


def outcomes(applied: Applied) -> list[str]:
    return [one.outcome for one in applied.documents]


def test_a_schedule_applied_twice_is_written_once() -> None:
    assert (outcomes(put(SCHEDULE)), outcomes(put(SCHEDULE))) == (["created"], ["unchanged"])
    low, nights = LayerVersion.objects.order_by("position")
    assert (low.people, low.length, low.weekday) == (["user:default/ada", "user:default/bo"], 2, 1)
    assert (nights.people, nights.restrictions) == (
        ["user:default/ada", "user:default/bo"],
        [{"start": "22:00", "end": "06:00", "days": [4, 5]}],
    )


def test_what_is_exported_changes_nothing() -> None:
    put(SCHEDULE)
    written = LayerVersion.objects.count()
    mine = [part for part in "".join(exporting.stream()).split("---\n") if "kind: Schedule" in part]
    assert len(mine) == 1
    assert outcomes(put(mine[0])) == ["unchanged"]
    assert LayerVersion.objects.count() == written


def test_a_dry_run_writes_nothing() -> None:
    assert outcomes(put(SCHEDULE, dry_run=True)) == ["created"]
    assert not Schedule.objects.exists()


def test_a_changed_layer_is_a_version_more_and_is_said_in_the_diff() -> None:
    put(SCHEDULE)
    applied = put(SCHEDULE.replace("[user:ada, bo]", "[bo]"))
    assert (outcomes(applied), list(applied.documents[0].diff)) == (["updated"], ["layers"])
    assert LayerVersion.objects.filter(position=0).count() == 2


@pytest.mark.parametrize(
    ("old", "new", "field", "line"),
    [
        ("user:ada, bo", "user:zorro", "spec.layers[0].people", 10),
        ("user:ada, bo", "component:x", "spec.layers[0].people[0]", 10),
        ("weekday: tue", "weekday: someday", "spec.layers[0].weekday", 12),
        ("every: 2", "every: 0", "spec.layers[0].every", 11),
        ("Europe/Berlin", "Mars/Olympus", "spec.timeZone", 8),
        ("team: ci", "team: nowhere", "spec.team", 7),
        ('start: "22:00"', 'start: "25:00"', "spec.layers[1].only[0].start", 19),
        ("2027-01-01T00:00:00Z", "later", "spec.layers[1].until", 20),
        ("unit: day", "units: day", "spec.layers[1].units", 17),
    ],
)
def test_a_fault_has_its_path_and_its_line(old: str, new: str, field: str, line: int) -> None:
    applied = put(SCHEDULE.replace(old, new))
    found = [one for document in applied.documents for one in document.problems]
    assert [(one.field, one.line) for one in found][:1] == [(field, line)], found
    assert not Schedule.objects.exists()
