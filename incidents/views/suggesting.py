"""What may be meant while somebody types the name of a component, a person or a team."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html_join
from django.views.decorators.http import require_safe

from incidents.form_fields import KINDS, suggestions

TYPED = ("q", "component", "person", "team")
"""What the line may be called that is typed in."""


@login_required
@require_safe
def suggest(request: HttpRequest, what: str) -> HttpResponse:
    """Options for the list below a line; none for an empty text."""
    if what not in KINDS:
        raise Http404(f"Nothing of the kind {what!r} is suggested; use {', '.join(KINDS)}.")
    text = next((request.GET[name] for name in TYPED if request.GET.get(name)), "")
    found = suggestions(what, text) if text.strip() else []
    return HttpResponse(format_html_join("", '<option value="{}">{}</option>', found))


urlpatterns = [path("incidents/suggest/<str:what>", suggest, name="suggest")]
