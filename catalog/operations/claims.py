"""What each source names: who may write an entity, and what is orphaned when its source no longer names it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog import registries
from catalog.access import Actor
from catalog.models import Claim, Component, Domain, System, Team
from catalog.operations.entities import retire_entity
from portal.lib.errors import Expected


@dataclass(frozen=True, slots=True)
class Named:
    """An entity that a file of the source names; `written` unless it was refused."""

    ref: str
    file: str
    written: bool = True


@dataclass(frozen=True, slots=True)
class Claims:
    """One source's claims, and which other source names what; without a source only the latter."""

    source: str
    own: Mapping[str, Claim]
    of_others: Mapping[str, str]

    @classmethod
    def of(cls, source: str, refs: Collection[str]) -> "Claims":
        """As they are now, those of others for `refs` only; only what somebody still names counts against others."""
        own = {claim.ref: claim for claim in Claim.objects.select_for_update().filter(source=source)} if source else {}
        others = Claim.objects.filter(orphaned_at=None, ref__in=refs).exclude(source=source)
        return cls(source, own, dict(others.values_list("ref", "source")))

    def keep(self, named: Sequence[Named], *, now: datetime) -> None:
        """The source names these; those that others name stay theirs, and what was refused is not claimed by asking."""
        if not self.source:
            return
        taken = {one.ref: one for one in named if one.ref not in self.of_others}
        Claim.objects.bulk_create(
            [
                Claim(source=self.source, ref=ref, file=one.file, since=now)
                for ref, one in taken.items()
                if ref not in self.own and one.written
            ],
            ignore_conflicts=True,
        )
        for ref, claim in self.own.items():
            one = taken.get(ref)
            if one and (claim.file, claim.orphaned_at) != (one.file, None):
                Claim.objects.filter(pk=claim.pk).update(file=one.file, orphaned_at=None)

    def settle(
        self, named: Sequence[Named], *, incomplete: Collection[str], prune: bool, actor: Actor, now: datetime
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What it claimed and no longer names, and what of that was retired; `incomplete` files' claims are neither."""
        still = {one.ref for one in named}
        gone = [one for ref, one in self.own.items() if ref not in still and one.file not in incomplete]
        if not actor.everywhere:  # a source's name is no key: who uses another's says nothing of what isn't theirs
            theirs = _owned_by(actor, [one.ref for one in gone])
            gone = [one for one in gone if one.ref in theirs]
        Claim.objects.filter(pk__in=[one.pk for one in gone if one.orphaned_at is None]).update(orphaned_at=now)
        if not prune:
            return tuple(sorted(one.ref for one in gone)), ()
        gone.sort(key=_order, reverse=True)  # what names others goes before what it names
        retired = {one.ref for one in gone if _retire(one.ref, actor, now)}
        Claim.objects.filter(source=self.source, ref__in=retired).delete()
        return tuple(sorted({one.ref for one in gone} - retired)), tuple(sorted(retired))


def _owned_by(actor: Actor, refs: Collection[str]) -> set[str]:
    teams = actor.team_ids()
    found = set(Team.objects.filter(ref__in=refs, pk__in=teams).values_list("ref", flat=True))
    for model in (Component, System, Domain):
        found |= set(model._default_manager.filter(ref__in=refs, owner__in=teams).values_list("ref", flat=True))
    for kind in registries.apply_kinds.values():
        found |= set(kind.owned(refs, teams))
    return found


def claimed(source: str) -> set[str]:
    """What the source names or named."""
    return set(Claim.objects.filter(source=source).values_list("ref", flat=True))


def _retire(ref: str, actor: Actor, now: datetime) -> bool:
    """Whether it could be retired by `actor`; what could not stays orphaned, for somebody else to look at."""
    kind = _kind_of(ref)
    try:
        with transaction.atomic():
            if kind is None:
                retire_entity(ref=ref, actor=actor, now=now)
            elif kind.retire is not None:
                kind.retire(ref, actor, now)
    except Expected:
        return False
    return kind is None or kind.retire is not None


def _order(claim: Claim) -> int:
    kind = _kind_of(claim.ref)
    return kind.order if kind else 0


def _kind_of(ref: str) -> registries.ApplyKind | None:
    prefix = ref.partition(":")[0]
    return next((kind for (_, name), kind in registries.apply_kinds.items() if name.lower() == prefix), None)
