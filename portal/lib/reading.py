"""Who may look at pages: everybody signed in; everybody at all where PORTAL_ANONYMOUS_READ says so.

That opens what tells whose things are and how they are. What tells how to reach people, how the portal is set up, or
who did what stays behind the sign-in: such pages are `login_required`, and parts of the others ask `known`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from portal.lib import conf


def known(request: HttpRequest) -> bool:
    """Whether whoever reads is signed in; the others see no addresses of people and no change log."""
    return bool(request.user.is_authenticated)


def readable[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """The view for readers; others are sent to sign in and come back."""
    closed = login_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return (view if conf.flag("PORTAL_ANONYMOUS_READ") else closed)(request, *args, **kwargs)

    return guarded
