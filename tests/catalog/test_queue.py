"""Needs care: each kind of trouble appears, says what it is about, and leaves when it is put right."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from catalog.access import Actor
from catalog.filters import QUEUED_KINDS
from catalog.fixes import FIXES, Wish
from catalog.models import AuditEntry, Component, Team
from catalog.queries import TROUBLES, BadCursor, Case, QueueFilter, cases, meant, queue, trouble_counts
from catalog.queries.troubles import WHOLE, counts_by_team
from tests import make, make_trust
from tests.make import NOW

pytestmark = pytest.mark.django_db


class World:
    """Ada's Build & CI owns one component that is fine; Root is a platform admin."""

    def __init__(self) -> None:
        self.ada, self.root = make.person("ada"), make.person("root", admin=True)
        self.build = make_trust.kept_team("build-ci", self.ada)
        self.fine = make.component("fine", owner=self.build)


@pytest.fixture
def world() -> World:
    """See `World`."""
    return World()


def no_owner(_: World) -> None:
    make.component("x")


def owner_missing(_: World) -> None:
    make.component("x", owner_ref="group:default/build-cl")


def owner_dissolved(_: World) -> None:
    make.component("x", owner=make.team("old", retired_at=NOW))


def owner_person(_: World) -> None:
    make.component("x", owner_ref="user:default/ada")


def dependency(w: World) -> None:
    make.dependency(make.component("x", owner=w.build), "component:default/fime")


def dependant(w: World) -> None:
    make_trust.said_by_target(make.component("x", owner=w.build), "component:default/fime")


def part_of(w: World) -> None:
    make.dependency(make.component("x", owner=w.build), "component:default/fime", relation="subcomponentOf")


def system(w: World) -> None:
    make.component("x", owner=w.build, system_ref="system:default/gone")


def responder(w: World) -> None:
    made = make.component("x", owner=w.build)
    made.responders.create(team_ref="group:default/build-cl")


def unconfirmed(w: World) -> None:
    make.component("x", owner=w.build, now=make_trust.LONG_AGO)


def retired_used(w: World) -> None:
    make.dependency(w.fine, make.component("x", owner=w.build, retired_at=NOW))


def orphaned(w: World) -> None:
    make_trust.claim(make.component("x", owner=w.build).ref, orphaned_at=NOW)


def member(w: World) -> None:
    make_trust.member_not_there(w.build, "user:default/rot")


def team(w: World) -> None:
    make_trust.team_not_there(w.ada)


def system_of_nobody(_: World) -> None:
    make.system("x")


def system_of_a_missing_team(_: World) -> None:
    make.system("x", owner_ref="group:default/build-cl")


def system_of_the_past(_: World) -> None:
    make.system("x", owner=make.team("old", retired_at=NOW))


def system_of_a_person(_: World) -> None:
    make.system("x", owner_ref="user:default/ada")


def system_within_nothing(w: World) -> None:
    make.domain("delivery", owner=w.build)
    make.system("x", owner=w.build, domain_ref="domain:default/delivry")


def domain_of_nobody(_: World) -> None:
    make.domain("x")


def domain_of_the_past(_: World) -> None:
    make.domain("x", owner=make.team("old", retired_at=NOW))


def domain_within_nothing(w: World) -> None:
    make.domain("x", owner=w.build, parent_ref="domain:default/gone")


def team_within_nothing(w: World) -> None:
    Team.objects.filter(pk=w.build.pk).update(parent_ref="group:default/gone")


def no_members(_: World) -> None:
    make.team("empty", email="empty@example.org")


def no_lead(w: World) -> None:
    make.team("led-by-none", w.ada, email="led@example.org")


def no_contact(w: World) -> None:
    Team.objects.filter(pk=w.build.pk).update(email="")


Make = Callable[[World], None]
WAYS_OUT: list[tuple[str, Make, str, str]] = [
    ("no-owner", no_owner, "assign", "group:default/build-ci"),
    ("no-owner", no_owner, "assign", "build-ci"),
    ("owner-missing", owner_missing, "assign", "group:default/build-ci"),
    ("owner-missing", owner_missing, "meant", "group:default/build-ci"),
    ("owner-dissolved", owner_dissolved, "assign", "group:default/build-ci"),
    ("owner-person", owner_person, "assign", "group:default/build-ci"),
    ("dangling", dependency, "remove", ""),
    ("dangling", dependency, "meant", "component:default/fine"),
    ("dangling", dependant, "remove", ""),
    ("dangling", dependant, "meant", "component:default/fine"),
    ("dangling", part_of, "remove", ""),
    ("dangling", part_of, "meant", "component:default/fine"),
    ("dangling", system, "remove", ""),
    ("dangling", responder, "remove", ""),
    ("dangling", responder, "meant", "group:default/build-ci"),
    ("unconfirmed", unconfirmed, "confirm", ""),
    ("unconfirmed", unconfirmed, "retire", ""),
    ("retired-used", retired_used, "revive", ""),
    ("orphaned", orphaned, "keep", ""),
    ("orphaned", orphaned, "retire", ""),
    ("membership", member, "leave", ""),
    ("membership", member, "meant", "user:default/root"),
    ("membership", team, "leave", ""),
    ("no-owner", system_of_nobody, "assign", "group:default/build-ci"),
    ("owner-missing", system_of_a_missing_team, "meant", "group:default/build-ci"),
    ("owner-dissolved", system_of_the_past, "assign", "group:default/build-ci"),
    ("owner-person", system_of_a_person, "assign", "group:default/build-ci"),
    ("dangling", system_within_nothing, "meant", "domain:default/delivery"),
    ("dangling", system_within_nothing, "remove", ""),
    ("no-owner", domain_of_nobody, "assign", "group:default/build-ci"),
    ("owner-dissolved", domain_of_the_past, "assign", "group:default/build-ci"),
    ("dangling", domain_within_nothing, "remove", ""),
    ("dangling", team_within_nothing, "remove", ""),
    ("no-members", no_members, "join", ""),
    ("no-members", no_members, "retire", ""),
    ("no-lead", no_lead, "lead", ""),
]
BY_AN_ADMIN = {"no-members"}
"""Nobody is in the team who could."""
LINKS = {"register", "edit"}


def only() -> Case:
    """The one case there is."""
    (found,) = queue(QueueFilter(), now=NOW).cases
    return found


@pytest.mark.parametrize(("trouble", "made", "fix", "value"), WAYS_OUT)
def test_a_trouble_appears_and_leaves_when_it_is_put_right(
    world: World, trouble: str, made: Make, fix: str, value: str
) -> None:
    made(world)
    case = only()
    counts = trouble_counts(QueueFilter(), now=NOW)
    assert case.trouble.key == trouble
    assert {key: n for key, n in counts.items() if n} == {trouble: 1}
    assert set(counts) == set(TROUBLES)
    who = world.root if trouble in BY_AN_ADMIN else world.ada
    FIXES[fix].do(Wish(case, Actor(person=who), NOW, value))
    assert [one for one in queue(QueueFilter(), now=NOW).cases if one.trouble.key != "no-lead" or fix == "lead"] == []
    assert cases([case.key], now=NOW) == ()
    assert AuditEntry.objects.filter(actor_ref=who.ref).exists()


def test_every_way_out_that_is_offered_is_tried_here() -> None:
    tried = {(trouble, fix) for trouble, _, fix, _ in WAYS_OUT} | {(key, link) for key in TROUBLES for link in LINKS}
    assert {(key, fix) for key, trouble in TROUBLES.items() for fix in trouble.fixes} <= tried


def test_everything_in_order_is_no_trouble(world: World) -> None:
    make.dependency(world.fine, make.component("other", owner=world.build))
    make.component("gone", retired_at=NOW)
    make.dependency(make.component("gone-too", owner=world.build, retired_at=NOW), "component:default/nothing")
    make.system("kept", owner=world.build, domain=make.domain("kept", owner=world.build))
    make.system("gone", retired_at=NOW)
    make.domain("gone", retired_at=NOW)
    make.team("gone", retired_at=NOW)
    assert queue(QueueFilter(), now=NOW).cases == ()
    assert sum(trouble_counts(QueueFilter(), now=NOW).values()) == 0


def test_half_a_year_is_counted_from_the_last_confirmation_else_from_registering(world: World) -> None:
    first = make.component("first", owner=world.build, now=make_trust.LONG_AGO)
    make.component("second", owner=world.build, now=make_trust.LONG_AGO, confirmed_at=NOW - timedelta(days=182))
    assert only().ref == first.ref


def test_what_was_meant_is_the_closest_name_that_is_there(world: World) -> None:
    make.component("k8s-build", owner=world.build)
    make.component("cache", kind="resource", owner=world.build)
    make.component("archive", owner=world.build, retired_at=NOW)
    said = [
        "component:default/k8s-bulid",
        "component:default/cache",
        "component:default/zebra",
        "group:default/bild-ci",
    ]
    assert meant([*said, "domain:default/x", "component:default/archiv"]) == {
        "component:default/k8s-bulid": "component:default/k8s-build",
        "component:default/cache": "resource:default/cache",
        "group:default/bild-ci": "group:default/build-ci",
    }


def test_a_reference_both_sides_say_stays_said_by_the_other(world: World) -> None:
    holder = make.component("x", owner=world.build)
    edge = make.dependency(holder, "component:default/fime")
    type(edge).objects.update(by_target=True)
    FIXES["remove"].do(Wish(only(), Actor(person=world.ada), NOW))
    assert queue(QueueFilter(), now=NOW).cases == ()
    edge.refresh_from_db()
    assert (edge.by_holder, edge.by_target) == (False, True)


def test_a_fix_changes_the_version_and_is_in_the_change_log_with_both_sides(world: World) -> None:
    dependency(world)
    FIXES["meant"].do(Wish(only(), Actor(person=world.ada), NOW, "component:default/fine"))
    x = Component.objects.get(name="x")
    edge = x.dependencies.get()
    assert (x.version, edge.target_ref, edge.target) == (2, "component:default/fine", world.fine)
    entry = AuditEntry.objects.get()
    assert entry.diff == {"depends_on": [["component:default/fime"], ["component:default/fine"]]}


def filled() -> list[str]:
    """Twelve cases of several kinds, some equally old; their references, the oldest first."""
    refs = []
    for n in range(4):
        at = make_trust.LONG_AGO + timedelta(hours=n // 2)
        refs.append(make.component(f"a{n}", now=at, confirmed_at=NOW).ref)
        holder = make.component(f"b{n}", now=at, confirmed_at=NOW, owner=Team.objects.get(name="build-ci"))
        make.dependency(holder, "component:default/nothing-1")
        make.dependency(holder, "component:default/nothing-2")
        refs += [holder.ref, holder.ref]
    return refs


@pytest.mark.parametrize("size", [1, 2, 5, 50])
def test_pages_lead_through_all_kinds_and_back_and_nothing_is_shown_twice(world: World, size: int) -> None:
    made, seen, back = filled(), [], []
    page = queue(QueueFilter(), now=NOW, size=size)
    seen += [case.key for case in page.cases]
    while page.next:
        page = queue(QueueFilter(), now=NOW, cursor=page.next, size=size)
        seen += [case.key for case in page.cases]
    assert (len(seen), len(set(seen))) == (len(made), len(made))
    back = [case.key for case in page.cases]
    while page.previous:
        page = queue(QueueFilter(), now=NOW, cursor=page.previous, size=size)
        back = [case.key for case in page.cases] + back
    assert back == seen
    ages = [case.since for case in queue(QueueFilter(), now=NOW).cases]
    assert ages == sorted(ages)


def test_a_row_put_right_between_two_pages_hides_no_other(world: World) -> None:
    filled()
    first = queue(QueueFilter(), now=NOW, size=5)
    Component.objects.filter(name="a0").update(owner=world.build)
    rest = queue(QueueFilter(), now=NOW, cursor=first.next, size=50)
    assert len(first.cases) + len(rest.cases) == 12


@pytest.mark.parametrize("cursor", ["x", "====", "bnVsbA", "WyIrIiwxXQ", "é", "WyIrIiwiMjAyNi0xMS0yMiIsIDAsIDFd"])
def test_a_cursor_that_was_made_up_is_said_to_be_one(world: World, cursor: str) -> None:
    with pytest.raises(BadCursor):
        queue(QueueFilter(), now=NOW, cursor=cursor)


def test_filters_combine_and_counts_follow_them(world: World) -> None:
    filled()
    make.component("api", kind="api", owner_ref="group:default/ghosts")
    member(world)
    assert {case.ref for case in queue(QueueFilter(kind=("api",)), now=NOW).cases} == {"api:default/api"}
    theirs = QueueFilter(team=("group:default/build-ci",))
    assert trouble_counts(theirs, now=NOW)["dangling"] == 8
    assert trouble_counts(theirs, now=NOW)["membership"] == 1
    assert trouble_counts(theirs, now=NOW)["no-owner"] == 0
    refs = ["group:default/build-ci", "group:default/ghosts", "group:default/of-nothing"]
    alone = {ref: sum(trouble_counts(QueueFilter(team=(ref,)), now=NOW).values()) for ref in refs}
    everything = sum(trouble_counts(QueueFilter(), now=NOW).values())
    assert counts_by_team(refs, whole=True, now=NOW) == {**alone, WHOLE: everything}
    assert counts_by_team(refs[:1], whole=False, now=NOW) == {refs[0]: alone[refs[0]]}
    ghosts = QueueFilter(team=("group:default/ghosts",), trouble=("owner-missing", "dangling"))
    assert [case.ref for case in queue(ghosts, now=NOW).cases] == ["api:default/api"]
    assert len(queue(QueueFilter(trouble=("no-owner",)), now=NOW).cases) == 4


def test_each_kind_is_asked_for_by_its_name(world: World) -> None:
    no_owner(world)
    system_of_nobody(world)
    domain_of_nobody(world)
    no_contact(world)
    team(world)
    shown = {kind: [one.ref for one in queue(QueueFilter(kind=(kind,)), now=NOW).cases] for kind in QUEUED_KINDS}
    assert shown == {
        "component": ["component:default/x"],
        "resource": [],
        "api": [],
        "system": ["system:default/x"],
        "domain": ["domain:default/x"],
        "group": ["group:default/build-ci"],
        "user": ["user:default/ada"],
    }
    theirs = QueueFilter(team=("group:default/build-ci",))
    assert {key: n for key, n in trouble_counts(theirs, now=NOW).items() if n} == {"no-contact": 1}


def test_a_team_whose_people_have_all_left_has_no_members(world: World) -> None:
    gone = make.person("gone", retired_at=NOW)
    made = make_trust.kept_team("left", gone)
    assert (only().ref, only().trouble.key) == (made.ref, "no-members")


def test_a_chat_or_a_link_is_a_contact_too(world: World) -> None:
    Team.objects.filter(pk=world.build.pk).update(email="", chat_url="https://chat.example.org/build")
    assert queue(QueueFilter(), now=NOW).cases == ()
    Team.objects.filter(pk=world.build.pk).update(chat_url="", links=[{"url": "https://chat.example.org/build"}])
    assert queue(QueueFilter(), now=NOW).cases == ()


def test_a_retired_component_says_who_still_depends_on_it(world: World) -> None:
    retired_used(world)
    assert only().users == ("component:default/fine",)


def test_what_a_source_dropped_says_which(world: World) -> None:
    orphaned(world)
    make_trust.claim("component:default/x", source="location:default/other")
    assert only().users == ("location:default/platform",)
