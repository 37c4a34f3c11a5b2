"""What came of the incidents of the demo's past: reviews, drafted for each P1 and P2, some with action items."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.models import ActionItem, Review
from incidents.operations.action_items import ItemSpec
from portal.demo.past_story import Act, At, Story, reviewed

DRAFTED = timedelta(minutes=20)
"""After the end: also what came again is over by then."""
WRITTEN = ("impact", "went_well", "went_badly")


def write_reviews(stories: Sequence[Story], said: Mapping[str, Mapping[str, Any]], at: At, *, now: datetime) -> None:
    """Put down when drafts are made, reviews published and items done; of several by one name the first is reviewed."""
    written = dict(said)
    for story in stories:
        at(story.ends + DRAFTED, _drafting(story))
        item = written.pop(story.title, None)
        if item is not None:
            _write(story, item, at, now)


def _drafting(story: Story) -> Act:
    def draft(now: datetime) -> None:
        if story.incident is None:
            return
        story.incident.refresh_from_db()
        if reviewed(story.incident):
            operations.draft_review(incident=story.incident, now=now)

    return draft


def _write(story: Story, said: Mapping[str, Any], at: At, now: datetime) -> None:
    published = story.ends + timedelta(days=said["after"])

    def publish(moment: datetime) -> None:
        review, by = _review(story), _somebody(said["by"])
        sections = {name: said[name] for name in WRITTEN}
        sections["summary"] = said["happened"]
        review = operations.save_review(review=review, sections=sections, version=review.version, by=by, now=moment)
        for title, owner, due, *_ in said["items"]:
            day = (moment + timedelta(days=due)).date()
            spec = ItemSpec(title=title, owner=_somebody(owner).person, due_on=day)
            operations.add_action_item(review=review, spec=spec, by=by, now=moment)
        operations.publish_review(review=review, by=by, now=moment)

    at(published, publish)
    for title, owner, _, *done in said["items"]:
        if done and published + timedelta(days=done[0]) < now:
            at(published + timedelta(days=done[0]), _closing(story, title, owner))


def _closing(story: Story, title: str, owner: str) -> Callable[[datetime], None]:
    def close(now: datetime) -> None:
        item = ActionItem.objects.get(review=_review(story), title=title)
        operations.close_action_item(item=item, state=ActionItem.State.DONE, by=_somebody(owner), now=now)

    return close


def _review(story: Story) -> Review:
    return Review.objects.get(incident=story.incident)


def _somebody(name: str) -> Actor:
    return Actor(person=Person.objects.get(ref=f"user:default/{name}"))
