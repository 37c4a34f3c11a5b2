"""Signing in, held back where somebody guesses: by account and address, so that nobody can lock another out."""

import hashlib
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

TRIES = 10
WITHIN = 15 * 60
"""Seconds after which the count of failures starts anew."""


class SignIn(LoginView):
    """Django's own sign-in; after `TRIES` failures of one account from one address it waits."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  # Django's own
        """As Django's, or 429 with the form and what was typed."""
        if int(cache.get(_key(request), 0)) < TRIES:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.errors["__all__"] = form.error_class(["Too many tries. Wait a quarter of an hour, or ask an admin."])
        answer = self.render_to_response(self.get_context_data(form=form), status=429)
        answer["Retry-After"] = str(WITHIN)
        return answer

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Whoever gets in starts anew."""
        cache.delete(_key(self.request))
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Counts the failure."""
        key = _key(self.request)
        if not cache.add(key, 1, WITHIN):
            try:
                cache.incr(key)
            except ValueError:  # it ended between the two
                cache.set(key, 1, WITHIN)
        return super().form_invalid(form)


def _key(request: HttpRequest) -> str:
    account = request.POST.get("username", "").strip().lower()
    address = request.META.get("REMOTE_ADDR", "")
    return "sign-in:" + hashlib.sha256(f"{account}\n{address}".encode()).hexdigest()
