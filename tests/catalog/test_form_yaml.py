"""Forms that show the YAML they make, fields for maps and lists, and YAML that is pasted."""

from typing import Any

import pytest
from django import forms
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.form_fields import Lines, Links, Pairs, Words
from catalog.models import AuditEntry, Component, Team
from tests import make
from tests.catalog.test_pages import text

KEYS = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5))
def test_any_map_survives_being_written_a_line_each(said: dict[str, str]) -> None:
    field = Pairs()
    assert field.clean(field.prepare_value(said)) == said


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("a: b\nnothing", "Line 2: write key: value"), ("a: b\n\na: c", "Line 3: a is there twice")],
)
def test_a_line_that_is_no_pair_is_named(typed: str, reason: str) -> None:
    with pytest.raises(forms.ValidationError, match=reason):
        Pairs().clean(typed)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        (Lines(), " component:a \n\ncomponent:b", ("component:a", "component:b")),
        (Words(), "ci, cd  linux", ("ci", "cd", "linux")),
        (Links(), "https://x.org The pools\nhttps://y.org", ({"url": "https://x.org", "title": "The pools"}, {"url": "https://y.org"})),
        (Pairs(), 'a: b: c\nd: "e\\nf"', {"a": "b: c", "d": "e\nf"}),
    ],
)  # fmt: skip
def test_fields_read_what_people_type(field: forms.Field, typed: str, said: Any) -> None:
    assert field.clean(typed) == said


@pytest.fixture
def ada(db: None, client: Client) -> Client:
    """Ada, who leads Build & CI, signed in."""
    person = make.person("ada")
    make.team("build-ci", lead=person, title="Build & CI")
    client.force_login(make.account_of(person))
    return client


FORM = {
    "kind": "component", "namespace": "default", "name": "ci-runners", "owner": "group:default/build-ci",
    "type": "runner", "lifecycle": "production", "subcomponent_of": "build", "provides_apis": "pools",
    "consumes_apis": "quota", "dependency_of": "component:argo-cd", "labels": "a: b", "annotations": "x.org/y: z: q",
}  # fmt: skip
API = {**FORM, "kind": "api", "subcomponent_of": "", "definition": "  kept\n"}


def test_a_form_takes_everything_that_can_be_said(ada: Client) -> None:
    assert ada.post("/components/new", FORM).status_code == 302
    made = Component.objects.get()
    edges = {(e.holder_ref, e.relation, e.target_ref) for e in made.dependencies.all()}
    assert edges == {
        (made.ref, "subcomponentOf", "component:default/build"),
        (made.ref, "providesApi", "api:default/pools"),
        (made.ref, "consumesApi", "api:default/quota"),
    }
    assert [edge.holder_ref for edge in made.dependents.all()] == ["component:default/argo-cd"]
    assert (made.labels, made.annotations) == ({"a": "b"}, {"x.org/y": "z: q"})


def test_an_api_has_its_definition_and_nothing_else_has_one(ada: Client) -> None:
    assert ada.post("/components/new", API).status_code == 302
    assert Component.objects.get().definition == "  kept\n"
    refused = ada.post("/components/new", {**FORM, "definition": "x"})
    assert set(refused.context["form"].errors) == {"definition"}


def test_the_form_shows_the_yaml_it_makes_and_writes_nothing(ada: Client) -> None:
    answer = ada.post("/components/new", {**FORM, "preview": "1"})
    yaml = answer.context["yaml"]
    assert answer.status_code == 200
    assert "subcomponentOf: component:default/build" in yaml
    assert "x.org/y" in yaml
    assert 'value="ci-runners"' in answer.content.decode()  # what was typed is still there
    assert not Component.objects.exists()
    assert not AuditEntry.objects.exists()


def test_while_typing_only_the_yaml_comes_back(ada: Client) -> None:
    answer = ada.post("/components/new?preview", FORM, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert (answer.status_code, "<html" in page, "kind: Component" in page) == (200, False, True)


def test_the_preview_says_what_is_missing(ada: Client) -> None:
    answer = ada.post("/components/new?preview", {**FORM, "name": "-x"}, headers={"HX-Request": "true"})
    said = text(answer.content)
    waits = "Shown as soon as this is filled in or mended:" in said
    assert (answer.status_code, waits, "Name" in said) == (200, True, True)
    whole = ada.post("/components/new", {**FORM, "name": "-x", "preview": "1"})
    assert set(whole.context["form"].errors) == {"name"}


def test_an_edit_shows_its_yaml_at_once_and_pasting_it_changes_nothing(ada: Client) -> None:
    ada.post("/components/new", API)
    yaml = ada.get("/components/api/default/ci-runners/edit").context["yaml"]
    answer = ada.post("/catalog/import", {"text": yaml, "apply": "1"})
    assert [one.result.outcome for one in answer.context["documents"]] == ["unchanged"]


@pytest.mark.parametrize("path", ["/systems/new", "/domains/new", "/teams/new"])
def test_every_form_shows_its_yaml(ada: Client, path: str) -> None:
    answer = ada.post(path, {"name": "x", "namespace": "default", "owner": "", "preview": "1"})
    assert "metadata:\n  name: x" in answer.context["yaml"]


def test_a_key_that_a_form_leaves_out_goes(ada: Client) -> None:
    ada.post("/components/new", FORM)
    edit = "/components/component/default/ci-runners/edit"
    sent = {**{k: v for k, v in ada.get(edit).context["form"].initial.items() if v is not None}, "labels": "c: d"}
    assert ada.post(edit, {**sent, "version": "1"}).status_code == 302
    made = Component.objects.get()
    assert (made.labels, made.annotations) == ({"c": "d"}, {"x.org/y": "z: q"})


PASTED = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: cache}
spec: {type: cache, lifecycle: production, owner: build-ci}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: bad}
spec: {type: cache, lifecycle: production, owner: build-ci, dependsOn: [no-kind]}
"""


def test_pasting_first_says_what_it_would_do(ada: Client) -> None:
    answer = ada.post("/catalog/import", {"text": PASTED})
    good, bad = (one.result for one in answer.context["documents"])
    assert (answer.status_code, good.outcome, good.ref) == (400, "created", "component:default/cache")
    assert (bad.outcome, bad.problems[0].line, bad.problems[0].field) == ("failed", 10, "spec.dependsOn[0]")
    said = text(answer.content)
    assert "What it would do" in said
    assert "Line 10, column" in said
    assert "name: bad" in answer.content.decode()  # nothing that was pasted is lost
    assert not Component.objects.exists()


def test_applying_writes_what_can_be_and_says_what_can_not(ada: Client) -> None:
    answer = ada.post("/catalog/import", {"text": PASTED, "apply": "1"})
    assert [(made.name, made.owner) for made in Component.objects.all()] == [("cache", Team.objects.get())]
    assert "What it did" in text(answer.content)
    assert AuditEntry.objects.get().actor_ref == "user:default/ada"


def test_pasting_for_another_team_is_refused_document_by_document(client: Client, ada: Client) -> None:
    mallory = make.person("mallory")
    make.team("elsewhere", mallory)
    client.force_login(make.account_of(mallory))
    answer = client.post("/catalog/import", {"text": PASTED.partition("---")[0], "apply": "1"})
    assert [one.result.outcome for one in answer.context["documents"]] == ["failed"]
    assert not Component.objects.exists()


@pytest.mark.parametrize("typed", ["", "# nothing", "a: [", "just words", "a\x00b", "kind: Nonsense", "[" * 500])
def test_nonsense_is_refused_with_a_reason_and_no_crash(ada: Client, typed: str) -> None:
    answer = ada.post("/catalog/import", {"text": typed, "apply": "1"})
    assert answer.status_code == 400
    assert not AuditEntry.objects.exists()
