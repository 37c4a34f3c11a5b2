"""Reviews: where drafts come from, writing with nothing lost, publishing, what is known by itself."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from catalog.access import Actor
from catalog.models import AuditEntry
from incidents import lookback, operations
from incidents.analytics import figures
from incidents.impact import measured
from incidents.lookback import facts_of
from incidents.models import Follower, InboxMessage, Incident, Review, TeamPaging
from incidents.operations.reviews import (
    Conflict,
    IsDraft,
    IsPublished,
    NothingToReview,
    NotOver,
    draft_due,
    fingerprint,
)
from incidents.paging import advance_due
from incidents.panels import Panel
from incidents.queries.analytics import Wanted
from incidents.review_text import changes, to_markdown
from portal.lib.errors import Invalid
from slo.backtest import Happening
from slo.models import Standing
from slo.queries.costs import Cost, ObjectiveCost
from slo.queries.fleet import row
from tests import make, make_incidents
from tests.incidents.review_world import DAY, MINUTE, TOLD, World
from tests.make import NOW, Settings

pytestmark = pytest.mark.django_db
LATER = NOW + 31 * MINUTE


@pytest.fixture
def world() -> World:
    return World()


def save(review: Review, world: World, *, version: int | None = None, **said: object) -> Review:
    given = {name: str(said.pop(name)) for name in list(said) if name in review.sections}
    more = {"by": world.by, "now": LATER, **said}
    return operations.save_review(review=review, sections=given, version=version or review.version, **more)  # type: ignore[arg-type]


def fires_again(world: World, *, at: datetime) -> None:
    """The alert `a` clears and is back."""
    operations.clear_alert(key="a", now=at - MINUTE)
    make_incidents.incident(world.runners, key="a", now=at)


# Drafts -----------------------------------------------------------


def test_what_ended_is_drafted_once_with_what_was_said(world: World) -> None:
    incident = world.incident(cause="A full disk")
    operations.post_update(
        incident=incident, state="resolved", text="Builds run again", by=world.by, now=NOW + 30 * MINUTE
    )
    assert draft_due(now=LATER) == 1
    assert draft_due(now=LATER) == 0
    review = Review.objects.get()
    assert (review.summary, review.causes) == ("Builds run again", "A full disk")
    assert (review.state, review.version, review.saved_by_name) == ("draft", 1, "Portico")


def test_a_crash_between_end_and_draft_is_made_up_for_days_later_but_not_for_ever(world: World) -> None:
    world.incident()
    assert draft_due(now=NOW + 15 * DAY) == 0
    assert draft_due(now=NOW + 13 * DAY) == 1


def test_only_what_is_bad_enough_is_drafted_and_a_setting_says_how_bad(world: World, settings: Settings) -> None:
    ticket = world.incident(rule="ticket")
    assert ticket.severity == 4
    assert draft_due(now=LATER) == 0
    settings.PORTAL_REVIEW_SEVERITY = 4
    assert draft_due(now=LATER) == 1
    settings.PORTAL_REVIEW_SEVERITY = 0
    world.incident(at=NOW + 2 * DAY)
    assert draft_due(now=NOW + 3 * DAY) == 0


def test_drills_and_symptoms_have_none(world: World) -> None:
    drill, symptom, cause = world.incident(), world.incident(at=NOW + DAY), world.incident(at=NOW + 2 * DAY)
    Incident.objects.filter(pk=drill.pk).update(is_drill=True)
    Incident.objects.filter(pk=symptom.pk).update(root=cause)
    assert draft_due(now=NOW + 3 * DAY) == 1
    assert Review.objects.get().incident == cause
    for one in (drill, symptom):
        with pytest.raises(NothingToReview):
            operations.draft_review(incident=one, by=world.by, now=NOW + 3 * DAY)


def test_an_open_incident_has_none_yet(world: World) -> None:
    with pytest.raises(NotOver):
        operations.draft_review(incident=make_incidents.incident(world.runners), by=world.by, now=NOW)


def test_ended_again_it_is_the_same_review_and_says_what_was_said_now_while_nobody_wrote_it(world: World) -> None:
    incident = make_incidents.incident(world.runners, key="a")
    operations.resolve(incident=incident, by=world.by, cause="A disk", now=NOW + MINUTE)
    draft_due(now=NOW + MINUTE)
    fires_again(world, at=NOW + 5 * MINUTE)
    incident.refresh_from_db()
    assert (incident.generation, incident.is_open) == (1, True)
    operations.resolve(incident=incident, by=world.by, cause="The controller of the disk", now=NOW + 9 * MINUTE)
    assert draft_due(now=NOW + 10 * MINUTE) == 1
    assert draft_due(now=NOW + 10 * MINUTE) == 0
    review = Review.objects.get()
    assert (review.causes, review.generation, review.version) == ("The controller of the disk", 1, 1)
    assert review.versions.get().causes == review.causes


def test_what_people_wrote_is_not_touched_when_it_ends_again(world: World) -> None:
    incident = world.incident(cause="A disk")
    save(world.review(incident), world, causes="Ours")
    Incident.objects.filter(pk=incident.pk).update(generation=1, cause="Another")
    assert draft_due(now=LATER) == 1
    assert Review.objects.get().causes == "Ours"


# Writing -----------------------------------------------------------


def test_every_save_is_a_version_with_who_and_what(world: World) -> None:
    review = save(world.review(), world, **TOLD)
    saved = save(review, world, impact="Twelve teams", now=LATER + MINUTE)
    assert [one.number for one in saved.versions.all()] == [3, 2, 1]
    newest = saved.versions.first()
    assert newest
    assert (newest.kind, newest.actor_ref, newest.impact) == ("edited", world.ada.ref, "Twelve teams")
    entry = AuditEntry.objects.filter(action="review.edit").latest("pk")
    assert (entry.object_ref, entry.diff) == (f"review:{review.pk}", {"impact": ["", "Twelve teams"]})


def test_saving_what_is_there_already_changes_nothing(world: World) -> None:
    review = save(world.review(), world, **TOLD)
    assert save(review, world, **TOLD).version == 2
    assert save(review, world, version=1, summary=f"  {TOLD['summary']}\r\n").version == 2


def test_whoever_saves_on_an_older_version_is_told_and_nothing_is_overwritten(world: World) -> None:
    review = world.review()
    save(review, world, summary="Ada's", version=1)
    with pytest.raises(Conflict, match="Ada saved version 2") as refused:
        save(review, world, summary="Ben's", version=1, by=Actor(person=world.ben))
    assert refused.value.current.summary == "Ada's"
    assert Review.objects.get().summary == "Ada's"


def test_what_a_form_saved_itself_is_no_conflict_and_an_overtaken_autosave_changes_nothing(world: World) -> None:
    review = world.review()
    save(review, world, summary="One", version=1, form="f", auto=True)
    save(review, world, summary="One, two", version=1, form="f")  # the button, while the autosave was on its way
    save(review, world, summary="One", version=1, form="f", auto=True)
    review.refresh_from_db()
    assert (review.summary, review.version) == ("One, two", 3)
    with pytest.raises(Conflict):
        save(review, world, summary="Else", version=1, form="g")


def test_with_what_was_opened_only_what_one_changed_is_written(world: World) -> None:
    review = save(world.review(), world, **TOLD)
    opened = {name: fingerprint(text) for name, text in review.sections.items()}
    theirs = save(review, world, impact="All")
    same = save(review, world, version=2, opened=opened, by=Actor(person=world.ben), **TOLD)
    assert same.version == theirs.version  # he changed nothing, and nothing of hers
    mine = {**TOLD, "impact": "", "went_well": "Luck"}
    both = save(review, world, version=2, opened=opened, by=Actor(person=world.ben), **mine)
    assert (both.impact, both.went_well) == ("All", "Luck")
    with pytest.raises(Conflict) as refused:
        save(review, world, version=2, opened=opened, by=Actor(person=world.ben), **{**mine, "impact": "Some"})
    assert refused.value.mine == {"impact": "Some", "went_well": "Luck"}


def test_autosaves_of_one_person_in_a_row_are_one_version_of_the_history(world: World) -> None:
    review = world.review()
    for n in range(4):
        review = save(review, world, summary=f"{n}", form="f", auto=True, now=LATER + n * MINUTE)
    assert [one.number for one in review.versions.all()] == [5, 1]
    review = save(review, world, summary="done", form="f", now=LATER + 5 * MINUTE)
    assert [(one.number, one.kind, one.summary) for one in review.versions.all()][:1] == [(6, "edited", "done")]
    review = save(review, world, summary="more", form="f", auto=True, now=LATER + 6 * MINUTE)
    ben = Actor(person=world.ben)
    review = save(review, world, summary="Ben's", form="h", auto=True, by=ben, now=LATER + 7 * MINUTE)
    review = save(review, world, summary="Ben's own", form="h", auto=True, by=ben, now=LATER + 18 * MINUTE)
    assert [one.number for one in review.versions.all()] == [9, 8, 7, 6, 1]
    assert AuditEntry.objects.filter(action="review.edit").count() == 4


@pytest.mark.parametrize(
    ("said", "field"),
    [({"summary": "x" * 50_001}, "summary"), ({"title": "x"}, "title"), ({"impact": "\x00"}, "impact")],
)
def test_what_can_not_be_kept_is_refused_by_name(world: World, said: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        operations.save_review(review=world.review(), sections=said, version=1, by=world.by, now=LATER)
    assert refused.value.errors[0].field == field


# Publishing -----------------------------------------------------------


def test_published_it_is_told_once_to_followers_and_the_owner_s_team(world: World) -> None:
    incident = world.incident()
    Follower.objects.create(incident=incident, person=world.bob, since=NOW)
    review = save(world.review(incident), world, **TOLD)
    published = operations.publish_review(review=review, by=world.by, now=LATER)
    operations.publish_review(review=review, by=world.by, now=LATER)
    told = InboxMessage.objects.filter(subject__contains="review is published")
    assert sorted(message.person.name for message in told) == ["ben", "bob"]  # Ada did it herself
    assert published.get_absolute_url() in told[0].text
    assert (published.state, published.published_by) == ("published", world.ada)


def test_nothing_is_published_that_does_not_say_what_happened_and_why(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        operations.publish_review(review=world.review(), by=world.by, now=LATER)
    assert [error.field for error in refused.value.errors] == ["summary", "causes"]


def test_what_is_published_is_what_was_read(world: World) -> None:
    review = save(world.review(), world, **TOLD)
    with pytest.raises(Conflict):
        operations.publish_review(review=review, by=world.by, now=LATER, version=1)


def test_a_published_one_is_changed_only_after_it_was_taken_back_with_a_reason(world: World) -> None:
    review = save(world.review(), world, **TOLD)
    with pytest.raises(IsDraft):
        operations.unpublish_review(review=review, reason="x", by=world.by, now=LATER)
    operations.publish_review(review=review, by=world.by, now=LATER)
    review.refresh_from_db()
    with pytest.raises(IsPublished):
        save(review, world, summary="Else")
    with pytest.raises(Invalid):
        operations.unpublish_review(review=review, reason=" ", by=world.by, now=LATER)
    back = operations.unpublish_review(review=review, reason="A name in it", by=world.by, now=LATER)
    assert (back.state, back.published_at) == ("draft", None)
    newest = back.versions.first()
    assert newest
    assert (newest.kind, newest.reason) == ("unpublished", "A name in it")
    assert save(back, world, summary="Else").summary == "Else"


# What is known by itself -----------------------------------------------------------


def test_facts_leave_out_the_time_between_an_end_and_a_reopening(world: World) -> None:
    incident = make_incidents.incident(world.runners, key="a")
    advance_due(now=NOW)
    operations.acknowledge_incident(incident=incident, by=world.by, now=NOW + 2 * MINUTE)
    operations.resolve(incident=incident, by=world.by, now=NOW + 10 * MINUTE)
    fires_again(world, at=NOW + 15 * MINUTE)
    operations.resolve(incident=incident, by=world.by, now=NOW + 35 * MINUTE)
    Incident.objects.filter(pk=incident.pk).update(people_blocked=7)
    incident.refresh_from_db()
    facts = facts_of(incident, now=NOW + DAY)
    assert (facts.to_acknowledge, facts.to_restore) == (2 * MINUTE, 35 * MINUTE)
    assert facts.open_for == 30 * MINUTE
    assert facts.minutes_blocked == 210
    assert facts.paged[0].people == (world.ada,)
    assert facts.acknowledged_by == world.by.person
    (paged,) = facts.paged
    assert (paged.taken_by, paged.taken_after) == (world.by.person, 2 * MINUTE)
    assert [(one.by, one.after) for one in paged.later] == [(None, None)], "nobody took it when it had reopened"


def test_who_was_paged_is_told_step_by_step(world: World) -> None:
    TeamPaging.objects.all().delete()
    steps = make_incidents.step(world.ada, delay=2 * MINUTE), make_incidents.step(world.ben, world.bob)
    make_incidents.paged(world.team, *steps)
    incident = make_incidents.incident(world.runners, key="a")
    for minute in range(4):
        advance_due(now=NOW + minute * MINUTE)
    facts = facts_of(incident, now=NOW + DAY)
    (paged,) = facts.paged
    assert [(one.at, set(one.people)) for one in paged.calls] == [
        (NOW, {world.ada}),
        (NOW + 2 * MINUTE, {world.ben, world.bob}),
    ]
    operations.resolve(incident=incident, by=world.by, now=NOW + 10 * MINUTE)
    said = to_markdown(world.review(incident), facts, [], {})
    first, second = (f"{at:%Y-%m-%d %H:%M:%S} UTC: " for at in (NOW, NOW + 2 * MINUTE))
    assert f"{first}Ada; {second}" in said


def test_each_opening_has_a_clock_of_its_own_in_who_was_paged(world: World) -> None:
    incident = make_incidents.incident(world.runners, key="a")
    advance_due(now=NOW)
    operations.acknowledge_incident(incident=incident, by=world.by, now=NOW + 2 * MINUTE)
    operations.resolve(incident=incident, by=world.by, now=NOW + 10 * MINUTE)
    fires_again(world, at=NOW + 15 * MINUTE)
    second = make_incidents.reachable("second")
    operations.acknowledge_incident(incident=incident, by=Actor(person=second), now=NOW + 16 * MINUTE)
    incident.refresh_from_db()
    facts = facts_of(incident, now=NOW + DAY)
    (paged,) = facts.paged
    assert (facts.acknowledged_by, facts.to_acknowledge) == (paged.taken_by, paged.taken_after)
    assert [(one.by, one.after) for one in paged.later] == [(second, MINUTE)]


def test_a_review_and_the_analytics_tell_the_same_figures(world: World) -> None:
    incident = make_incidents.incident(world.runners, key="a")
    operations.resolve(incident=incident, by=world.by, now=NOW + 10 * MINUTE)  # nobody had taken it
    fires_again(world, at=NOW + 15 * MINUTE)
    operations.clear_alert(key="a", now=NOW + 35 * MINUTE)
    Incident.objects.filter(pk=incident.pk).update(people_blocked=7)
    incident.refresh_from_db()
    facts, later = facts_of(incident, now=NOW + DAY), NOW + DAY
    asked = Wanted(since=NOW - DAY, until=later, now=later, months=[NOW - DAY])
    (all_of_it,) = figures(asked, ["overall"])["overall"]
    assert (facts.minutes_blocked, facts.to_restore) == (210, 35 * MINUTE)
    assert (all_of_it.blocked, all_of_it.restored.median) == (210, 35 * 60)
    assert facts.to_acknowledge == 10 * MINUTE
    assert all_of_it.taken.median == 10 * 60


def test_facts_of_what_is_open_or_was_never_taken_are_absent_and_not_zero(world: World) -> None:
    facts = facts_of(make_incidents.incident(world.runners), now=NOW + 5 * MINUTE)
    assert (facts.to_acknowledge, facts.to_restore, facts.open_for) == (None, None, 5 * MINUTE)
    unknown = facts_of(make_incidents.incident(), now=NOW)
    assert unknown.minutes_blocked is None


def test_similar_are_earlier_ones_of_the_component_then_those_of_the_owner_that_sound_alike(world: World) -> None:
    other = make.component("ci-cache", owner=world.team)
    alike = make_incidents.incident(other, now=NOW - 3 * DAY, summary="Runs don't start on arm64")
    make_incidents.incident(make.component("docs"), now=NOW - 3 * DAY, summary="Runs don't start on arm64")
    make_incidents.incident(make.component("mail", owner=world.team), now=NOW - 3 * DAY, summary="Letters are lost")
    same = world.incident(at=NOW - 2 * DAY, summary="Something else entirely")
    drill = world.incident(at=NOW - DAY)
    Incident.objects.filter(pk=drill.pk).update(is_drill=True)
    now_one = world.incident()
    world.incident(at=NOW + DAY)
    assert list(facts_of(now_one, now=LATER).similar.shown) == [same, alike]


def test_markdown_tells_all_of_it_and_keeps_titles_on_their_line(world: World) -> None:
    incident = world.incident(summary="Jobs | wait\n# not a heading")
    review = save(world.review(incident), world, **TOLD)
    text = to_markdown(review, facts_of(incident, now=LATER), [world.item(review)], {})
    assert text.startswith(f"# {incident.label}: Jobs | wait # not a heading\n")
    for said in (
        "| Acknowledged after | 2 min |", "| Restored after | 30 min |", "## Causes", TOLD["causes"],
        "- [ ] Drain nodes first · Ada · due", "## Who was paged", "draft, not published yet", "## Timeline",
    ):  # fmt: skip
        assert said in text


def test_the_timeline_of_a_review_says_that_it_recovered_and_how_far_they_were(world: World) -> None:
    incident = make_incidents.incident(world.runners, key="a")
    operations.post_update(incident=incident, state="monitoring", text="New nodes", by=world.by, now=NOW + 9 * MINUTE)
    operations.resolve(incident=incident, by=world.by, now=NOW + 10 * MINUTE)
    operations.clear_alert(key="a", now=NOW + 12 * MINUTE, words="The queue is short again")
    incident.refresh_from_db()
    told = facts_of(incident, now=LATER).timeline
    assert [one.state for one in told if one.words == "New nodes"] == ["Mended, watching"]
    assert told[-1].words == "The queue is short again"


def test_of_a_long_story_beginning_and_end_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = make_incidents.incident(world.runners, key="a")
    for n in range(20):
        operations.add_note(incident=incident, text=f"Note {n}", by=world.by, now=NOW + n * MINUTE)
    operations.clear_alert(key="a", now=NOW + 30 * MINUTE)
    incident.refresh_from_db()
    monkeypatch.setattr(lookback, "MOST_ENTRIES", 10)
    facts = facts_of(incident, now=LATER)
    assert len(facts.timeline) == 10
    assert facts.timeline[-1].words == "Resolved: the last alert has cleared"
    assert [one.left_out for one in facts.timeline if one.left_out] == [facts.more_entries]


def test_what_was_measured_is_told_with_its_times_people_and_costs(world: World) -> None:
    incident = world.incident()
    Incident.objects.filter(pk=incident.pk).update(people_blocked=35, teams_blocked=10)
    incident.refresh_from_db()
    objective = make_incidents.objective(world.runners, "ci-wait")
    objective.standing = Standing(objective=objective)
    happening = Happening(incident.label, incident.opened_at, incident.resolved_at)
    cost = Cost(happening, NOW - 5 * MINUTE, NOW + 31 * MINUTE, 211.0, 19_041.0, known=True, share=0.009)
    facts = replace(facts_of(incident, now=LATER), costs=Panel("Costs", [ObjectiveCost(row(objective), cost)]))
    with timezone.override("Europe/Berlin"):
        opened, blocked, spent = measured(facts).splitlines()
    assert opened == "- From Sun 22 Nov 13:00 to 13:30 CET: open for 30 min."
    assert blocked == "- 35 people in 10 teams could not work without it: 1,050 developer-minutes, which is 17.5 hours."
    assert spent.endswith("211 of 19,041 were bad (from 12:55 CET, 5 min before it opened), 0.9 % of its error budget.")
    tiny = replace(facts, costs=Panel("Costs", [ObjectiveCost(row(objective), replace(cost, share=0.0001))]))
    assert measured(tiny).endswith("less than 0.1 % of its error budget.")
    exported = to_markdown(world.review(incident), facts, [], {})
    assert "Measured:*\n\n- From Sun 22 Nov 12:00 to 12:30 UTC" in exported


def test_what_was_not_measured_is_not_told(world: World) -> None:
    incident = make_incidents.incident()
    assert "\n" not in measured(facts_of(incident, now=NOW + MINUTE))


def test_a_difference_names_sections_and_lines(world: World) -> None:
    found = changes({"summary": "a\nb\nc", "causes": "x"}, {"summary": "a\nB\nc", "causes": "x"})
    assert [one.title for one in found] == ["What happened"]
    assert [(line.sign, line.text) for line in found[0].lines] == [(" ", "a"), ("-", "b"), ("+", "B"), (" ", "c")]
    assert timedelta(0) == facts_of(world.incident(lasts=timedelta()), now=NOW).to_restore
