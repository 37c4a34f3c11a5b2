"""E-mail by SMTP: plain text and HTML, with a Message-ID made of the idempotency key."""

import smtplib
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

from django.core.mail import EmailMultiAlternatives, mailers

from incidents.channels.base import DUPLICATE_HEADER, KIND_HEADER, ChannelError, Message
from portal.lib import conf


class Email:
    """Sends by Django's default mailer, whose timeout is part of its settings."""

    def send(self, message: Message, address: str) -> str:
        """The receipt is the Message-ID. Raises ChannelError: permanent for a 5xx answer, else worth another try."""
        message_id = f"<{message.key.replace('/', '.')}@{urlsplit(conf.base_url()).hostname}>"
        headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
        if kind := message.data.get("kind"):
            headers[KIND_HEADER] = str(kind)
        if message.maybe_duplicate:
            headers[DUPLICATE_HEADER] = "1"
        mail = EmailMultiAlternatives(message.subject, message.text, to=[address], headers=headers)
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        hand_over(mail)
        return message_id


class PicturedMail(EmailMultiAlternatives):
    """A letter whose HTML shows `pictures`: PNG files by name, as `cid:name` beside the HTML they belong to."""

    pictures: Mapping[str, bytes] = {}

    def message(self, *, policy: Any = default) -> EmailMessage:  # noqa: ANN401  # as its parent has it
        """As Django makes it, with text beside (HTML with its pictures)."""
        made: EmailMessage = super().message(policy=policy)
        html = made.get_body(("html",))
        for name, png in self.pictures.items():
            if html is not None:
                html.add_related(png, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png")
        return made


def hand_over(mail: EmailMultiAlternatives) -> None:
    """Send by the default mailer. Raises ChannelError: permanent for a 5xx answer, else worth another try."""
    try:
        mailers.default.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise ChannelError(_said(code, answer), permanent=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise ChannelError(_said(error.smtp_code, error.smtp_error), permanent=error.smtp_code >= 500) from error
    except ValueError as error:  # an address or subject that can't be put into a header
        raise ChannelError(str(error), permanent=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise ChannelError(f"{type(error).__name__}: {error}", permanent=False) from error


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return f"{code} {text}"[:300]
