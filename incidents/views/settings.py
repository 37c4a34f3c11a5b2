"""Settings of paging: how a team is paged, what catches the rest, and the table that says how bad things are."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.access import actor_of, require_admin, require_owned
from catalog.models import Person
from catalog.queries import team_by_ref
from incidents import ladders, severity
from incidents.forms_settings import CatchAllForm, PastedForm, SeverityRuleForm, TeamPagingForm, WhatIfForm
from incidents.models import PolicyVersion
from incidents.operations import policies as operations
from incidents.operations import severities
from incidents.policy_words import ladders as said_by
from incidents.queries import policies as queries
from incidents.queries.judging import judged, judged_sample, table
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from portal.lib.reading import readable

SCOPE = "oncall:write"
ASKED = "asked-%s"
"""Ids of the what-if beside the form of a further line, whose fields are called alike."""


@login_required
@require_http_methods(["GET", "POST"])
def team_paging(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Which policy the team's pages walk, and which schedule is shown."""
    team, actor = team_by_ref(f"group:{namespace}/{name}"), actor_of(request)
    require_owned(actor, [team], scope=SCOPE)
    paging = queries.paging_of(team)
    form = TeamPagingForm(request.POST or None, team=team, paging=paging)
    if form.is_valid():
        changed = operations.set_team_paging(team=team, **form.cleaned_data, by=actor, now=db_now())
        messages.success(request, "Saved; it counts for the next page." if changed else "Nothing had changed.")
        return redirect(team)
    version = queries.newest([paging.policy_id]).get(paging.policy_id) if paging.policy_id else None
    context = {"team": team, "form": form, **_drawn(version), "now": db_now()}
    return render(request, "incidents/settings/team.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def catch_all(request: HttpRequest) -> HttpResponse:
    """Who is paged for what nobody owns and nobody has taken; for platform admins to say."""
    policy = queries.catch_all()
    form = CatchAllForm(request.POST or None, initial={"policy": policy.pk if policy else None})
    if request.method == "POST":
        require_admin(actor_of(request))
        if form.is_valid():
            chosen = form.cleaned_data["policy"]
            operations.set_catch_all(policy=chosen, by=actor_of(request), now=db_now())
            messages.success(request, f"{chosen.name} catches the rest from now on.")
            return redirect("incidents:catch-all")
    version = queries.newest([policy.pk]).get(policy.pk) if policy else None
    context = {"policy": policy, "form": form, **_drawn(version), "now": db_now(), "may_write": _admin(request)}
    return render(request, "incidents/settings/catch_all.html", context, status=400 if form.errors else 200)


@readable
@require_GET
def severity_rules(request: HttpRequest) -> HttpResponse:
    """The table, and what an alert would get by it."""
    asked = WhatIfForm(request.GET if "rule" in request.GET else None, auto_id=ASKED)
    verdict = judged(**asked.cleaned_data) if asked.is_valid() else None
    return _table(request, SeverityRuleForm(), asked, verdict=verdict)


@login_required
@require_POST
def try_alert(request: HttpRequest) -> HttpResponse:
    """What a pasted request would get by the table, alert by alert; nothing is kept."""
    pasted = PastedForm(request.POST)
    tried = judged_sample(**pasted.cleaned_data) if pasted.is_valid() else None
    for error in tried.errors if tried else ():
        pasted.add_error("sample", f"{error.field}: {error.message}" if error.field else error.message)
    return _table(request, SeverityRuleForm(), WhatIfForm(), pasted=pasted, tried=tried)


@login_required
@require_POST
def add_rule(request: HttpRequest) -> HttpResponse:
    """A further line."""
    require_admin(actor_of(request))
    form = SeverityRuleForm(request.POST)
    place = request.POST.get("at", "")
    if not form.is_valid():
        return _table(request, form, WhatIfForm(auto_id=ASKED))
    at = int(place) if place.isdecimal() and len(place) < 4 else None
    return _done(request, lambda **by: severities.add_rule(line=form.line(), at=at, **by), "Added.")


@login_required
@require_http_methods(["GET", "POST"])
def edit_rule(request: HttpRequest, place: int) -> HttpResponse:
    """Another line in its place; counted from 1."""
    require_admin(actor_of(request))
    lines = table()
    if not 1 <= place <= len(lines):
        raise queries.NoSuchRule
    line = lines[place - 1]
    said = {name: getattr(line, name) for name in ("rule", "tier", "teams_blocked", "source", "severity")}
    form = SeverityRuleForm(request.POST or None, initial=said)
    if form.is_valid():
        return _done(
            request, lambda **by: severities.change_rule(place=place - 1, line=form.line(), **by), "Changed."
        )  # fmt: skip
    context = {"form": form, "place": place}
    return render(request, "incidents/settings/severity_edit.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def move_rule(request: HttpRequest, place: int) -> HttpResponse:
    """Up or down by one."""
    up = request.POST.get("direction") == "up"
    return _done(request, lambda **by: severities.move_rule(place=place - 1, up=up, **by), "Moved.")


@login_required
@require_POST
def delete_rule(request: HttpRequest, place: int) -> HttpResponse:
    """One line less."""
    return _done(request, lambda **by: severities.delete_rule(place=place - 1, **by), "Deleted.")


@login_required
@require_POST
def restore_default(request: HttpRequest) -> HttpResponse:
    """The table that Portico comes with."""
    return _done(request, lambda **by: severities.put_rules(lines=(), **by), "The default table decides again.")


def _done(request: HttpRequest, act: Callable[..., object], words: str) -> HttpResponse:
    try:
        act(by=actor_of(request), now=db_now())
    except (Invalid, severities.LineGone, severities.LastLine) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{words} It counts from the next alert on.")
    return redirect("incidents:severity-rules")


def _table(
    request: HttpRequest, form: SeverityRuleForm, asked: WhatIfForm, *,
    verdict: object = None, pasted: PastedForm | None = None, tried: object = None,
) -> HttpResponse:  # fmt: skip
    lines, own = table(), queries.severity_rules()
    never = severity.shadowed(lines)
    context = {
        "rows": [
            (place, line, severity.conditions(line), never.get(place - 1, -1) + 1)
            for place, line in enumerate(lines, start=1)
        ],
        "own": bool(own),
        "form": form,
        "asked": asked,
        "verdict": verdict,
        "pasted": pasted or PastedForm(),
        "tried": tried,
        "may_write": _admin(request),
    }
    refused = form.errors or (pasted is not None and pasted.errors)
    return render(request, "incidents/settings/severity.html", context, status=400 if refused else 200)


def _drawn(version: PolicyVersion | None) -> dict[str, object]:
    found = ladders.drawn(said_by(version), now=db_now()) if version else []
    return {"ladder": found[0] if found else None, "apart": len(found) > 1, "version": version}


def _admin(request: HttpRequest) -> bool:
    person: Person | None = getattr(request.user, "person", None)
    return person is not None and person.platform_admin


urlpatterns = [
    path("teams/<str:namespace>/<str:name>/paging", team_paging, name="team-paging"),
    path("catch-all", catch_all, name="catch-all"),
    path("severity-rules", severity_rules, name="severity-rules"),
    path("severity-rules/try", try_alert, name="try-severity-rules"),
    path("severity-rules/add", add_rule, name="add-severity-rule"),
    path("severity-rules/restore", restore_default, name="restore-severity-rules"),
    path("severity-rules/<int:place>", edit_rule, name="edit-severity-rule"),
    path("severity-rules/<int:place>/move", move_rule, name="move-severity-rule"),
    path("severity-rules/<int:place>/delete", delete_rule, name="delete-severity-rule"),
]
