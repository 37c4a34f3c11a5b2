"""One person: their teams, what they own themselves, when they are on call, how to reach them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import actor_of
from catalog.models import Component, Domain, Person, System
from catalog.operations import reopen_account
from catalog.operations.people import account_closed
from catalog.queries.called import called
from portal.lib.clock import now_of
from portal.lib.reading import known, readable
from portal.pages import letters
from portal.pages.catalog import lines
from portal.pages.domains import domain_lines
from portal.pages.entities import change_facts, chosen_tab, links_of, relation_facts, shown_tabs, tab_links, yaml_facts
from portal.pages.people import may_invite
from portal.pages.systems import system_lines

SIZE = 50
MOST = 100
TITLES = {"overview": "Overview", "relations": "Relations", "changes": "Changes", "yaml": "YAML"}


@login_required
@require_POST
def reopen(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Somebody is back: their account is open again, and a letter lets them choose a new password."""
    person = reopen_account(ref=f"user:{namespace}/{name}", actor=actor_of(request), now=now_of(request))
    if person.account is not None and person.email:
        letters.send_aside([letters.reset_letter(person.account, person.email)])
        messages.success(request, f"{person.label} can sign in again; a letter lets them choose a new password.")
    else:
        messages.warning(
            request, f"{person.label} has no e-mail address here: give them one, so that they get a letter."
        )
    return redirect(person.get_absolute_url())


@readable
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """The person's page; what they may change of themselves has a button. `?tab=` a key of `TITLES`."""
    person = queries.person_by_ref(f"user:{namespace}/{name}")
    reader: Person | None = getattr(request.user, "person", None)
    tab = chosen_tab(request, TITLES)
    context = {
        "now": now_of(request),
        "person": person,
        "tab": tab,
        "tabs": tab_links(person.get_absolute_url(), shown_tabs(request, TITLES), tab),
        "trail": [("People", reverse("people")), (person.label, "")],
        "mine": reader is not None and reader.pk == person.pk,
        "may_invite": person.account_id is None and person.retired_at is None and may_invite(request),
        "reachable": known(request),
        "closed_account": account_closed(person),
        "may_reopen": reader is not None and reader.platform_admin and person.retired_at is None,
        "may_write": reader is not None and (reader.platform_admin or reader.pk == person.pk),
        **_tab_facts(person, tab, request),
    }
    return render(request, "catalog/person.html", context)


def _written(person: Person, request: HttpRequest) -> dict[str, object]:
    wrote = list(person.audit_entries.all()[:10]) if known(request) else []
    return {"wrote": wrote, "called": called(entry.object_ref for entry in wrote)}


def _tab_facts(person: Person, tab: str, request: HttpRequest) -> dict[str, object]:
    if tab == "relations":
        return relation_facts(person.ref, request)
    if tab == "changes":
        return change_facts(person.ref, most=200)
    if tab == "yaml":
        return yaml_facts(person)
    now = now_of(request)
    teams = list(queries.teams_of(person))
    duty = queries.on_call_now([team.pk for team in teams], now=now)
    own = {"owner_ref": person.ref, "retired_at": None}
    components = Component.objects.filter(**own).select_related("owner")
    page = queries.page(components, queries.SORTS["health"], cursor=request.GET.get("cursor", ""), size=SIZE)
    return {
        "memberships": person.memberships.exclude(team__retired_at__isnull=False)
        .select_related("team")
        .order_by("team_ref")[:MOST],
        "on_call": [(team, duty[team.pk]) for team in teams if team.pk in duty and duty[team.pk].person == person],
        "lines": lines(page.rows, now=now, request=request),
        "next": f"?cursor={page.next}" if page.next else "",
        "previous": f"?cursor={page.previous}" if page.previous else "",
        "systems": system_lines(System.objects.filter(**own).order_by("called", "pk")[:MOST], now=now, request=request),
        "domains": domain_lines(Domain.objects.filter(**own).order_by("called", "pk")[:MOST]),
        "links": links_of(person),
        **_written(person, request),
    }
