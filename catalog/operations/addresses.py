"""E-mail addresses of people: each is one person's, for invitations and acknowledgements find people by them.

Addresses that several have already stay until one of them is changed; those of people who left are free.
"""

from catalog.leniency import refusing
from catalog.models import Person
from catalog.operations.locking import hold_addresses
from portal.lib.errors import FieldError, Invalid


def require_own_address(email: str, *, holder: str) -> None:
    """Raise Invalid where somebody else than `holder`, a reference, has the address, in whatever case.

    It stays so until the transaction ends. After `hold_refs`, never before it.
    """
    hold_addresses()
    other = Person.objects.filter(email__iexact=email, retired_at=None).exclude(ref=holder).order_by("pk").first()
    if other is None:
        return
    message = (
        f"{email} is the address of {other.label} ({other.ref}) already; use another one, or leave it empty. "
        "A platform admin can change theirs."
    )
    if faults := refusing([FieldError("email", "address_taken", message)], ref=holder):
        raise Invalid(message, errors=tuple(faults))
