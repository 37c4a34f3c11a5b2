"""Two who save the same version in the same instant, two sweeps that draft, two that remind."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from catalog.access import Actor
from incidents import operations
from incidents.models import ActionReminder, InboxMessage, Review, ReviewVersion
from incidents.operations.action_items import remind_due
from incidents.operations.reviews import Conflict, draft_due
from tests.incidents.review_world import DAY, MINUTE, World
from tests.make import NOW
from tests.races.together import Crew

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TIMES = 40
LATER = NOW + 31 * MINUTE


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(2) as two:
        yield two


@pytest.fixture
def world() -> World:
    return World()


def save(review: Review, version: int, by: Actor) -> str:
    """`saved`, or what the other one had written where this one came second."""
    text = {"summary": f"{by.name} on {version}"}
    try:
        operations.save_review(review=review, sections=text, version=version, by=by, now=LATER)
    except Conflict as error:
        return error.current.summary
    return "saved"


def test_of_two_who_save_the_same_version_one_wins_and_the_other_reads_what_won(crew: Crew, world: World) -> None:
    review = world.review()
    both = (Actor(person=world.ada), Actor(person=world.ben))
    for version in range(1, TIMES + 1):
        said = crew.together(*(partial(save, review, version, by) for by in both))
        review.refresh_from_db()
        assert review.version == version + 1
        assert Counter(said) == {"saved": 1, review.summary: 1}
        assert review.summary == f"{both[said.index('saved')].name} on {version}"
    assert ReviewVersion.objects.count() == TIMES + 1


def test_two_sweeps_draft_one_review(crew: Crew, world: World) -> None:
    for n in range(1, 11):
        world.incident(at=NOW + n * DAY)
        crew.together(*[partial(draft_due, now=NOW + n * DAY + 40 * MINUTE)] * 2)
        assert Review.objects.count() == n


def test_two_sweeps_remind_once(crew: Crew, world: World) -> None:
    item = world.item(world.review(), owner=world.bob)
    InboxMessage.objects.all().delete()
    for n in range(10):
        crew.together(*[partial(remind_due, now=NOW + (11 + 7 * n) * DAY)] * 2)
    assert ActionReminder.objects.filter(item=item).count() == InboxMessage.objects.count() == 10
