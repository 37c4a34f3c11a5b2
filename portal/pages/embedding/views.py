"""Badges and cards, for other places. No cookie is needed where a link is signed, and no script anywhere."""

import re
from hashlib import sha256
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from catalog import sharing
from portal.lib import badges, conf
from portal.lib.clock import now_of
from portal.lib.errors import Missing
from portal.lib.reading import known
from portal.pages.embedding import facts
from portal.pages.embedding.things import NoSuchThing, Show, Thing, find

KEPT = 60
"""Seconds for which whoever was answered need not ask again."""

UNKNOWN = badges.badge("portico", "unknown")
BADGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
CARD_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {}"
)
THEMES = ("light", "dark")
REFRESH = re.compile(r"[1-9][0-9]{0,3}")
LEAST_REFRESH = 30


@require_safe
def badge(request: HttpRequest, ref: str, what: str) -> HttpResponseBase:
    """A badge as SVG; a grey one with 404 for what is not there, and for what the asker may not see: nothing tells
    the two apart."""
    try:
        thing, _ = _seen(request, ref, "badge", what)
    except Missing:
        response = HttpResponse(UNKNOWN, status=404, content_type="image/svg+xml")
        response["Cache-Control"] = "no-cache"
    else:
        said = facts.badge(thing, what, now=now_of(request))
        response = HttpResponse(badges.badge(said.label, said.value, tone=said.tone), content_type="image/svg+xml")
        _kept(request, response)
    response["Content-Security-Policy"] = BADGE_POLICY
    return _conditional(request, response)


@xframe_options_exempt
@require_safe
def card(request: HttpRequest, ref: str, what: str) -> HttpResponseBase:
    """A card for an iframe: `?theme=light|dark` (else as the reader's system has it), `?zone=Europe/Berlin`,
    `?refresh=60` to ask again after so many seconds."""
    theme = request.GET.get("theme", "")
    told: dict[str, object] = {"theme": theme if theme in THEMES else ""}
    with timezone.override(_zone(request.GET.get("zone", ""))):
        try:
            thing, _ = _seen(request, ref, "card", what)
        except Missing:
            response = render(request, "embed/unknown.html", told, status=404)
            response["Cache-Control"] = "no-cache"
        else:
            now = now_of(request)
            template, said = facts.card(thing, what, now=now)
            url = conf.base_url() + thing.url
            told |= {"now": now, "thing": thing, "url": url, "zone": timezone.localtime(now).tzname()}
            response = render(request, template, {**told, **said})
            _kept(request, response)
    if REFRESH.fullmatch(refresh := request.GET.get("refresh", "")):
        response["Refresh"] = str(max(LEAST_REFRESH, int(refresh)))
    response["Content-Security-Policy"] = CARD_POLICY.format(" ".join(ancestors()))
    return response


def ancestors() -> tuple[str, ...]:
    """Who may put cards into a frame (PORTAL_EMBED_ANCESTORS)."""
    return tuple(getattr(settings, "PORTAL_EMBED_ANCESTORS", ("'self'",)))


def _seen(request: HttpRequest, ref: str, kind: str, what: str) -> tuple[Thing, Show]:
    """The thing that is asked for, where the asker may see it. Raises Missing."""
    show = Show(kind, what, "")
    free = conf.flag("PORTAL_ANONYMOUS_READ") or (not request.GET.get("key") and known(request))
    if not free and not sharing.opens(request.GET.get("key", ""), ref=ref.lower(), show=show.signed):
        raise NoSuchThing
    thing = find(ref)
    return thing, thing.show(kind, what)


def _kept(request: HttpRequest, response: HttpResponse) -> None:
    """What a sign-in opened is kept by that browser only."""
    open_to_all = conf.flag("PORTAL_ANONYMOUS_READ") or bool(request.GET.get("key"))
    response["Cache-Control"] = f"{'public' if open_to_all else 'private'}, max-age={KEPT}"


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    tag = f'"{sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = tag
    if response.status_code != 200:
        return response
    return get_conditional_response(request, etag=tag, response=response) or response


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


urlpatterns: list[URLPattern] = [
    path("badge/<path:ref>/<slug:what>.svg", badge, name="badge"),
    path("embed/<path:ref>/<slug:what>", card, name="card"),
]
