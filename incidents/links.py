"""The acknowledge link of a message: signed, personal, expiring. Opening it changes nothing; the button there does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.urls import reverse

from catalog.models import Person
from incidents.models import Page
from portal.lib import conf
from portal.lib.errors import Expected

SALT = "incidents.acknowledge"
SALT_ALL = "incidents.acknowledge-all"
LASTS = timedelta(days=1)


class Expired(Expected):
    """This link is more than a day old. Sign in to acknowledge, or ask for a new message."""

    status = 410
    title = "The link has expired"


class Tampered(Expected):
    """This link is not one of ours, or was cut off on its way. Open it again from the message, or sign in."""

    status = 404
    title = "The link is not valid"


@dataclass(frozen=True, slots=True)
class AckClaim:
    """What a link says: `person_id` was sent `page_id` while it had `generation`."""

    page_id: int
    person_id: int
    generation: int


@dataclass(frozen=True, slots=True)
class AllClaim:
    """What the link of a bundle says: `person_id` was sent all of `page_ids` in one message."""

    page_ids: tuple[int, ...]
    person_id: int


def make(page: Page, person: Person) -> str:
    """The whole address for a message to `person` about `page`."""
    token = signing.dumps([page.pk, person.pk, page.generation], salt=SALT, compress=False)
    return conf.base_url() + reverse("incidents:ack", args=[token])


def make_all(pages: Iterable[Page], person: Person) -> str:
    """The whole address for a message to `person` about several pages."""
    token = signing.dumps([person.pk, *(page.pk for page in pages)], salt=SALT_ALL, compress=True)
    return conf.base_url() + reverse("incidents:ack-all", args=[token])


def read(token: str, *, lasts: timedelta = LASTS) -> AckClaim:
    """What the token of a link says. Raises Expired or Tampered; whether it still matters, the page row tells."""
    try:
        page_id, person_id, generation = _said(token, SALT, lasts)
        return AckClaim(int(page_id), int(person_id), int(generation))
    except (ValueError, TypeError) as error:
        raise Tampered from error


def read_all(token: str, *, lasts: timedelta = LASTS) -> AllClaim:
    """What the token of a bundle's link says. Raises Expired or Tampered."""
    try:
        person_id, *page_ids = (int(number) for number in _said(token, SALT_ALL, lasts))
    except (ValueError, TypeError) as error:
        raise Tampered from error
    return AllClaim(tuple(page_ids), person_id)


def _said(token: str, salt: str, lasts: timedelta) -> Any:  # noqa: ANN401  # what somebody signed
    try:
        return signing.loads(token, salt=salt, max_age=lasts)
    except signing.SignatureExpired as error:
        raise Expired from error
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Tampered from error
