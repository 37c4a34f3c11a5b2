"""Escalation policies as pages: all, one as a ladder with its history; write one, retire one, apply the newer one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog import queries as catalog
from catalog.access import Actor, NotYourTeam, actor_of, may_write, person_of, require_owned
from catalog.models import Team
from incidents import access, ladders
from incidents.forms_policies import PolicyForm, suggestions, zones
from incidents.models import EscalationPolicy, Page, PolicyVersion, Urgency
from incidents.operations import policies as operations
from incidents.operations.policy_drafts import PolicyDraft, check
from incidents.operations.replanning import apply_new_policy
from incidents.policy_uses import uses_of
from incidents.policy_words import Names, changes, lines
from incidents.policy_words import ladders as said_by
from incidents.queries import policies as queries
from portal.lib.clock import db_now
from portal.lib.errors import Expected, Invalid
from portal.lib.reading import readable

SCOPE = "oncall:write"
SIZE = 30
VERSIONS = 20


@readable
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """All policies: what each does first, who that is now, where it is used."""
    now, text = db_now(), request.GET.get("q", "").replace("\x00", "").strip()
    team, view = request.GET.get("team", "").replace("\x00", ""), request.GET.get("view", "")
    found = queries.policies(text=text, team=team, retired=view == "retired")
    page = catalog.page(found, ("name", "pk"), cursor=request.GET.get("cursor", ""), size=SIZE)
    context = {
        "now": now,
        "rows": ladders.rows(page.rows, now=now),
        "q": text,
        "team": team,
        "view": view,
        "teams": Team.objects.filter(policies__isnull=False, retired_at=None).distinct().order_by("called", "pk"),
        "tabs": _tabs(view),
        "next": _address(request, page.next),
        "previous": _address(request, page.previous),
        "may_write": request.user.is_authenticated,
        "caught": queries.catch_all(),
    }
    return render(request, "incidents/policies/list.html", context)


@readable
@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """One policy: its ladder, who would be reached now, where it is used, what it said before."""
    now, policy = db_now(), queries.policy_by_slug(slug)
    versions = list(queries.versions_of(policy)[: VERSIONS + 1])
    said, names = said_by(versions[0]), ladders.names_in(versions)
    context = {
        "now": now,
        "policy": policy,
        "version": versions[0],
        "ladders": ladders.drawn(said, now=now, names=names),
        "said": said[Urgency.HIGH],
        "history": ladders.history(versions, names=names)[:VERSIONS],
        "uses": uses_of(policy, now=now),
        "may_write": _may(request, policy),
    }
    return render(request, "incidents/policies/policy.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write one, with a preview in words before it is saved."""
    actor = actor_of(request)
    form = PolicyForm(request.POST or None, teams=_teams_of(actor), initial=_first_values(request.GET.get("team", "")))
    return _edit(request, form, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """A new version; what is under way keeps the old one."""
    policy, actor = _mine(request, slug), actor_of(request)
    version = queries.newest([policy.pk])[policy.pk]
    return _edit(request, PolicyForm(request.POST or None, teams=_teams_of(actor, policy), version=version), version)


@login_required
@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Nothing opens with it any more."""
    policy = _mine(request, slug)
    try:
        operations.retire_policy(policy=policy, by=actor_of(request), now=db_now())
    except operations.PolicyUsed as refused:
        messages.error(request, str(refused))
        return redirect(policy)
    messages.success(request, f"{policy.name} is retired; what is under way goes on by it.")
    return redirect("incidents:policies")


@login_required
@require_POST
def apply_new(request: HttpRequest, number: int, page: int) -> HttpResponse:
    """Let a running page walk what its policy says now."""
    held = get_object_or_404(Page.objects.select_related("incident"), pk=page, incident=number)
    access.require_hand(actor_of(request), held.incident)
    apply_new_policy(page=held, by=actor_of(request), now=db_now())
    messages.success(request, "The new version is applied, from its first step.")
    return redirect(held.incident)


def _first_values(asked: str) -> dict[str, object]:
    """For a team: its name, and the schedule it is shown by as the first to be called."""
    team = Team.objects.filter(pk=asked, retired_at=None).first() if asked.isdecimal() and len(asked) < 10 else None
    if team is None:
        return {}
    schedule = queries.paging_of(team).schedule
    first = {"steps-0-targets": [f"{schedule.name} (schedule:{schedule.slug})"]} if schedule else {}
    return {"team": team.pk, "name": team.label, **first}


def _edit(request: HttpRequest, form: PolicyForm, version: PolicyVersion | None) -> HttpResponse:
    now, actor, preview, status = db_now(), actor_of(request), None, 400
    if form.is_valid():
        draft = form.draft(version.policy.slug if version else "")
        try:
            require_owned(actor, [draft.team], scope=SCOPE)
            if "save" in request.POST:
                return _saved(request, draft, actor, is_new=version is None)
            check(draft, now=now)
            preview = _preview(draft, version)
        except Invalid as refused:
            form.refuse(refused)
        except NotYourTeam as refused:  # what was written stays
            status = refused.status
            form.add_error("team", str(refused))
        except Expected as refused:
            form.add_error(None, str(refused))
    context = {
        "now": now,
        "form": form,
        "version": version,
        "policy": version.policy if version else None,
        "preview": preview,
        "targets": suggestions(),
        "zones": zones(),
    }
    return render(request, "incidents/policies/edit.html", context, status=status if form.errors else 200)


def _saved(request: HttpRequest, draft: PolicyDraft, actor: Actor, *, is_new: bool) -> HttpResponse:
    now = db_now()
    if is_new:
        made = operations.create_policy(draft=draft, by=actor, now=now)
        messages.success(request, f"{made.policy.name} is made.")
        return redirect(made.policy)
    made, changed = operations.put_policy(draft=draft, by=actor, now=now)
    words = f"Version {made.number} counts from now on; what is under way keeps its version."
    messages.success(request, words if changed else "Nothing had changed.")
    return redirect(made.policy)


def _preview(draft: PolicyDraft, version: PolicyVersion | None) -> dict[str, object]:
    found = draft.said
    names = Names.of([*found.values(), *(said_by(version).values() if version else ())])
    before = lines(said_by(version), names) if version else []
    return {
        "ladders": ladders.drawn(found, now=db_now(), names=names),
        "changes": changes(before, lines(found, names)),
        "is_new": version is None,
    }


def _mine(request: HttpRequest, slug: str) -> EscalationPolicy:
    """The policy, if the reader may change it."""
    policy = queries.policy_by_slug(slug)
    require_owned(actor_of(request), [policy.team_id], scope=SCOPE)
    return policy


def _may(request: HttpRequest, policy: EscalationPolicy) -> bool:
    if not request.user.is_authenticated:
        return False
    actor = Actor(person=person_of(request))
    return actor.everywhere or (policy.team_id is not None and may_write(actor, [policy.team_id], scope=SCOPE))


def _teams_of(actor: Actor, policy: EscalationPolicy | None = None) -> list[Team]:
    teams = Team.objects.filter(retired_at=None)
    found = list(teams if actor.everywhere else teams.filter(pk__in=actor.team_ids()))
    if policy is not None and policy.team is not None and policy.team not in found:
        found.append(policy.team)
    return found


def _tabs(view: str) -> list[dict[str, object]]:
    url = reverse("incidents:policies")
    return [
        {"title": "In use", "url": url, "count": None, "active": view != "retired"},
        {"title": "Retired", "url": f"{url}?view=retired", "count": None, "active": view == "retired"},
    ]


def _address(request: HttpRequest, cursor: str | None) -> str:
    if not cursor:
        return ""
    kept = {key: request.GET[key] for key in ("q", "team", "view") if request.GET.get(key)}
    return f"?{urlencode({**kept, 'cursor': cursor})}"


urlpatterns = [
    path("escalation-policies", listing, name="policies"),
    path("escalation-policies/new", new, name="new-policy"),
    path("escalation-policies/<slug:slug>", show, name="policy"),
    path("escalation-policies/<slug:slug>/edit", edit, name="edit-policy"),
    path("escalation-policies/<slug:slug>/retire", retire, name="retire-policy"),
    path("incidents/<int:number>/pages/<int:page>/apply-policy", apply_new, name="apply-policy"),
]
