"""Where badges, cards and feeds of a thing are copied from, shared beyond the sign-in, and ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import queries, sharing
from catalog.access import Actor, actor_of, rights_of
from catalog.models import Sharing
from catalog.operations.sharing import share, unshare
from portal.lib import conf
from portal.lib.clock import db_now, now_of
from portal.lib.errors import Forbidden
from portal.pages.embedding import facts
from portal.pages.embedding.things import Show, Thing, find
from portal.pages.embedding.views import ancestors

SIZE = 50
TALL = {"overview": 340, "on-call": 160}
TITLES = {"badge": "Badges", "card": "Cards", "feed": "Feed"}


@dataclass(frozen=True, slots=True)
class Link:
    """One thing to copy: its address (empty: for those only who may share), and the text that goes elsewhere."""

    show: Show
    url: str
    text: str
    words: str = ""

    @property
    def here(self) -> str:
        """Its address in this portal, by whatever name it is reached."""
        return self.url.removeprefix(conf.base_url())


@login_required
@require_safe
def page(request: HttpRequest, ref: str) -> HttpResponse:
    """All that can be shown of a thing elsewhere, each with the text to copy."""
    thing, actor = find(ref), actor_of(request)
    may, row = may_share(actor, thing), Sharing.objects.select_related("created_by").filter(ref=thing.ref).first()
    made = links(request, thing, row if may else None)
    groups = [(TITLES[kind], kind, [one for one in made if one.show.kind == kind]) for kind in TITLES]
    context = {
        "now": now_of(request),
        "thing": thing,
        "row": row,
        "may": may,
        "open": conf.flag("PORTAL_ANONYMOUS_READ"),
        "groups": [group for group in groups if group[2]],
        "ancestors": [one for one in ancestors() if one != "'self'"],
        "trail": [("Shared", reverse("sharings")), (thing.title, thing.url), ("Badges and cards", "")],
    }
    return render(request, "portal/sharing.html", context)


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All that is shared beyond the sign-in; `?q=` keeps what holds the text."""
    text = request.GET.get("q", "").replace("\x00", " ").strip()
    rows = shared(text)
    shown = queries.page(rows, ("ref", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    asked = f"&{urlencode({'q': text})}" if text else ""
    context = {
        "now": now_of(request),
        "rows": shown.rows,
        "q": text,
        "next": f"?cursor={shown.next}{asked}" if shown.next else "",
        "previous": f"?cursor={shown.previous}{asked}" if shown.previous else "",
    }
    return render(request, "portal/sharings.html", context)


@login_required
@require_POST
def begin(request: HttpRequest, ref: str) -> HttpResponse:
    """Let its links work."""
    thing = find(ref)
    share(ref=thing.ref, owner=thing.owner, scope=thing.scope, actor=actor_of(request), now=db_now())
    messages.success(request, "Shared. Whoever has one of these links sees what it shows, without signing in.")
    return redirect("sharing", thing.ref)


@login_required
@require_POST
def end(request: HttpRequest, ref: str) -> HttpResponse:
    """End all its links."""
    thing = find(ref)
    unshare(ref=thing.ref, owner=thing.owner, scope=thing.scope, actor=actor_of(request), now=db_now())
    messages.success(request, "All its links have ended. Caches forget them within a few minutes.")
    return redirect("sharing", thing.ref)


def shared(text: str = "") -> QuerySet[Sharing]:
    """What is shared, by reference."""
    rows = Sharing.objects.select_related("created_by")
    return rows.filter(ref__icontains=text) if text else rows


def may_share(actor: Actor, thing: Thing) -> bool:
    """Whether this reader may share it, and so may see its links."""
    try:
        rights_of(actor).require_ownership(thing.owner)
    except Forbidden:
        return False
    return True


def links(request: HttpRequest, thing: Thing, row: Sharing | None) -> list[Link]:
    """One for each way to show it: with its key where it is shared and `row` given, else for those who sign in."""
    keys: Mapping[str, str] = sharing.keys_of(row, [one.signed for one in thing.shows]) if row else {}
    made = []
    for show in thing.shows:
        url = thing.address(show, keys.get(show.signed, ""))
        words = ""
        if show.kind == "badge":
            said = facts.badge(thing, show.what, now=now_of(request))
            words = f"{said.label}: {said.value}"
        made.append(Link(show, url, _text(thing, show, url), words))
    return made


def _text(thing: Thing, show: Show, url: str) -> str:
    """Markdown for a badge, HTML for a card, the address itself for a feed."""
    title = "".join(sign for sign in f"{thing.title}: {show.title.lower()}" if sign not in '[]()<>"&\\`*_\n')
    if show.kind == "badge":
        return f"[![{title}]({url})]({conf.base_url()}{thing.url})"
    if show.kind == "card":
        return f'<iframe src="{url}" title="{title}" width="320" height="{TALL[show.what]}" style="border:0"></iframe>'
    return url


urlpatterns: list[URLPattern] = [
    path("sharing", listing, name="sharings"),
    path("sharing/<path:ref>/begin", begin, name="begin-sharing"),
    path("sharing/<path:ref>/end", end, name="end-sharing"),
    path("sharing/<path:ref>", page, name="sharing"),
]
