"""What may be meant while somebody types the name of a component, a person or a team."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html_join
from django.views.decorators.http import require_safe

from catalog.access import reader_teams
from catalog.models import Person
from incidents.form_fields import KINDS, SUGGESTED, suggestions
from incidents.forms_oncall import typed_as

TYPED = ("q", "component", "person", "team")
"""What the line may be called that is typed in."""


@login_required
@require_safe
def suggest(request: HttpRequest, what: str) -> HttpResponse:
    """Options for the list below a line; for an empty text none, or with `near` the people of one's own teams."""
    if what not in KINDS:
        raise Http404(f"Nothing of the kind {what!r} is suggested; use {', '.join(KINDS)}.")
    text = next((request.GET[name] for name in TYPED if request.GET.get(name)), "")
    near = colleagues(request) if what == "people" and "near" in request.GET else []
    if text.strip():
        fitting = suggestions(what, text)
        found = [*(one for one in fitting if one in near), *(one for one in fitting if one not in near)]
    else:
        found = near
    return HttpResponse(format_html_join("", '<option value="{}">{}</option>', found))


def colleagues(request: HttpRequest) -> list[tuple[str, str]]:
    """Everybody in the reader's teams but the reader, as they are typed, with what `suggestions` says of them."""
    teams = [team.pk for team in reader_teams(request)]
    people = Person.objects.filter(memberships__team__in=teams, retired_at=None).exclude(account=request.user.pk)
    return [(typed_as(person), "") for person in people.distinct().order_by("display_name", "ref")[:SUGGESTED]]


urlpatterns = [path("incidents/suggest/<str:what>", suggest, name="suggest")]
