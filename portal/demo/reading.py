"""The demo's inbox: everybody's mail, or somebody's; what asks for an answer first, and what became of it."""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET

from catalog.models import Person
from incidents import links
from incidents.models import Page, TimelineEntry
from portal.demo.mail import Mail, Mailbox, NoSuchMail
from portal.lib.clock import db_now
from portal.lib.errors import Missing

SHOWN = 100
ANSWER = re.compile(r"/a/(?!all/)([\w:-]+)")
"""The acknowledge link of one page, in the text of a mail."""
ENDS = (TimelineEntry.Kind.ACKNOWLEDGED, TimelineEntry.Kind.RESOLVED)
"""What ends the question of a mail: somebody took its page, or the incident was over."""
FIELD = re.compile(r"[A-Z][\w ]{1,30}: ")
"""A line of a mail that says one thing by its name."""
HEAD = re.compile(r"<head(?=[\s>])[^>]*>", re.IGNORECASE)
MEASURE = (
    "const tell = () => parent.postMessage({tall: document.documentElement.offsetHeight}, '*');"
    "addEventListener('message', tell); new ResizeObserver(tell).observe(document.documentElement)"
)
"""Tells the page around the frame how tall the mail is, whenever that changes or is asked for."""
# A mail is somebody else's page, of no origin: nothing is loaded, nothing runs but what measures it, nothing is sent; a
# click on a link leaves the frame.
_SANDBOX = ["allow-scripts", "allow-top-navigation-by-user-activation"]
_MAIL_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [f"'sha256-{b64encode(sha256(MEASURE.encode()).digest()).decode()}'"],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": _SANDBOX,
}


class MailGone(Missing):
    """This message is not there; old ones are thrown away."""


@dataclass(frozen=True, slots=True)
class Line:
    """A mail in the list. `state` is a key of the `state` tag, `words` what stands beside its icon.

    `mine` says whether it went to the reader.
    """

    mail: Mail
    person: Person | None
    state: str
    words: str
    mine: bool = False

    @property
    def preview(self) -> str:
        """How its text begins, without what the subject says already."""
        lines = [" ".join(line.split()) for line in self.mail.text.splitlines() if line.strip()]
        apart = (bool(FIELD.match(line) or FIELD.match(before)) for before, line in pairwise(["", *lines]))
        text = "".join(f"{' · ' if alone else ' '}{line}" for alone, line in zip(apart, lines, strict=True)).strip(" ·")
        text = text.removeprefix(self.mail.subject)
        return text.removeprefix(self.mail.subject.partition(": ")[2]).lstrip(" .·")

    @property
    def waits(self) -> bool:
        """Whether it still asks for an answer."""
        return self.state == "unanswered"


@require_GET
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Everybody's mail with one's own marked, or somebody's, newest first; asked by htmx, only the list."""
    people = _people()
    own = getattr(getattr(request.user, "person", None), "email", "")
    chosen = request.GET.get("to", "")
    lines = _lines(_mailbox().newest(limit=SHOWN, to=chosen), people, own=own)
    context = {
        "groups": [
            ("Waits for an answer", [line for line in lines if line.waits]),
            ("Everything else", [line for line in lines if not line.waits]),
        ],
        "any": bool(lines),
        "people": sorted(people.values(), key=lambda person: person.label.casefold()),
        "chosen": chosen,
        "whose": people.get(chosen),
        "tabs": _tabs(own, chosen),
        "now": db_now(),
        "trail": [("Demo", ""), ("Everybody’s mail", "")],
    }
    return render(request, "demo/inbox.html#mails" if request.htmx else "demo/inbox.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def mail(request: HttpRequest, key: str) -> HttpResponse:
    """One message."""
    found = _mail(key)
    (line,) = _lines([found], _people())
    return render(request, "demo/mail.html", {"mail": found, "line": line, "person": line.person, "now": db_now()})


@require_GET
@login_required
@xframe_options_sameorigin
@csp_override(_MAIL_CSP)
def mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """A message's HTML, for the sandboxed frame on its page; its links open in the whole window."""
    html = re.sub("(?i)<base[^>]*>", "", _mail(key).html)
    base = '<base target="_top">'
    found = HEAD.search(html)  # before it, a doctype would be none, and the frame as tall as whatever it is shown in
    html = f"{html[: found.end()]}{base}{html[found.end() :]}" if found else f"<!doctype html>{base}{html}"
    return HttpResponse(f"{html}<script>{MEASURE}</script>")


def _tabs(own: str, chosen: str) -> list[dict[str, object]]:
    here = reverse("demo:inbox")
    tabs: list[dict[str, object]] = [{"title": "Everybody’s", "url": here, "active": not chosen}]
    if own:
        tabs.append({"title": "To you", "url": f"{here}?{urlencode({'to': own})}", "active": chosen == own})
    return tabs


def _lines(mails: Sequence[Mail], people: Mapping[str, Person], *, own: str = "") -> list[Line]:
    """Two questions for any number of mails."""
    asked = {mail.key: _pages_in(mail) for mail in mails}
    numbers = {number for found in asked.values() for number in found}
    pages = Page.objects.select_related("acknowledged_by", "incident").in_bulk(numbers) if numbers else {}
    ends = _ends_of(pages.values())
    return [
        Line(
            mail,
            people.get(mail.to),
            *_state(mail, [_since(mail, pages[pk], ends) for pk in asked[mail.key] if pk in pages]),
            mine=bool(own) and mail.to == own,
        )
        for mail in mails
    ]


def _pages_in(mail: Mail) -> list[int]:
    """Keys of the pages that it asks about; links that are too old, or none of ours, are left out."""
    return [number for token in ANSWER.findall(mail.text) if (number := _page_of(token)) is not None]


def _page_of(token: str) -> int | None:
    try:
        return links.read(token).page_id
    except (links.Expired, links.Tampered):
        return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page as a mail asked about it: whether that still waits, or who was the first to answer it since."""

    page: Page
    waits: bool
    taken: Person | None


def _ends_of(pages: Collection[Page]) -> Mapping[int, Sequence[TimelineEntry]]:
    """By incident when somebody took a page of it, or it was over, oldest first."""
    numbers = {page.incident_id for page in pages}
    found: dict[int, list[TimelineEntry]] = {number: [] for number in numbers}
    if numbers:
        entries = TimelineEntry.objects.filter(incident__in=numbers, kind__in=ENDS).select_related("person")
        for entry in entries.order_by("at", "pk"):
            found[entry.incident_id].append(entry)
    return found


def _since(mail: Mail, page: Page, ends: Mapping[int, Sequence[TimelineEntry]]) -> _Asked:
    """What became of the page after the mail; what was answered, or over, asks for nothing, though it opens again."""
    later = (one for one in ends[page.incident_id] if one.at >= mail.at and one.page_id in (page.pk, None))
    end = next(later, None)
    if end is None:
        return _Asked(page, page.is_untaken, page.acknowledged_by)
    return _Asked(page, False, end.person if end.kind == TimelineEntry.Kind.ACKNOWLEDGED else None)


def _state(mail: Mail, pages: Iterable[_Asked]) -> tuple[str, str]:
    asked = list(pages)
    open_ones = [one for one in asked if one.waits]
    waiting = sum(not one.page.incident.is_information for one in open_ones)
    if waiting:
        return "unanswered", "Asks for an answer" if len(asked) == 1 else f"{waiting} ask for an answer"
    if open_ones:
        return "none", "For information"
    taken = next((one.taken for one in asked if one.taken is not None), None)
    if taken is not None:
        return "has-it", f"Answered by {taken.label}" if len(asked) == 1 else "Answered"
    return ("resolved", "Over") if asked else ("none", "Asks back" if mail.kind == "ask" else "For information")


def _mailbox() -> Mailbox:
    return Mailbox(Path(settings.PORTAL_DATA) / "demo" / "mail")


def _mail(key: str) -> Mail:
    try:
        return _mailbox().get(key)
    except NoSuchMail as gone:
        raise MailGone from gone


def _people() -> dict[str, Person]:
    return {person.email: person for person in Person.objects.exclude(email="").filter(retired_at=None)}
