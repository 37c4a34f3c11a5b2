"""The weekly digest: a preview, whether it is sent to me, and the link of a letter that ends them."""

import base64
from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog import queries as catalog
from catalog.access import Actor, actor_of, person_of
from catalog.models import Person, Team
from incidents import duty
from incidents.digest import links
from incidents.digest.letters import Letter
from incidents.digest.sending import teams_of
from incidents.digest.showing import PLATFORM, Reader, letter_about
from incidents.operations.digests import choose_digest, zone_of_person
from incidents.queries.digests import latest_letter, letters_by_week, wants_digest
from portal.lib.clock import db_now, now_of
from portal.lib.zones import zone_of


@login_required
@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """The last whole week as it is sent: to me, or `?team=group:default/ci`, or `?team=platform`."""
    person, now, wanted = person_of(request), now_of(request), request.GET.get("team", "")
    team = catalog.team_by_ref(wanted.replace("\x00", "")) if wanted not in ("", PLATFORM) else None
    mine = teams_of(person)
    reader = Reader(person, mine, lambda slugs, since: duty.schedules_named(slugs, now=since, request=request))
    letter = letter_about(reader, team=team, platform=wanted == PLATFORM, now=now)
    context = {
        "now": now,
        "person": person,
        "zone": zone_of(zone_of_person(person)),
        "wanted": wants_digest(person),
        "latest": latest_letter(person),
        "letter": letter,
        "srcdoc": _standing_alone(letter) if letter else "",
        "tabs": _tabs(mine, wanted, team),
        "sent": letters_by_week() if person.platform_admin else [],
    }
    return render(request, "incidents/digest/preview.html", context)


@login_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Have it sent to me, or not."""
    wanted = request.POST.get("wanted") == "1"
    choose_digest(person=person_of(request), wanted=wanted, actor=actor_of(request), now=db_now())
    messages.success(request, "You get it from next Monday on." if wanted else "You get no more of them.")
    return redirect("incidents:digest")


@csrf_exempt  # the signed token in the address is the key; mail providers post here without a cookie (RFC 8058)
@never_cache
@require_http_methods(["GET", "POST"])
def off(request: HttpRequest, token: str) -> HttpResponse:
    """GET: one button, for mail scanners open links. POST: no more letters; with `wanted=1`: letters again."""
    person, now = links.read(token), db_now()
    if request.method == "POST":
        return _chosen(request, person, now)
    return render(request, "incidents/digest/off.html", {"person": person, "wanted": wants_digest(person), "now": now})


def _chosen(request: HttpRequest, person: Person, now: datetime) -> HttpResponse:
    wanted = request.POST.get("wanted") == "1"
    choose_digest(person=person, wanted=wanted, actor=Actor(person=person, via="link"), now=now)
    if request.POST.get("List-Unsubscribe"):  # a provider's machine, which follows no redirects
        return HttpResponse("Done.", content_type="text/plain")
    return redirect(request.path)


def _tabs(teams: Sequence[Team], wanted: str, shown: Team | None) -> list[dict[str, object]]:
    here = reverse("incidents:digest")
    found = [("As sent to me", here, wanted == "")]
    found += [(team.label, f"{here}?team={team.ref}", wanted == team.ref) for team in teams]
    if shown and shown not in teams:
        found.append((shown.label, f"{here}?team={shown.ref}", True))
    found.append(("The whole platform", f"{here}?team={PLATFORM}", wanted == PLATFORM))
    return [{"title": title, "url": url, "count": None, "active": active} for title, url, active in found]


def _standing_alone(letter: Letter) -> str:
    """The HTML with its pictures in it, for a frame."""
    html = letter.html.replace("<head>", '<head><base target="_blank">', 1)
    for name, png in letter.pictures.items():
        html = html.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(png).decode()}")
    return html


urlpatterns: list[URLPattern] = [
    path("digest", preview, name="digest"),
    path("digest/choose", choose, name="digest-choose"),
    path("digest/off/<str:token>", off, name="digest-off"),
]
