"""The link of a letter that ends the letters: signed, personal, and good for as long as letters are kept by people."""

from django.core import signing
from django.urls import reverse

from catalog.models import Person
from incidents.links import Tampered
from portal.lib import conf

SALT = "incidents.digest-off"


def off_link(person: Person) -> str:
    """The whole address that stops (and starts again) the digest of `person`."""
    return conf.base_url() + reverse("incidents:digest-off", args=[signing.dumps(person.pk, salt=SALT)])


def read(token: str) -> Person:
    """Whose link it is. Raises Tampered for one that is none of ours, or whose person is gone."""
    try:
        pk = int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Tampered from error
    person = Person.objects.filter(pk=pk, retired_at=None).first()
    if person is None:
        raise Tampered
    return person
