"""The example entities of Backstage's own documentation, in our words: every relation is there from both sides."""

from collections import defaultdict
from pathlib import Path

import pytest

from catalog import manifest
from catalog.access import system
from catalog.manifest import both
from catalog.operations.applying import SourceFile, apply_files
from catalog.queries import relations_of
from tests.make import NOW

FOLDER = Path(__file__).parent / "manifests"


def expected(text: str) -> dict[str, set[tuple[str, str]]]:
    """By reference what the documents say of it, from either side, whether it is registered or only named."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for relation in both(one for entity in manifest.parse(text).entities for one in entity.relations):
        found[str(relation.source)].add((relation.type, str(relation.target)))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["examples.yaml", "delivery.yaml"])
@pytest.mark.parametrize("backwards", [False, True])
def test_every_relation_is_told_from_both_sides_in_whatever_order_they_came(name: str, backwards: bool) -> None:
    documents = [one for one in (FOLDER / name).read_text().split("\n---\n") if "kind: Location" not in one]
    for document in reversed(documents) if backwards else documents:
        applied = apply_files(
            files=[SourceFile(address=name, text=document)], actor=system("test"), now=NOW, source="examples"
        )
        assert [one.problems for one in applied.documents] == [()]
    relations = expected("\n---\n".join(documents))
    assert len(relations) > len(documents)  # some are only named
    for ref, said in relations.items():
        assert {(one.type, one.target_ref) for one in relations_of(ref)} == said, ref
