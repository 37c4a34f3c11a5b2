"""Letters about accounts: an invitation, a new password. From `templates/registration/letters/`, by Django's mailer."""

import smtplib
import threading
from collections.abc import Mapping

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives, mailers
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from catalog.models import Invitation
from portal.lib import conf

log = structlog.get_logger(__name__)
SUBJECT_LENGTH = 150


def invitation_link(secret: str) -> str:
    """Where the invited make their account."""
    return conf.base_url() + reverse("welcome", args=[secret])


def send_invitation(row: Invitation, secret: str) -> str:
    """Sends the letter; the empty text, or why it could not be sent."""
    mail = _letter("invitation", row.email, {"row": row, "link": invitation_link(secret)})
    try:
        mailers.default.send_messages([mail])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("an invitation was not sent", invitation=row.pk, error=str(error))
        return _why(error)
    return ""


def reset_letter(account: AbstractBaseUser, address: str) -> EmailMultiAlternatives:
    """What lets `account` choose a new password."""
    place = [urlsafe_base64_encode(force_bytes(account.pk)), default_token_generator.make_token(account)]  # type: ignore[arg-type]  # stock users only, say the stubs
    link = conf.base_url() + reverse("password-reset-confirm", args=place)
    return _letter("reset", address, {"name": account.get_username(), "link": link})


def send_aside(letters: list[EmailMultiAlternatives]) -> None:
    """Sends without anybody waiting for it: how long a page takes must not tell whether there was a letter."""
    if letters:
        threading.Thread(target=_send_all, args=(letters,), daemon=True).start()


def _send_all(letters: list[EmailMultiAlternatives]) -> None:
    try:
        mailers.default.send_messages(letters)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("a letter for a new password was not sent", error=str(error))


def _letter(name: str, address: str, facts: Mapping[str, object]) -> EmailMultiAlternatives:
    context = {**facts, "base": conf.base_url()}
    subject = " ".join(render_to_string(f"registration/letters/{name}_subject.txt", context).split())
    text = render_to_string(f"registration/letters/{name}.txt", context).strip() + "\n"
    headers = {"Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(subject[:SUBJECT_LENGTH], text, to=[address], headers=headers)
    mail.attach_alternative(render_to_string(f"registration/letters/{name}.html", context), "text/html")
    return mail


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return f"the mail server refused the address: {code} {answer.decode(errors='replace')}"[:300]
    return f"the mail server could not be reached or refused: {error}"[:300]
