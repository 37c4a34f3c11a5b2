"""Writers whose things name each other, at the same moment: each has its answer, nobody waits for ever."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Claim, Component, Dependency, Domain, Membership
from tests import make
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20
FINE = {200, 201, 207}


class Caller:
    """A client that may write everything."""

    def __init__(self) -> None:
        self.text = make.token("components:write")[1]

    def send(self, method: str, path: str, body: object) -> Callable[[], int]:
        """That request, to be made later in a thread of its own."""
        api = make.signed(APIClient(), self.text)
        return lambda: getattr(api, method)(path, body, format="json").status_code

    def put(self, name: str, **body: object) -> Callable[[], int]:
        """A PUT of a component."""
        return self.send("put", f"/api/v1/components/component/default/{name}", body)

    def bulk(self, *items: Mapping[str, object]) -> Callable[[], int]:
        """Components together."""
        return self.send("post", "/api/v1/components/bulk", {"items": list(items)})

    def apply(self, *names: str, query: str = "", **spec: str) -> Callable[[], int]:
        """A stream of components."""
        api, text = make.signed(APIClient(), self.text), "\n---\n".join(json.dumps(manifest(n, spec)) for n in names)
        path = f"/api/v1/apply?{query}"
        return lambda: api.post(path, text, content_type="application/yaml").status_code


def manifest(name: str, spec: Mapping[str, str]) -> dict[str, Any]:
    said = {"type": "service", "lifecycle": "production", "owner": "build-ci", **spec}
    return {"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": name}, "spec": said}


def test_a_put_and_an_apply_of_one_component_leave_one_of_both_whole() -> None:
    caller = Caller()
    for n in range(ROUNDS):
        answers = together(
            caller.put(f"c{n}", owner="build-ci", type="runner", lifecycle="experimental"),
            caller.apply(f"c{n}", type="service"),
        )
        assert sorted(map(str, answers)) in (["200", "201"], ["200", "200"]), answers
        row = Component.objects.get(name=f"c{n}")
        assert (row.type, row.lifecycle) in {("runner", "experimental"), ("service", "production")}
        assert row.version == AuditEntry.objects.filter(object_ref=row.ref).count()


def test_two_bulks_that_depend_on_each_others_components_both_get_through() -> None:
    caller, names = Caller(), [f"{side}{n}" for n in range(8) for side in "ab"]
    here, there = [n for n in names if n[0] == "a"], [n for n in names if n[0] == "b"]
    for n in range(ROUNDS):
        other = [] if n % 2 else ["component:default/{}"]  # every other round takes back what was said
        one = [{"name": a, "depends_on": [t.format(b) for t in other]} for a, b in zip(here, there, strict=True)]
        two = [{"name": b, "dependency_of": [t.format(a) for t in other]} for a, b in zip(here, there, strict=True)]
        three = [{"name": b, "dependency_of": [t.format(a) for t in other]} for a, b in zip(here, there, strict=True)]
        answers = together(caller.bulk(*one), caller.bulk(*reversed(two)), caller.bulk(*three))
        assert set(answers) == {200}
        assert Dependency.objects.count() == (8 if other else 0)
        assert Dependency.objects.filter(target=None).count() == 0


def test_a_component_that_is_retired_in_the_middle_of_a_bulk_is_one_or_the_other() -> None:
    caller = Caller()
    for n in range(ROUNDS):
        items = [
            {"name": f"c{i}", "title": f"round {n}", "depends_on": [f"component:default/c{i - 1}"]} for i in (1, 2, 3)
        ]
        answers = together(caller.bulk(*items), caller.send("delete", "/api/v1/components/component/default/c2", None))
        assert answers[0] == 200
        assert answers[1] in ({200} if n else {200, 404})
        row = Component.objects.get(name="c2")
        open_now = row.ownerships.filter(period__upper_inf=True).count()
        assert (row.title, row.retired_at is None or open_now == 0) == (f"round {n}", True)


def test_two_applies_of_one_source_that_prune_each_others_things_take_turns() -> None:
    caller = Caller()
    for n in range(ROUNDS):
        answers = together(
            caller.apply("a", query="source=ci&prune=true"),
            caller.apply("b", query="source=ci&prune=true"),
            caller.apply("b", "a", query="source=ci&prune=true"),
        )
        assert set(answers) <= FINE, (n, answers)
        living = set(Component.objects.filter(retired_at=None).values_list("name", flat=True))
        assert living in ({"a"}, {"b"}, {"a", "b"})
        assert set(Claim.objects.filter(orphaned_at=None).values_list("ref", flat=True)) == {
            f"component:default/{name}" for name in living
        }


def test_a_prune_and_a_bulk_of_what_it_prunes_take_turns() -> None:
    caller, names = Caller(), [f"c{n}" for n in range(12)]
    for n in range(ROUNDS):
        assert caller.apply(*names, query="source=ci")() in FINE
        bulk = [{"name": name, "title": str(n), "depends_on": ["component:default/z"]} for name in names]
        answers = together(
            caller.apply("z", query="source=ci&prune=true"), caller.bulk(*bulk), caller.bulk(*bulk[::-1])
        )
        assert set(answers) <= FINE, (n, answers)


def test_somebody_is_changed_while_their_team_is() -> None:
    caller = Caller()
    for n in range(ROUNDS):
        team, person = make.team(f"t{n}"), make.person(f"p{n}")
        join = caller.send("patch", f"/api/v1/people/default/p{n}", {"member_of": [team.ref]})
        assert join() == 200
        members = {"members": [{"person": person.ref, "role": "lead"}], "title": "T"}
        answers = together(
            caller.send("patch", f"/api/v1/people/default/p{n}", {"display_name": "P"}),
            caller.send("put", f"/api/v1/teams/default/t{n}", members),
        )
        assert answers == [200, 200]
        row = Membership.objects.get(team=team)
        assert (row.person, row.role, row.by_team, row.by_person) == (person, "lead", True, True)


def test_groups_that_name_each_other_are_changed_together() -> None:
    caller = Caller()
    for n in range(ROUNDS):
        here, there = f"/api/v1/domains/default/a{n}", f"/api/v1/domains/default/b{n}"
        for path, parent in ((here, f"b{n}"), (there, "")):
            assert caller.send("put", path, {"owner": "build-ci", "parent": parent})() == 201
        Domain.objects.filter(name=f"b{n}").update(parent_ref=f"domain:default/a{n}")  # as it could be said once
        answers = together(caller.send("patch", here, {"title": "A"}), caller.send("patch", there, {"title": "B"}))
        assert answers == [200, 200]
