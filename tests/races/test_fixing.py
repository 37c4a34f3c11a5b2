"""A fix of the queue while others write the same names: locks are taken at once, so nobody waits in a ring."""

from collections.abc import Iterable
from typing import Any

import pytest

from catalog import fixes
from catalog.access import system
from catalog.fixes import Wish
from catalog.models import Component, Membership
from catalog.operations import components, locking, repoint, teams, trust
from catalog.operations.locking import _key, hold_refs
from catalog.queries import cases
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """The locks of every `hold_refs`, in order."""
    seen: list[set[int]] = []

    def spied(*, written: Iterable[str], named: Iterable[str] = ()) -> None:
        written, named = list(written), list(named)
        seen.append({_key(ref) for ref in (*written, *named)})
        hold_refs(written=written, named=named)

    for module in (components, locking, teams, trust, fixes):
        monkeypatch.setattr(module, "hold_refs", spied)
    return seen


def test_pointing_elsewhere_takes_all_its_locks_in_one_go(holds: list[set[int]]) -> None:
    owner = make.team("build-ci")
    runners, there = make.component("ci-runners", owner=owner), make.component("cache")
    for other in (there, make.component("registry"), "component:default/cahce"):
        make.dependency(runners, other)
    repoint(
        ref=runners.ref, field="depends_on", target="component:default/cahce", instead="component:default/vault",
        actor=system("test"), now=make.NOW,
    )  # fmt: skip
    first, *later = holds
    assert later
    assert all(more <= first for more in later)
    assert set(Component.objects.get(pk=runners.pk).dependencies.values_list("target_ref", flat=True)) == {
        "component:default/cache", "component:default/registry", "component:default/vault",
    }  # fmt: skip


def test_replacing_a_member_takes_all_its_locks_in_one_go(holds: list[set[int]]) -> None:
    team, ada = make.team("build-ci"), make.person("ada")
    row = Membership.objects.create(team=team, team_ref=team.ref, person_ref="user:default/adda", role="member")
    (case,) = cases([f"member:{row.pk}"], now=make.NOW)
    wish: Any = Wish(case, system("test"), make.NOW, ada.ref)
    fixes.point_to_what_was_meant(wish)
    first, *later = holds
    assert len(later) == 2
    assert all(more <= first for more in later)
