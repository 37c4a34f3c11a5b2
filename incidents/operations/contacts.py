"""How people can be told: their contact methods, which count once they are confirmed."""

from datetime import datetime

from django.db import transaction

from catalog.access import Actor, require_admin, require_scope
from catalog.models import ApiToken, Person
from catalog.operations import record_audit
from incidents.models import ContactMethod
from portal.lib.errors import Forbidden


class NotYours(Forbidden):
    """Only the person and platform admins may say how somebody is told."""


@transaction.atomic
def put_method(
    *, person: Person, channel: str, address: str, by: Actor, now: datetime, confirmed: bool = False, order: int = 0
) -> ContactMethod:
    """A way to tell `person`; idempotent by channel and address.

    `confirmed` vouches for the address without a code, which only the portal and platform admins may. Raises NotYours,
    Forbidden.
    """
    require_scope(by, ApiToken.Scope.ONCALL)
    if not by.everywhere and by.person != person:
        raise NotYours
    if confirmed:
        require_admin(by)
    method, created = ContactMethod.objects.get_or_create(
        person=person,
        channel=channel,
        address=address,
        removed_at=None,
        defaults={"created_at": now, "order": order},
    )
    vouched = confirmed and method.confirmed_at is None
    if vouched:
        method.confirmed_at = now
        method.save(update_fields=["confirmed_at"])
    if created or vouched:
        diff = {"method": (None, str(method)), "confirmed": (False, method.confirmed_at is not None)}
        record_audit(actor=by, action="contact.put", object_ref=person.ref, diff=diff, now=now)
    return method
