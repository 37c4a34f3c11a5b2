"""Alert policies as pages: all, one with what its rules come to, writing one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import actor_of, require_admin
from portal.lib.clock import db_now
from slo import operations
from slo.documents import save_policy
from slo.forms_policies import AlertPolicyForm
from slo.models import AlertPolicy
from slo.operations.policies import PolicyInUse
from slo.queries.fleet import CALLED
from slo.queries.policies import alert_policies, alert_policy, outages, rules_shown
from slo.views.framed import require_free, written
from slo.views.sources import is_admin
from slo.windows import LATE_PAGE

SHOWN = 50
"""Objectives that a policy's page names."""


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All policies, and how many objectives are judged by each."""
    found = [(one, rules_shown(one)) for one in alert_policies()]
    return render(request, "slo/alert_policies.html", {"policies": found, "may_write": is_admin(request)})


@login_required
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One policy: its rules, and when a total outage pages."""
    policy = alert_policy(name)
    judged = policy.objectives.filter(retired_at=None, parent=None).order_by(CALLED, "pk")
    context = {
        "policy": policy,
        "rules": rules_shown(policy),
        "outages": (found := outages(policy)),
        "lowered": any(one.lowered for one in found),
        "late": LATE_PAGE,
        "objectives": judged[:SHOWN],
        "used": judged.count(),
        "may_write": is_admin(request),
    }
    return render(request, "slo/alert_policy.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A further policy; for platform admins."""
    require_admin(actor_of(request))
    return _edit(request, AlertPolicyForm(request.POST or None), None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Other rules; for platform admins. Objectives follow at the next evaluation."""
    require_admin(actor_of(request))
    policy = alert_policy(name)
    return _edit(request, AlertPolicyForm(request.POST or None, policy=policy), policy)


@login_required
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Nobody is judged by it any more."""
    policy = alert_policy(name)
    try:
        operations.delete_policy(name=name, actor=actor_of(request), now=db_now())
    except PolicyInUse as refused:
        messages.error(request, str(refused))
        return redirect(policy)
    messages.success(request, f"The alert policy {name} is deleted.")
    return redirect("slo:alert-policies")


def _edit(request: HttpRequest, form: AlertPolicyForm, policy: AlertPolicy | None) -> HttpResponse:
    def save() -> AlertPolicy:
        given = form.cleaned_data
        if policy is None:
            require_free(AlertPolicy, given["name"])
        return save_policy(
            name=given["name"],
            rules=form.rules(),
            title=given["title"],
            description=given["description"],
            actor=actor_of(request),
            now=db_now(),
        )

    return written(request, form, "slo/alert_policy_edit.html", policy=policy, save=save)
