"""Signing in, and a new password by e-mail; both held back where somebody guesses or floods."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.views import LoginView, PasswordChangeView, PasswordResetConfirmView
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from catalog.models import Person
from portal.lib.client_address import client_address
from portal.lib.rates import Tries
from portal.pages import letters
from portal.pages.held_back import PAUSE, TRIES, WITHIN, guesser, remember

__all__ = ["TRIES", "ChangePassword", "NewPassword", "SignIn", "forgotten", "sign_out_everywhere"]

LETTERS_TO_AN_ADDRESS = 5
ASKED_FROM_AN_ADDRESS = 20
AN_HOUR = 3600


class SignIn(LoginView):
    """Django's own sign-in; who fails too often waits, see `held_back`."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  # Django's own
        """As Django's, or 429 with the form and what was typed."""
        seconds = guesser(request, request.POST.get("username", "")).wait()
        if not seconds:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.errors["__all__"] = form.error_class([_words(seconds)])
        answer = self.render_to_response(self.get_context_data(form=form), status=429)
        answer["Retry-After"] = str(seconds)
        return answer

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Whoever gets in starts anew, and their browser is known from now on."""
        name = self.request.POST.get("username", "")
        guesser(self.request, name).got_in()
        answer = super().form_valid(form)
        remember(answer, name)
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Counts the failure."""
        guesser(self.request, self.request.POST.get("username", "")).failed()
        return super().form_invalid(form)


@login_required
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all other sessions of the account, whoever holds them; this browser stays signed in.

    A session holds a hash of the stored password, so storing the same password with new salt ends it, whatever keeps
    the sessions. Whoever borrows an open browser does not know the password, and so can't lock out its owner.
    """
    account, given = request.user, request.POST.get("password", "")
    guesses = guesser(request, account.get_username())
    if guesses.wait() or not account.check_password(given):
        guesses.failed()
        messages.error(request, "That is not your password; nothing was ended.")
        return redirect("password-change")
    account.set_password(given)
    account.save()
    update_session_auth_hash(request, account)  # type: ignore[arg-type]  # stock users only, say the stubs
    messages.success(request, "Your other sessions are signed out.")
    return redirect("password-change")


class ChangePassword(PasswordChangeView):
    """Django's own; other sessions end by themselves, for they hold a hash of the old password."""

    success_url = reverse_lazy("home")

    def get_form(self, form_class: Any = None) -> Any:  # noqa: ANN401  # Django's own
        """With a hint that can't be taken for the old password."""
        form = super().get_form(form_class)
        form.fields["new_password2"].help_text = "The new password once more."
        return form

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ANN401  # Django's own
        """Says so."""
        messages.success(self.request, "Your password is changed. Your other sessions are signed out.")
        return super().form_valid(form)


class ForgottenForm(forms.Form):
    """Where the letter goes."""

    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


def forgotten(request: HttpRequest) -> HttpResponse:
    """Send a letter for a new password. The answer is the same, and as fast, whether the address is anybody's."""
    form = ForgottenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form}
        return render(request, "registration/forgotten.html", context, status=400 if form.errors else 200)
    if Tries(f"reset-from\n{client_address(request)}", AN_HOUR).add() > ASKED_FROM_AN_ADDRESS:
        form.add_error(None, "Too many letters were asked for from here. Wait an hour, or ask a platform admin.")
        answer = render(request, "registration/forgotten.html", {"form": form}, status=429)
        answer["Retry-After"] = str(AN_HOUR)
        return answer
    address = form.cleaned_data["email"]
    if Tries(f"reset-to\n{address.casefold()}", AN_HOUR).add() <= LETTERS_TO_AN_ADDRESS:
        letters.send_aside([letters.reset_letter(account, to) for account, to in _accounts_at(address)])
    return render(request, "registration/forgotten.html", {"sent": address})


class NewPassword(PasswordResetConfirmView):
    """Django's own: the link of the letter, once."""

    template_name = "registration/new_password.html"
    success_url = reverse_lazy("sign-in")

    def form_valid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        """Every session of the account ends; this browser is known, however many guess at the name elsewhere."""
        super().form_valid(form)
        messages.success(self.request, "Your new password is set. Sign in with it.")
        answer = redirect(self.get_success_url())
        remember(answer, self.user.get_username() if self.user else "")
        return answer


def _words(seconds: int) -> str:
    if seconds == PAUSE:
        return (
            "Somebody keeps guessing at this name. Try again in a few seconds, use a browser you have signed in with "
            "before, or choose a new password."
        )
    return f"Too many tries. Wait {WITHIN // 60} minutes, or ask an admin."


def _accounts_at(address: str) -> Iterator[tuple[AbstractBaseUser, str]]:
    """Who signs in with a password and has this address, themselves or as a person, each with it as it is kept."""
    model = get_user_model()
    field = model.get_email_field_name()
    found: dict[object, tuple[AbstractBaseUser, str]] = {}
    for person in Person.objects.filter(email__iexact=address, account__isnull=False).select_related("account"):
        if person.account is not None:
            found[person.account_id] = (person.account, person.email)
    if _has(model, field):
        for account in model._default_manager.filter(**{f"{field}__iexact": address}):
            found.setdefault(account.pk, (account, str(getattr(account, field))))
    for known, to in found.values():
        if known.is_active and known.has_usable_password():
            yield known, to


def _has(model: type[AbstractBaseUser], field: str) -> bool:
    try:
        model._meta.get_field(field)
    except FieldDoesNotExist:
        return False
    return True
