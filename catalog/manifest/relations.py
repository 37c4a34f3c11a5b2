"""PURE: relations between entities, each with the name it has from the other side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.refs import Ref

PAIRS = (
    ("ownedBy", "ownerOf"),
    ("partOf", "hasPart"),
    ("providesApi", "apiProvidedBy"),
    ("consumesApi", "apiConsumedBy"),
    ("dependsOn", "dependencyOf"),
    ("childOf", "parentOf"),
    ("memberOf", "hasMember"),
)
INVERSE = dict(PAIRS) | {back: there for there, back in PAIRS}


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """`source` is `type` (`ownedBy`) of `target`, whether that exists or not."""

    source: Ref
    type: str
    target: Ref

    @property
    def inverse(self) -> str:
        """What the target calls it: `ownerOf`."""
        return INVERSE[self.type]

    def reversed(self) -> "Relation":
        """The same, seen from the other side."""
        return Relation(self.target, self.inverse, self.source)


def both(relations: Iterable[Relation]) -> Iterator[Relation]:
    """Every relation from both sides, each once, in order."""
    seen = {side: None for relation in relations for side in (relation, relation.reversed())}
    yield from seen
