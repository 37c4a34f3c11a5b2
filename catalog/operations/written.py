"""What every upsert answers, and the versions that guard it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, RestrictedError
from django.db.models.deletion import Collector

from portal.lib.errors import Expected, PreconditionFailed

ABSENT = 0
"""The version to expect of something that must not be there yet."""


class VersionMismatch(PreconditionFailed):
    """Somebody else changed it since you read it; read it again and repeat your change."""


class StillNeeded(Expected):
    """Something that must be kept belongs to it; retire it instead."""


class Outcome(StrEnum):
    """What an upsert did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Written[T]:
    """The row as it is now, what happened to it, and the fields that changed as {field: (before, after)}."""

    row: T
    outcome: Outcome
    diff: Mapping[str, tuple[object, object]] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.outcome is not Outcome.UNCHANGED


def expect_version(found: int, *, expected: int | None) -> None:
    """Raise VersionMismatch unless `found` (ABSENT for nothing) is what the client expected; None expects nothing."""
    if expected is None or expected == found:
        return
    if expected == ABSENT:
        raise VersionMismatch(f"It exists already, in version {found}.")
    raise VersionMismatch(f"You expected version {expected}, but {f'it is {found}' if found else 'there is none'} now.")


def remove(row: Model) -> None:
    """Delete the row and what the catalog keeps of it. Raises StillNeeded where other apps keep something of it."""
    kinds = _of_other_apps(row)
    if kinds:
        raise StillNeeded(f"It has {' and '.join(kinds)}, which are kept; retire it instead.")
    row.delete()


def _of_other_apps(row: Model) -> list[str]:
    """What deleting the row would take along elsewhere: objectives with their ledgers, schedules, …"""
    collector = Collector(using=DEFAULT_DB_ALIAS, origin=row)
    try:
        collector.collect([row])
    except (ProtectedError, RestrictedError) as error:
        kept = {*getattr(error, "protected_objects", ()), *getattr(error, "restricted_objects", ())}
        return sorted({str(one._meta.verbose_name_plural) for one in kept})
    models = {*collector.data, *(rows.model for rows in collector.fast_deletes if rows.exists())}
    return sorted(str(m._meta.verbose_name_plural) for m in models if m._meta.app_label != row._meta.app_label)
