"""The plugin's pages."""

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Component
from portal.lib.reading import readable

from .centres import ANNOTATION, centre_of


@readable
@require_safe
def cost_centres(request: HttpRequest) -> HttpResponse:
    """How many components each cost centre pays for."""
    rows = Component.objects.filter(annotations__has_key=ANNOTATION, retired_at=None).only("annotations")
    counts = sorted(Counter(centre_of(one) for one in rows).items())
    return render(request, "portico_acme/centres.html", {"counts": counts, "annotation": ANNOTATION})
