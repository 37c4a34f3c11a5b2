"""E-mail addresses of people: each is one person's, for invitations and acknowledgements find people by them.

Addresses that several have already stay until one of them is changed; those of people who left are free.
"""

from collections.abc import Iterator, Mapping

from django.db.models.functions import Lower

from catalog.leniency import lenient
from catalog.models import Person
from catalog.operations.locking import hold_addresses
from portal.lib.errors import FieldError, Invalid


def require_own_address(email: str, *, holder: str) -> None:
    """Raise Invalid where somebody else than `holder`, a reference, has the address, in whatever case.

    It stays so until the transaction ends. After `hold_refs`, never before it.
    """
    if lenient():
        return
    hold_addresses()
    other = Person.objects.filter(email__iexact=email, retired_at=None).exclude(ref=holder).order_by("pk").first()
    if other is None:
        return
    fault = _taken(email, other)
    raise Invalid(fault.message, errors=(fault,))


def shared_addresses(emails: Mapping[str, str]) -> Iterator[tuple[str, FieldError]]:
    """By reference of a person why their address, by the same, is not theirs alone; one question for all."""
    wanted = {email.lower() for email in emails.values() if email}
    if not wanted:
        return
    holders: dict[str, list[Person]] = {}
    living = Person.objects.filter(retired_at=None).annotate(lower=Lower("email"))
    for one in living.filter(lower__in=wanted).order_by("pk"):
        holders.setdefault(one.email.lower(), []).append(one)
    for ref, email in emails.items():
        other = next((one for one in holders.get(email.lower(), ()) if one.ref != ref), None)
        if other is not None:
            yield ref, _taken(email, other)


def _taken(email: str, other: Person) -> FieldError:
    message = (
        f"{email} is the address of {other.label} ({other.ref}) already; use another one, or leave it empty. "
        "A platform admin can change theirs."
    )
    return FieldError("email", "address_taken", message)
