"""The demo's pages: break something, and read everybody's mail."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Person
from portal.demo import control, progress
from portal.demo.faults import SCENARIOS
from portal.demo.mail import Mail, Mailbox, NoSuchMail
from portal.lib.clock import db_now
from portal.lib.errors import Missing

SHOWN = 100
# A mail is somebody else's page: nothing is loaded, nothing runs; a click on a link leaves the frame
_SANDBOX = ["allow-top-navigation-by-user-activation"]
_MAIL_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [CSP.SELF],
    "sandbox": _SANDBOX,
}


class MailGone(Missing):
    """This message is not there; old ones are thrown away."""


@require_GET
@login_required
def levers(request: HttpRequest) -> HttpResponse:
    """Everything that can be broken, what is broken, how far that came; asked by htmx, only what changes."""
    platform, now = control.look(), db_now()
    runs = progress.runs(platform, now=now)
    context = {"platform": platform, "runs": runs, "now": now, "trail": [("Demo", "")]}
    return render(request, "demo/break.html#levers" if request.htmx else "demo/break.html", context)  # type: ignore[attr-defined]


@require_POST
@login_required
def break_it(request: HttpRequest, scenario: str) -> HttpResponse:
    """Press a button."""
    control.break_(scenario)
    messages.warning(request, f"{SCENARIOS[scenario].title}. What comes of it is told here, step by step.")
    return redirect("demo:break")


@require_POST
@login_required
def repair(request: HttpRequest) -> HttpResponse:
    """Repair everything."""
    control.repair()
    messages.success(request, "Everything is repaired. Open incidents resolve by themselves once the objectives agree.")
    return redirect("demo:break")


@require_GET
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Everybody's mail or one person's, newest first; asked by htmx, only the list."""
    chosen = request.GET.get("to", "")
    mails = _mailbox().newest(limit=SHOWN, to=chosen)
    people = _people()
    context = {
        "mails": [(mail, people.get(mail.to)) for mail in mails],
        "people": sorted(people.values(), key=lambda person: person.label),
        "chosen": chosen,
        "now": db_now(),
        "trail": [("Demo", ""), ("Inbox", "")],
    }
    return render(request, "demo/inbox.html#mails" if request.htmx else "demo/inbox.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def mail(request: HttpRequest, key: str) -> HttpResponse:
    """One message."""
    found = _mail(key)
    context = {"mail": found, "person": _people().get(found.to), "now": db_now()}
    return render(request, "demo/mail.html", context)


@require_GET
@login_required
@xframe_options_sameorigin
@csp_override(_MAIL_CSP)
def mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """A message's HTML, for the sandboxed frame on its page; its links open in the whole window."""
    html = _mail(key).html
    return HttpResponse(f'<base target="_top">{re.sub("(?i)<base[^>]*>", "", html)}')


def _mailbox() -> Mailbox:
    return Mailbox(Path(settings.PORTAL_DATA) / "demo" / "mail")


def _mail(key: str) -> Mail:
    try:
        return _mailbox().get(key)
    except NoSuchMail as gone:
        raise MailGone from gone


def _people() -> dict[str, Person]:
    return {person.email: person for person in Person.objects.exclude(email="").filter(retired_at=None)}
