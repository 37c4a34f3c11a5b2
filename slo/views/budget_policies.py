"""Error-budget policies as pages: all, one, writing one, and which team goes by it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import NotSignedIn, actor_of, require_admin
from catalog.models import Team
from portal.lib.clock import db_now
from portal.lib.markdown import to_html
from portal.lib.posted import posted
from slo import operations
from slo.models import BudgetPolicy
from slo.operations import BudgetPolicyDraft
from slo.queries.budget_policies import budget_policies, budget_policy
from slo.thresholds import parse_thresholds
from slo.views.framed import require_free, written
from slo.views.sources import is_admin

ROWS = 5
FIRST = ((50, "Look at what spends it", False), (25, "Reliability first", False), (0, "Hold deployments", True))


class PolicyForm(forms.Form):
    """A policy with up to five thresholds; what is empty is none."""

    name = forms.SlugField(max_length=63, help_text="For the API and for files, such as hold-at-zero. It stays.")
    title = forms.CharField(max_length=200, required=False)
    text = forms.CharField(
        max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 6}),
        label="What was agreed on", help_text="Markdown. Who decides, what stops, what goes on.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, policy: BudgetPolicy | None = None) -> None:  # noqa: ANN401  # a QueryDict
        """`policy` is the one to be changed; without it a new one is written, and a common agreement is offered."""
        super().__init__(data)
        given = _rows(policy) if policy else FIRST
        if policy:
            self.initial = {"name": policy.name, "title": policy.title, "text": policy.text}
            self.fields["name"].disabled = True
        for place in range(max(ROWS, len(given))):
            self._add_row(place, given[place] if place < len(given) else None)
        self.rows = max(ROWS, len(given))

    def _add_row(self, place: int, given: tuple[float, str, bool] | None) -> None:
        number, first = place + 1, given or (None, "", False)
        self.fields[f"remaining_{place}"] = forms.DecimalField(
            required=False, initial=first[0], min_value=Decimal(-1000), max_value=Decimal("99.99"),
            label=f"{number}. Below, in % left",
        )  # fmt: skip
        self.fields[f"action_{place}"] = forms.CharField(
            required=False, initial=first[1], max_length=500, label=f"{number}. Then"
        )
        self.fields[f"holds_{place}"] = forms.BooleanField(
            required=False, initial=first[2], label=f"{number}. Deployments wait"
        )

    def plain(self) -> list[BoundField]:
        """What is said of the policy itself."""
        return [self[name] for name in ("name", "title", "text")]

    def thresholds(self) -> Iterator[tuple[BoundField, BoundField, BoundField]]:
        """The fields of each threshold."""
        for place in range(self.rows):
            yield self[f"remaining_{place}"], self[f"action_{place}"], self[f"holds_{place}"]

    def draft(self) -> BudgetPolicyDraft:
        """What was written. Call it on a valid form."""
        given = self.cleaned_data
        thresholds = [
            {
                "remaining": float(given[f"remaining_{place}"] / 100),
                "action": given[f"action_{place}"],
                "holds": given[f"holds_{place}"],
            }
            for place in range(self.rows)
            if given[f"remaining_{place}"] is not None
        ]
        return BudgetPolicyDraft(given["name"], thresholds, title=given["title"], text=given["text"])


def _rows(policy: BudgetPolicy) -> tuple[tuple[float, str, bool], ...]:
    return tuple((round(t.remaining * 100, 6), t.action, t.holds) for t in parse_thresholds(policy.thresholds))


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All policies, and who goes by each."""
    found = [(one, parse_thresholds(one.thresholds)) for one in budget_policies()]
    return render(request, "slo/budget_policies.html", {"policies": found, "may_write": is_admin(request)})


@login_required
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One policy: what was agreed on, and by whom it is gone by."""
    policy = budget_policy(name)
    context = {
        "policy": policy,
        "thresholds": parse_thresholds(policy.thresholds),
        "text": mark_safe(to_html(policy.text)) if policy.text else "",  # noqa: S308  # our renderer escapes HTML
        "teams_to_add": _own_teams(request).exclude(budget_policy__policy=policy),
        "may_write": is_admin(request),
        "mine": set(_own_teams(request).values_list("pk", flat=True)),
    }
    return render(request, "slo/budget_policy.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A further policy; for platform admins."""
    require_admin(actor_of(request))
    return _edit(request, PolicyForm(request.POST or None), None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Another text or other thresholds; for platform admins. Whoever goes by it follows at the next evaluation."""
    require_admin(actor_of(request))
    policy = budget_policy(name)
    return _edit(request, PolicyForm(request.POST or None, policy=policy), policy)


@login_required
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Nobody goes by it any more."""
    operations.delete_budget_policy(name=name, actor=actor_of(request), now=db_now())
    messages.success(request, f"The budget policy {name} is deleted.")
    return redirect("slo:budget-policies")


@login_required
@require_POST
def team(request: HttpRequest, name: str) -> HttpResponse:
    """A team goes by this policy (`action=add`), or by none any more (`remove`)."""
    policy = budget_policy(name)
    found = Team.objects.filter(ref=posted(request, "team")[:200]).first()
    if found is None:
        messages.error(request, "Choose a team.")
        return redirect(policy)
    wanted = "" if request.POST.get("action") == "remove" else policy.name
    operations.set_team_policy(team=found, policy=wanted, actor=actor_of(request), now=db_now())
    messages.success(request, f"{found.label} goes by {policy.label}." if wanted else f"{found.label} goes by none.")
    return redirect(policy)


def _edit(request: HttpRequest, form: PolicyForm, policy: BudgetPolicy | None) -> HttpResponse:
    def save() -> BudgetPolicy:
        draft = form.draft()
        if policy is None:
            require_free(BudgetPolicy, draft.name)
        return operations.save_budget_policy(draft=draft, actor=actor_of(request), now=db_now())[0]

    return written(request, form, "slo/budget_policy_edit.html", policy=policy, save=save)


def _own_teams(request: HttpRequest) -> Any:  # noqa: ANN401  # a QuerySet[Team], which the callers filter further
    """Teams that the reader may write for, by name."""
    teams = Team.objects.filter(retired_at=None).order_by("called", "pk")
    try:
        actor = actor_of(request)
    except NotSignedIn:
        return teams.none()
    return teams if actor.everywhere else teams.filter(pk__in=actor.team_ids())
