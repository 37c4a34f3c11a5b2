"""Whatever text is applied: no crash, nothing half written, a place for every fault, and export gives the same back."""

import pytest
import yaml
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import exporting
from catalog.access import system
from catalog.models import AuditEntry, Component, Domain, Person, System, Team
from catalog.operations.applying import Applied, SourceFile, apply_files
from tests.catalog.test_manifest_properties import FRAGMENTS, damaged, json_like, words
from tests.effort import examples
from tests.make import NOW

pytestmark = pytest.mark.django_db
CLI = system("cli")
MODELS = (Component, System, Domain, Team, Person)
ONE = {"type": "a", "owner": "a", "lifecycle": "a", "definition": "a", "children": [], "memberOf": []}
BOUNDS = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def apply(text: str | bytes) -> Applied:
    return apply_files(files=[SourceFile(address="a", text=text)], actor=CLI, now=NOW, source="property")


def there() -> set[str]:
    return {ref for model in MODELS for ref in model._default_manager.values_list("ref", flat=True)}


def held(text: str | bytes) -> None:
    """Apply within a transaction that is taken back, and check what must hold of any text."""
    with transaction.atomic():
        found = apply(text)
        lines = (text if isinstance(text, str) else text.decode("latin-1")).splitlines()
        written = {one.ref for one in found.documents if one.outcome == "created"}
        assert there() == written
        assert set(AuditEntry.objects.values_list("object_ref", flat=True)) == written
        for one in found.documents:
            assert (one.outcome == "failed") == bool(one.problems)
            for problem in (*one.problems, *one.warnings):
                assert 1 <= problem.line <= len(lines) + 2
                assert problem.column >= 1
                assert problem.message
        again = apply("".join(exporting.stream()))
        assert {one.outcome for one in again.documents} <= {"unchanged"}, again.documents
        transaction.set_rollback(True)


@BOUNDS
@given(st.text(max_size=200) | st.binary(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_any_text_or_bytes(said: str | bytes) -> None:
    held(said)


@BOUNDS
@given(damaged())
def test_a_damaged_manifest(stream: str) -> None:
    held(stream)


@BOUNDS
@given(
    st.sampled_from(["Component", "API", "Resource", "System", "Domain", "Group", "User"]),
    st.dictionaries(words, json_like, max_size=3),
    st.dictionaries(words, json_like, max_size=3),
    words,
)
def test_any_unknown_keys_survive(kind: str, beside: dict[str, object], inside: dict[str, object], prose: str) -> None:
    metadata = {"name": "a", "description": prose, "annotations": {"example.org/a": prose}, **beside}
    document = {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": {**inside, **ONE}}
    held(yaml.dump(document, allow_unicode=True))


@BOUNDS
@given(st.lists(words, max_size=4), st.lists(words, max_size=4), words)
def test_any_references(first: list[str], second: list[str], owner: str) -> None:
    spec = {**ONE, "owner": owner, "dependsOn": [f"component:{ref}" for ref in first], "consumesApis": second}
    annotations = {"portico/responders": ",".join(second)}
    document = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "a", "annotations": annotations},
        "spec": spec,
    }
    held(yaml.dump(document, allow_unicode=True))
