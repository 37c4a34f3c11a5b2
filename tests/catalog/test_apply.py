"""Streams of documents: each written or refused by itself, in one transaction, and again changes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog import exporting, registries
from catalog.access import Actor, system
from catalog.manifest import Document, Marker
from catalog.models import (
    AuditEntry,
    Claim,
    Component,
    Dependency,
    Domain,
    Membership,
    Ownership,
    Person,
    Responder,
    System,
    Team,
)
from catalog.operations import grant_admin, put_team
from catalog.operations.applying import Applied, PruneNeedsSource, SourceFile, apply_files
from catalog.specs import MemberSpec, TeamSpec
from portal.lib.errors import FieldError, Invalid
from tests import make
from tests.catalog.manifest_text import text
from tests.make import NOW

pytestmark = pytest.mark.django_db
CLI = system("cli")
EXAMPLES = Path(__file__).parent / "manifests"
LATER = NOW + timedelta(hours=1)
FULL = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Ci-Runners
  title: CI runners
  annotations:
    portico/tier: "1"
    portico/responders: network, group:platform/odd
    portico/runbook: https://runbooks.example.org/ci
    portico/docs: "# When jobs wait\\n\\nLook at the pool first."
    example.org/own: kept
  order: 3
spec:
  type: runner
  lifecycle: production
  owner: build-ci
  sizing: {cpu: 0.5, pools: [a, null]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: build-ci
  annotations: {portico/leads: ada, portico/chat: "https://chat.example.org/ci"}
spec:
  type: team
  profile: {displayName: Build & CI, nickname: builders}
  children: []
  members: [ada, ben]
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata:
  name: ada
  annotations: {portico/time-zone: Europe/Berlin, portico/clock: "12"}
spec: {profile: {displayName: Ada}, memberOf: []}
"""


def put(
    *texts: str, actor: Actor = CLI, source: str = "", prune: bool = False, dry_run: bool = False, **more: Any
) -> Applied:
    files = [SourceFile(address=f"file-{place}", text=one) for place, one in enumerate(texts)]
    return apply_files(files=files, actor=actor, now=NOW, source=source, prune=prune, dry_run=dry_run, **more)


def outcomes(applied: Applied) -> dict[str, str]:
    assert not [problem for one in applied.documents for problem in one.problems]
    return {one.ref: one.outcome for one in applied.documents}


def failure(applied: Applied) -> tuple[str, str, int, int]:
    (problem,) = [problem for one in applied.documents for problem in one.problems]
    return problem.field, problem.code, problem.line, problem.column


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of the catalog but the change log, without their ids."""
    models = (Component, System, Domain, Team, Person, Dependency, Membership, Ownership, Responder, Claim)
    return {
        model.__name__: sorted(
            ({key: value for key, value in row.items() if key not in ("id", "document")} for row in rows.values()),
            key=str,
        )
        for model in models
        for rows in [model._default_manager.all()]
    }


def test_a_platform_comes_in_whole_and_again_changes_nothing() -> None:
    examples = (EXAMPLES / "examples.yaml").read_text()
    assert set(outcomes(put(examples)).values()) == {"created"}
    before, log = everything(), AuditEntry.objects.count()
    assert set(outcomes(put(examples)).values()) == {"unchanged"}
    assert everything() == before
    assert AuditEntry.objects.count() == log


@pytest.mark.parametrize("name", ["examples.yaml", "delivery.yaml"])
def test_what_is_exported_and_applied_changes_nothing(name: str) -> None:
    documents = (EXAMPLES / name).read_text().split("\n---\n")
    put("\n---\n".join(one for one in documents if "kind: Location" not in one))
    before = everything()
    exported = "".join(exporting.stream())
    assert set(outcomes(put(exported)).values()) == {"unchanged"}
    assert everything() == before


def test_what_is_exported_fills_an_empty_portal_alike() -> None:
    put(FULL)
    put((EXAMPLES / "examples.yaml").read_text())
    make.component("nobodys", type="", lifecycle="", owner=None)
    make.component("nobodys-api", kind="api", type="", lifecycle="")
    first = "".join(exporting.stream())
    for model in (Component, System, Domain, Team, Person, Membership, Dependency):
        model._default_manager.all().delete()
    assert set(outcomes(put(first)).values()) == {"created"}
    assert "".join(exporting.stream()) == first
    nobodys, api = Component.objects.get(name="nobodys"), Component.objects.get(name="nobodys-api")
    assert (nobodys.owner_ref, nobodys.type, api.definition) == ("", "", "")


def test_our_annotations_become_fields_and_unknown_keys_are_kept() -> None:
    put(FULL)
    runners, build, ada = Component.objects.get(), Team.objects.get(), Person.objects.get()
    assert (runners.ref, runners.name, runners.tier) == ("component:default/ci-runners", "Ci-Runners", 1)
    assert (runners.runbook, runners.annotations) == ("https://runbooks.example.org/ci", {"example.org/own": "kept"})
    assert runners.docs.startswith("# When jobs wait\n")
    assert runners.extra == {"metadata": {"order": 3}, "spec": {"sizing": {"cpu": 0.5, "pools": ["a", None]}}}
    assert runners.owner == build
    assert (build.title, build.chat_url, build.extra) == (
        "Build & CI",
        "https://chat.example.org/ci",
        {"profile": {"nickname": "builders"}},
    )
    roles = dict(build.memberships.values_list("person_ref", "role"))
    assert roles == {"user:default/ada": "lead", "user:default/ben": "member"}
    assert (ada.time_zone, ada.clock_24h) == ("Europe/Berlin", False)


def test_a_group_that_names_no_leads_leaves_roles_as_they_are() -> None:
    make.person("ada")
    put_team(
        spec=TeamSpec(namespace="default", name="web", members=(MemberSpec(person="ada", role="lead"),)),
        actor=CLI,
        now=NOW,
    )
    group = text("Group", spec="  members: [ada, ben]\n")
    put(group)
    assert dict(Membership.objects.values_list("person_ref", "role")) == {
        "user:default/ada": "lead",
        "user:default/ben": "member",
    }


def test_a_membership_said_from_both_sides_stays_until_neither_says_it() -> None:
    user, group = text("User", name="ada").replace("[]", "[web]"), text("Group", spec="  members: [ada]\n")
    put(user)
    row = Membership.objects.get()
    assert (row.team, row.by_team, row.by_person) == (None, False, True)
    put(group)
    row.refresh_from_db()
    assert (row.team, row.by_team, row.by_person) == (Team.objects.get(), True, True)
    put(text("Group", spec="  members: []\n"))
    row.refresh_from_db()
    assert (row.by_team, row.by_person) == (False, True)
    put(text("User", name="ada"))
    assert not Membership.objects.exists()


def test_a_dependency_said_from_both_sides_stays_until_neither_says_it() -> None:
    web = text(spec="  dependsOn: [component:store]\n")
    store = text(name="store", spec="  dependencyOf: [component:web]\n")
    put(store)
    edge = Dependency.objects.get()
    assert (edge.holder, edge.by_holder, edge.by_target) == (None, False, True)
    put(web)
    edge.refresh_from_db()
    assert (edge.holder, edge.by_holder, edge.by_target) == (Component.objects.get(name="web"), True, True)
    put(text(name="store"))
    edge.refresh_from_db()
    assert (edge.by_holder, edge.by_target) == (True, False)
    put(text())
    assert not Dependency.objects.exists()


def test_a_dry_run_says_what_would_change_and_writes_nothing() -> None:
    put(text())
    before, log = everything(), AuditEntry.objects.count()
    applied = put(text(spec="  system: shop\n") + "---\n" + text(name="new"), dry_run=True)
    first, second = applied.documents
    assert (first.outcome, second.outcome) == ("updated", "created")
    assert first.diff == {"system": ("", "system:default/shop")}
    assert everything() == before
    assert AuditEntry.objects.count() == log


def test_one_bad_document_is_one_error_and_the_others_are_written() -> None:
    applied = put(f"{text(name='one')}---\n{text(name='-')}---\n{{broken\n---\n{text(name='four')}")
    assert [(one.document, one.outcome) for one in applied.documents] == [
        (1, "created"), (2, "failed"), (3, "failed"), (4, "created"),
    ]  # fmt: skip
    assert set(Component.objects.values_list("name", flat=True)) == {"one", "four"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (text().replace("service", "t" * 64), ("spec.type", "too_long", 6, 9)),
        (text(metadata=f"  title: {'t' * 201}\n"), ("metadata.title", "too_long", 5, 10)),
        (text("User").replace("spec:", "  annotations: {portico/time-zone: Mars/Olympus}\nspec:"),
         ("metadata.annotations.portico/time-zone", "unknown_zone", 5, 36)),
        (text("Group", spec="  profile: {email: nobody}\n"), ("spec.profile.email", "invalid_email", 8, 20)),
        (text("Group", spec="  parent: web\n"), ("spec.parent", "own_parent", 8, 11)),
        (text(spec="  dependsOn: [component:a, component:web]\n"), ("spec.dependsOn[1]", "itself", 9, 28)),
        (text("Domain", spec="  subdomainOf: web\n"), ("spec.subdomainOf", "own_parent", 7, 16)),
        (text(metadata="  annotations: {portico/relations: '[]'}\n"),
         ("metadata.annotations.portico/relations", "invalid_json", 5, 36)),
    ],
)  # fmt: skip
def test_what_the_catalog_itself_refuses_has_its_place_too(document: str, said: tuple[str, str, int, int]) -> None:
    assert failure(put(document)) == said
    assert not Component.objects.exists()
    assert not Team.objects.exists()


def test_the_same_entity_in_two_files_is_refused_the_second_time() -> None:
    applied = put(text(name="web"), text(name="Web"))
    assert failure(applied)[:2] == ("metadata.name", "twice")
    assert "file-0" in applied.documents[1].problems[0].message


def test_markers_are_read_where_they_can_be_and_kept_where_not() -> None:
    api = text("API").replace("definition: x", "definition: {$text: ./api.yaml}")

    def read(marker: Marker) -> str | None:
        return "openapi: 3.1.0" if marker.target == "./api.yaml" else None

    put(api)
    assert (Component.objects.get().definition, Component.objects.get().extra) == (
        "",
        {"markers": {"definition": {"$text": "./api.yaml"}}},
    )
    assert '"$text": "./api.yaml"' in exporting.manifest_text("api:default/web")
    apply_files(files=[SourceFile(address="a", text=api, markers=read)], actor=CLI, now=NOW)
    assert (Component.objects.get().definition, Component.objects.get().extra) == ("openapi: 3.1.0", {})


def test_what_a_source_no_longer_names_is_orphaned_and_when_asked_retired() -> None:
    put(text(name="a"), text(name="b"), source="shop")
    gone = put(text(name="a"), source="shop")
    assert (gone.orphaned, gone.retired) == (("component:default/b",), ())
    assert Claim.objects.get(ref="component:default/b").orphaned_at == NOW
    assert put(text(name="a"), text(name="b"), source="shop").orphaned == ()
    assert Claim.objects.get(ref="component:default/b").orphaned_at is None
    pruned = put(text(name="a"), source="shop", prune=True)
    assert (pruned.orphaned, pruned.retired) == ((), ("component:default/b",))
    assert Component.objects.get(name="b").retired_at == NOW
    assert Component.objects.get(name="a").retired_at is None


def test_prune_touches_nothing_that_the_source_never_named() -> None:
    make.component("other")
    put(text(name="a"), source="shop")
    put(text(name="b"), source="shop", prune=True)
    assert Component.objects.get(name="other").retired_at is None
    with pytest.raises(PruneNeedsSource):
        put(text(), prune=True)


def test_what_stands_in_a_broken_file_is_neither_orphaned_nor_retired() -> None:
    put(text(name="a"), text(name="b"), source="shop")
    for broken in ("{broken\n", "\x00", "- a list\n"):
        applied = put(text(name="a"), broken, source="shop", prune=True)
        assert (applied.orphaned, applied.retired, applied.incomplete) == ((), (), ("file-1",))
    unread = apply_files(files=[], actor=CLI, now=NOW, source="shop", prune=True, incomplete=["file-0", "file-1"])
    assert (unread.orphaned, unread.retired) == ((), ())
    assert Component.objects.filter(retired_at=None).count() == 2


def test_what_one_source_names_another_can_not_write() -> None:
    put(text(), source="shop")
    applied = put(text(metadata="  title: Mine\n"), source="warehouse")
    assert failure(applied)[:2] == ("metadata.name", "named_elsewhere")
    by_hand = put(text(metadata="  title: By hand\n"))
    assert [warning.code for warning in by_hand.documents[0].warnings] == ["named_elsewhere"]
    assert Component.objects.get().title == "By hand"
    again = put(text(metadata="  title: By hand\n"))
    assert again.documents[0].outcome == "unchanged"
    assert not again.documents[0].warnings  # an export that is applied again is silent


def test_what_was_refused_is_not_claimed_by_asking() -> None:
    ada, other = make.person("ada"), make.team("other")
    make.team("mine", ada)
    make.component("web", owner=other)
    assert put(text(), actor=Actor(person=ada), source="squatter").documents[0].outcome == "failed"
    assert not Claim.objects.exists()
    assert put(text(), source="shop").documents[0].outcome == "updated"


def test_who_uses_the_name_of_anothers_source_orphans_nothing_of_theirs() -> None:
    ada, other = make.person("ada"), make.team("other")
    mine = make.team("mine", ada)
    mallory = Actor(token=make.token("components:write", teams=[mine])[0], via="api")
    put(text(name="theirs").replace("delivery", "other"), text(name="ours").replace("delivery", "mine"), source="shop")
    applied = put(text(name="new").replace("delivery", "mine"), actor=mallory, source="shop", prune=True)
    assert (applied.orphaned, applied.retired) == ((), ("component:default/ours",))
    assert Component.objects.get(name="theirs", owner=other).retired_at is None
    assert Claim.objects.get(ref="component:default/theirs").orphaned_at is None


def test_what_a_kind_refuses_to_retire_stays_orphaned(window_kind: dict[str, str]) -> None:
    def refuse(ref: str, actor: Actor, now: object) -> None:
        raise Invalid("It is needed.")

    key = ("portico/v1", "Window")
    registries.apply_kinds[key] = replace(registries.apply_kinds[key], retire=refuse)
    put(f"{text()}---\n{window('a', 'hello')}", source="shop")
    applied = put(text(), source="shop", prune=True)
    assert (applied.orphaned, applied.retired) == (("window:default/a",), ())


def test_rights_are_those_of_each_document() -> None:
    ada, other = make.person("ada"), make.team("other")
    mine = make.team("mine", ada)
    make.component("theirs", owner=other)
    stream = "---\n".join(
        text(name=name).replace("owner: delivery", f"owner: {owner}")
        for name, owner in (("one", "mine"), ("theirs", "mine"), ("two", "other"))
    )
    applied = put(stream, actor=Actor(person=ada))
    assert [one.outcome for one in applied.documents] == ["created", "failed", "failed"]
    assert list(Component.objects.filter(owner=mine).values_list("name", flat=True)) == ["one"]
    held = put(stream, actor=Actor(system="location:default/x", via="system", held_to=frozenset({mine.pk})))
    assert [one.outcome for one in held.documents] == ["unchanged", "failed", "failed"]


def test_who_makes_a_team_may_give_it_components_in_the_same_stream() -> None:
    ada = make.person("ada")
    group = text("Group", name="delivery", metadata="  annotations: {portico/leads: ada}\n", spec="  members: [ada]\n")
    applied = put(f"{text()}---\n{group}", actor=Actor(person=ada))
    assert set(outcomes(applied).values()) == {"created"}


def test_nobody_joins_a_team_by_saying_so_of_themselves() -> None:
    ada = make.person("ada")
    make.team("platform")
    applied = put(text("User", name="ada").replace("[]", "[platform]"), actor=Actor(person=ada))
    assert failure(applied)[1] == "refused"
    assert not Membership.objects.exists()
    dangling = put(text("User", name="ada").replace("[]", "[not-there-yet]"), actor=Actor(person=ada))
    assert failure(dangling)[1] == "refused"


def test_a_location_limited_to_a_team_is_no_platform_admin() -> None:
    held = Actor(system="location:default/x", via="system", held_to=frozenset())
    somebody = make.person("ada")
    with pytest.raises(Exception, match="platform admins"):
        grant_admin(person=somebody, granted=True, actor=held, now=NOW)


@pytest.fixture
def window_kind() -> Iterator[dict[str, str]]:
    """A kind that another app adds: it keeps one text by its name."""
    kept: dict[str, str] = {}

    def write(document: Document, actor: Actor, now: object) -> registries.KindWritten:
        value = document.value()
        assert isinstance(value, dict)
        name, said = value["metadata"]["name"], value["spec"].get("said", "")
        if not said:
            raise Invalid("Say something.", errors=(FieldError("spec.said", "required", "Say something."),))
        before, kept[name] = kept.get(name, ""), said
        outcome = "created" if not before else "unchanged" if before == said else "updated"
        return registries.KindWritten(f"window:default/{name}", outcome, {"said": (before, said)})

    def ref_of(document: Document) -> str:
        value = document.value()
        return f"window:default/{value['metadata']['name']}" if isinstance(value, dict) else ""

    def exported() -> list[Mapping[str, object]]:
        return [
            {"apiVersion": "portico/v1", "kind": "Window", "metadata": {"name": name}, "spec": {"said": said}}
            for name, said in kept.items()
        ]

    def retire(ref: str, actor: Actor, now: object) -> None:
        kept.pop(ref.rpartition("/")[2])

    key = ("portico/v1", "Window")
    registries.apply_kinds[key] = registries.ApplyKind(write=write, ref_of=ref_of, exported=exported, retire=retire)
    yield kept
    del registries.apply_kinds[key]


def window(name: str, said: str) -> str:
    return f"apiVersion: portico/v1\nkind: Window\nmetadata: {{name: {name}}}\nspec: {{said: '{said}'}}\n"


def test_kinds_of_other_apps_go_the_same_way(window_kind: dict[str, str]) -> None:
    assert outcomes(put(f"{text()}---\n{window('a', 'hello')}", source="shop"))["window:default/a"] == "created"
    assert failure(put(window("b", ""))) == ("spec.said", "required", 4, 14)
    assert outcomes(put("".join(exporting.stream())))["window:default/a"] == "unchanged"
    assert put(text(), source="shop", prune=True).retired == ("window:default/a",)
    assert window_kind == {}


def test_an_unknown_kind_is_named_with_those_that_are_known() -> None:
    applied = put("apiVersion: portico/v1\nkind: Widnow\nmetadata: {name: a}\nspec: {}\n")
    assert {problem.code for problem in applied.documents[0].problems} >= {"unknown_kind"}


@pytest.mark.parametrize(
    ("version", "kind", "field"),
    [("acme/v1", "Widget", "apiVersion"), ("backstage.io/v1alpha1", "Widget", "kind")],
)
def test_what_is_of_no_version_or_kind_is_told_all_that_are_understood(version: str, kind: str, field: str) -> None:
    (problem,) = put(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{}}\n").documents[0].problems
    assert problem.field == field
    assert "Understood are backstage.io/v1alpha1 and backstage.io/v1beta1 with Component, API," in problem.message
    assert "; openslo/v1 with AlertCondition," in problem.message
    assert "; portico/v1 with " in problem.message


def test_a_kind_of_another_version_is_told_its_own() -> None:
    (problem,) = put("apiVersion: backstage.io/v1alpha1\nkind: SLO\nmetadata: {name: a}\n").documents[0].problems
    assert problem.message == "'backstage.io/v1alpha1' can't be read here: a SLO is written as openslo/v1."


def test_retired_things_come_back_and_history_says_so() -> None:
    put(text(), source="shop")
    put(text(name="other"), source="shop", prune=True)
    assert Component.objects.get(name="web").retired_at
    assert put(text(), source="shop").documents[0].diff == {"retired": (True, False)}


@pytest.mark.parametrize("raised", [RuntimeError("a bug")])
def test_what_is_no_expected_failure_takes_everything_back(raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Callable[..., None]:
        raise raised

    monkeypatch.setattr("catalog.operations.registering.record_changes", fail)
    with pytest.raises(RuntimeError):
        put(f"{text('System')}---\n{text()}")
    assert not System.objects.exists()
    assert not Component.objects.exists()
