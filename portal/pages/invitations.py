"""Inviting people, and being invited."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login, password_validation
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import Actor, actor_of
from catalog.forms import ExplainingForm
from catalog.models import Invitation, Membership, Team
from catalog.operations import accept_invitation, invite, renew_invitation, revoke_invitation
from catalog.operations.invitations import Invited, led_by, visible_invitations
from catalog.operations.joining import InvitationOver, open_invitation
from portal.lib import once
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from portal.pages import letters
from portal.pages.held_back import remember

NEWEST = ("-created_at", "-pk")


class InviteForm(ExplainingForm):
    """Whom, and into which team."""

    email = forms.CharField(label="E-mail", max_length=254, widget=forms.EmailInput())
    team = forms.ChoiceField(required=False)
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.MEMBER)
    person = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, data: QueryDict | None, *, teams: QuerySet[Team], anywhere: bool, initial: dict[str, str]
    ) -> None:
        super().__init__(data, initial=initial)
        choices = [("", "None yet")] if anywhere else []
        self.fields["team"] = forms.ChoiceField(
            required=not anywhere, choices=[*choices, *((team.ref, team.label) for team in teams)]
        )

    def said(self) -> dict[str, Any]:
        """The arguments of `invite`."""
        given = self.cleaned_data
        return {
            "email": given["email"],
            "role": given["role"],
            "team": queries.team_by_ref(given["team"]) if given["team"] else None,
            "person": queries.person_by_ref(given["person"]) if given["person"] else None,
        }


class WelcomeForm(ExplainingForm):
    """What the invited say of themselves."""

    display_name = forms.CharField(label="Your name", max_length=200, help_text="As others read it")
    username = forms.CharField(
        label="Sign-in name", max_length=63, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label="Password again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, data: QueryDict | None, *, invitation: Invitation) -> None:
        known = invitation.person
        name = known.name if known else invitation.email.partition("@")[0].lower()
        super().__init__(data, initial={"username": name, "display_name": known.label if known else ""})
        self.fields["password"].help_text = " ".join(password_validation.password_validators_help_texts())
        self.email = invitation.email
        if known:
            del self.fields["display_name"]
        model = get_user_model()
        if model.get_email_field_name() == model.USERNAME_FIELD:
            self.fields["username"].help_text = f"You sign in with {invitation.email}; others mention you by this name."

    def clean(self) -> None:
        """Two equal passwords that the validators accept."""
        given = self.cleaned_data
        password = given.get("password", "")
        if password and given.get("again") and password != given["again"]:
            self.add_error("again", "The two passwords differ; type it once more.")
        model = get_user_model()
        account = model(**{model.USERNAME_FIELD: given.get("username", "")})
        if hasattr(account, model.get_email_field_name()):
            setattr(account, model.get_email_field_name(), self.email)
        try:
            if password:
                password_validation.validate_password(password, account)
        except ValidationError as error:
            self.add_error("password", error)


@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    """Who is invited and has not come yet, and a form; the new link is shown once."""
    actor = actor_of(request)
    form = _form(request, actor)
    if form.is_valid():
        try:
            return _sent(request, invite(**form.said(), actor=actor, now=db_now()))
        except Expected as error:
            form.explain(error)
    return _page(request, actor, form)


@login_required
@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Another letter with a new link for another week."""
    return _sent(request, renew_invitation(invitation_id=pk, actor=actor_of(request), now=db_now()))


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End the link at once."""
    row = revoke_invitation(invitation_id=pk, actor=actor_of(request), now=db_now())
    messages.success(request, f"The invitation of {row.email} is revoked; its link is over.")
    return redirect("invitations")


def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """The page of the link: makes the account and signs in."""
    try:
        meant = open_invitation(secret=secret, now=db_now())
    except InvitationOver as error:
        return render(request, "error.html", {"title": error.title, "detail": str(error)}, status=error.status)
    form = WelcomeForm(request.POST or None, invitation=meant)
    if form.is_valid():
        given = form.cleaned_data
        try:
            joined = accept_invitation(
                secret=secret,
                username=given["username"],
                password=given["password"],
                display_name=given.get("display_name", ""),
                now=db_now(),
            )
        except InvitationOver as error:
            return render(request, "error.html", {"title": error.title, "detail": str(error)}, status=error.status)
        except Expected as error:
            form.explain(error)
        else:
            backend = settings.AUTHENTICATION_BACKENDS[0]
            login(request, joined.account, backend=backend)  # type: ignore[arg-type]  # stock users only, say the stubs
            messages.success(
                request, f"Welcome, {joined.person.label}. Times are shown in UTC until you choose a zone."
            )
            inside = redirect(joined.person)
            remember(inside, joined.account.get_username())
            return inside
    answer = render(
        request, "registration/welcome.html", {"form": form, "invitation": meant}, status=400 if form.errors else 200
    )
    add_never_cache_headers(answer)
    return answer


def teams_to_invite_into(actor: Actor) -> QuerySet[Team]:
    """Those `actor` may invite into, by name."""
    living = Team.objects.filter(retired_at=None).order_by("called", "pk")
    return living if actor.everywhere else living.filter(pk__in=led_by(actor))


def _form(request: HttpRequest, actor: Actor) -> InviteForm:
    names = ("team", "email", "person")
    initial = {name: request.GET[name].replace("\x00", "") for name in names if name in request.GET}
    posted = request.POST if request.method == "POST" else None
    return InviteForm(posted, teams=teams_to_invite_into(actor), anywhere=actor.everywhere, initial=initial)


def _sent(request: HttpRequest, invited: Invited) -> HttpResponse:
    """Sends the letter; the list then shows the link once, for whoever wants to hand it over."""
    said = {
        "email": invited.row.email,
        "failure": letters.send_invitation(invited.row, invited.secret),
        "link": letters.invitation_link(invited.secret),
    }
    once.keep(request, "invitation", said, now=db_now())
    return redirect("invitations")


def _page(request: HttpRequest, actor: Actor, form: InviteForm) -> HttpResponse:
    now = db_now()
    rows = visible_invitations(actor).filter(accepted_at=None, revoked_at=None)
    page = queries.page(rows, NEWEST, cursor=request.GET.get("cursor", ""))
    here = reverse("invitations") + "?cursor="
    context = {
        "form": form,
        "invited": once.take(request, "invitation", now=now),
        "rows": page.rows,
        "next": here + page.next if page.next else "",
        "previous": here + page.previous if page.previous else "",
        "may": actor.everywhere or bool(led_by(actor)),
        "now": now,
    }
    response = render(request, "catalog/invitations.html", context, status=400 if form.errors else 200)
    add_never_cache_headers(response)  # a secret must not come back with the back button
    return response
