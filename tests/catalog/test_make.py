"""The ground other tests stand on."""

from smtplib import SMTP
from urllib.parse import urlsplit

import pytest
from django.core.mail import send_mail
from django.utils import timezone

from catalog.models import Ownership
from tests import make
from tests.fakes.smtp import MailSink


@pytest.mark.django_db
def test_a_built_component_is_owned_from_the_moment_it_was_built() -> None:
    built = make.component("ci-runners", owner=make.team("build-ci"))
    owned = Ownership.objects.get(component=built)
    assert (owned.team_ref, owned.period.lower, owned.period.upper) == ("group:default/build-ci", make.NOW, None)


def test_mail_goes_to_the_real_sink_where_asked(mailbox: MailSink) -> None:
    send_mail("Paged", f"at {timezone.now()}", "portico@example.org", ["ada@example.org"])
    assert [m["Subject"] for m in mailbox.messages] == ["Paged"]


def test_the_sink_can_refuse_a_recipient(mailbox: MailSink) -> None:
    mailbox.refuse = "550 no such mailbox"
    at = urlsplit(mailbox.url)
    with SMTP(at.hostname or "", at.port or 0, timeout=5) as smtp:
        smtp.helo()
        smtp.mail("portico@example.org")
        assert smtp.rcpt("nobody@example.org")[0] == 550
