"""What every upsert answers, and the versions that guard it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Model, ProtectedError, RestrictedError

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
    """Delete the row and what belongs to it. Raises StillNeeded where that includes what must be kept."""
    try:
        row.delete()
    except (ProtectedError, RestrictedError) as error:
        kept = {*getattr(error, "protected_objects", ()), *getattr(error, "restricted_objects", ())}
        kinds = sorted({str(one._meta.verbose_name_plural) for one in kept})
        raise StillNeeded(f"It has {' and '.join(kinds)}, which are kept; retire it instead.") from error
