"""What files may say although a form or a call of the API may not.

Backstage takes a reference to what its place is not for, a group above itself and an address that two people have, so
real files say such things; refusing one would lose a whole entity for a relation that comes to nothing. Files are taken
as they are, with a warning at the place. Whoever fills in a form, or sends one entity to the API, can be asked.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from portal.lib.errors import FieldError

LET_PASS = frozenset({"wrong_kind", "odd_reference", "circle", "address_taken"})
type Passed = list[tuple[str, FieldError]]
"""By reference of the entity what was let pass."""

_passed: ContextVar[Passed | None] = ContextVar("passed", default=None)


@contextmanager
def as_files_say() -> Iterator[Passed]:
    """Until it ends, what is in LET_PASS is noted and refuses nothing."""
    passed: Passed = []
    token = _passed.set(passed)
    try:
        yield passed
    finally:
        _passed.reset(token)


def lenient() -> bool:
    """Whether it is a file that says it; what needs a look at all others is looked for once for all of it."""
    return _passed.get() is not None


def refusing(faults: Iterable[FieldError], *, ref: str = "") -> list[FieldError]:
    """Those of the faults of `ref` that refuse it; the others are noted where a file says them."""
    passed = _passed.get()
    if passed is None:
        return list(faults)
    left = []
    for fault in faults:
        if fault.code in LET_PASS:
            passed.append((ref, fault))
        else:
            left.append(fault)
    return left
