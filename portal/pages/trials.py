"""Trying what is set up: a mail to oneself, a data source, a token. Each answers in a sentence and keeps nothing."""

import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.utils import timezone

from catalog.access import Actor
from catalog.authentication import digest
from catalog.models import ApiToken, Person
from catalog.operations import record_audit
from portal.lib import conf, durations, words
from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.rates import pause
from slo.models import DataSource
from slo.operations.sources import try_source

PAUSE_OF_MAIL, PAUSE_OF_TOKENS = 20, 1
"""Seconds between two tries of one person."""
SHOWN = 300


class NoAddress(Expected):
    """The portal knows no e-mail address of yours, so there is nowhere to send a test to."""


LOOK = "Look into your mailbox."


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it, in words; `ok` where it does what it should."""

    ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class MailRoute:
    """How mail leaves: a mail server and its port, or nothing but the log of this process."""

    server: str

    @property
    def words(self) -> str:
        """For people."""
        return f"by {self.server}" if self.server else "nowhere: EMAIL_URL is not set, so mail is written to the log"


def mail_route() -> MailRoute:
    """What EMAIL_URL says, without its password."""
    default = dict(getattr(settings, "MAILERS", {}).get("default", {}))
    options = default.get("OPTIONS", {})
    smtp = str(default.get("BACKEND", "")).endswith("smtp.EmailBackend")
    return MailRoute(f"{options.get('host')}:{options.get('port')}" if smtp else "")


def mail_to_self(*, person: Person, now: datetime) -> Tried:
    """Send `person` a mail at once, past the outbox, and say what the mail server answered.

    Takes at most ten seconds, the limit of the mailer. Raises NoAddress, TooSoon.
    """
    if not person.email:
        raise NoAddress
    pause(f"mail:{person.pk}", seconds=PAUSE_OF_MAIL)
    route = mail_route()
    if not route.server:
        return Tried(False, f"No mail leaves: it goes {route.words}.")
    moment = words.exact_moment(timezone.localtime(now))
    text = f"You asked Portico for a test at {moment}. Mail of the portal reaches you here.\n"
    mail = EmailMessage(f"Test from {conf.base_url()}", text, to=[person.email])
    begun = time.monotonic()
    try:
        mailers.default.send_messages([mail])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        tried = Tried(False, f"{route.server} did not take it: {_why(error)}")
    else:
        took = time.monotonic() - begun
        tried = Tried(True, f"{route.server} took it for {person.email} in {took:.1f} s. {LOOK}")
    diff = {"mail": (None, tried.words.removesuffix(LOOK).strip())}
    record_audit(actor=Actor(person=person), action="person.test", object_ref=person.ref, diff=diff, now=now)
    return tried


def sources(*, rows: Sequence[DataSource], actor: Actor) -> dict[str, Tried]:
    """Ask each data source, as it is saved; for platform admins. By name. Raises Forbidden, TooSoon."""
    return {row.name: _source(row, actor) for row in rows}


def token_of(*, text: str, by: Person) -> ApiToken:
    """The token that `text` is; whoever has the text has the token. Raises Invalid, TooSoon."""
    pause(f"token:{by.pk}", seconds=PAUSE_OF_TOKENS)
    found = ApiToken.objects.select_related("created_by").prefetch_related("teams").filter(digest=digest(text)).first()
    if found is None:
        words = "No token of this portal reads like that. Was it copied whole?"
        raise Invalid(words, errors=(FieldError("token", "unknown", words),))
    return found


def _source(row: DataSource, actor: Actor) -> Tried:
    health = try_source(row=row, actor=actor)
    if not health.reachable:
        return Tried(False, f"It does not answer: {health.error}"[:SHOWN])
    version = f", version {health.version}" if health.version else ""
    return Tried(True, f"It answers in {durations.short(health.latency)}{version}.")


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return f"{code} {answer.decode(errors='replace')}"[:SHOWN]
    return f"{error}"[:SHOWN]
