"""Who owned what from when to when."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from catalog.access import system
from catalog.models import Component, Ownership
from catalog.operations import put_component, retire_component
from catalog.specs import ComponentSpec
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def owned(component: Component) -> list[tuple[str, datetime, datetime | None]]:
    """Owner, since, until; oldest first."""
    rows = Ownership.objects.filter(component=component).order_by("period")
    return [(row.team_ref.rpartition("/")[2], row.period.lower, row.period.upper) for row in rows]


def put(owner: str, at: datetime) -> Component:
    spec = ComponentSpec(kind="component", namespace="default", name="ci-runners", owner=owner)
    return put_component(spec=spec, actor=system("test"), now=at).row


def test_a_change_of_owner_closes_one_range_and_opens_the_next_at_the_same_moment() -> None:
    component = put("build-ci", make.NOW)
    put("delivery", make.NOW + DAY)
    put("", make.NOW + 2 * DAY)
    put("build-ci", make.NOW + 3 * DAY)
    assert owned(component) == [
        ("build-ci", make.NOW, make.NOW + DAY),
        ("delivery", make.NOW + DAY, make.NOW + 2 * DAY),
        ("build-ci", make.NOW + 3 * DAY, None),
    ]


def test_other_changes_leave_the_range_alone() -> None:
    component = put("build-ci", make.NOW)
    spec = ComponentSpec(kind="component", namespace="default", name="ci-runners", owner="build-ci", title="Runners")
    put_component(spec=spec, actor=system("test"), now=make.NOW + DAY)
    assert owned(component) == [("build-ci", make.NOW, None)]


def test_two_changes_at_one_moment_leave_no_empty_range() -> None:
    component = put("build-ci", make.NOW)
    put("delivery", make.NOW)
    assert owned(component) == [("delivery", make.NOW, None)]


def test_a_clock_that_went_back_neither_breaks_nor_overlaps() -> None:
    component = put("build-ci", make.NOW)
    put("delivery", make.NOW - DAY)
    assert owned(component) == [("delivery", make.NOW, None)]


def test_a_writer_who_came_first_and_waited_longer_follows_whoever_was_faster() -> None:
    component = put("build-ci", make.NOW)
    put("", make.NOW + DAY)
    put("delivery", make.NOW + DAY / 2)
    assert owned(component) == [("build-ci", make.NOW, make.NOW + DAY), ("delivery", make.NOW + DAY, None)]


def test_a_retired_component_is_owned_no_longer() -> None:
    component = put("build-ci", make.NOW)
    retire_component(ref=component.ref, actor=system("test"), now=make.NOW + DAY)
    assert owned(component) == [("build-ci", make.NOW, make.NOW + DAY)]


def test_the_database_itself_refuses_two_owners_at_once() -> None:
    component = make.component(owner=make.team())
    with pytest.raises(IntegrityError, match="one_owner_at_a_time"):
        Ownership.objects.create(
            component=component, team_ref="group:default/x", period=DateTimeTZRange(make.NOW + DAY, None)
        )
