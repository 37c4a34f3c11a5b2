"""Cost centres, as components name them in an annotation of their catalog-info.yaml."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.http import HttpRequest

from catalog.models import Component
from catalog.registries import Verdict

ANNOTATION = "acme.example/cost-centre"
SHAPE = re.compile(r"CC-\d{4}")


def centre_of(component: Component) -> str:
    """Its cost centre, or the empty text."""
    return str(component.annotations.get(ANNOTATION, "")).strip()


def of_component(component: Component, _request: HttpRequest, _now: datetime) -> Mapping[str, object] | None:
    """The panel's facts; None shows no panel."""
    centre = centre_of(component)
    return {"centre": centre} if centre else None


def named(components: Sequence[Component], _now: datetime) -> Mapping[int, Verdict]:
    """The scorecard check: asked for many components at once, so it asks the database nothing for each."""
    return {one.pk: _verdict(one) for one in components}


def _verdict(component: Component) -> Verdict:
    centre = centre_of(component)
    if SHAPE.fullmatch(centre):
        return Verdict(True, centre)
    reason = f"{centre} is no cost centre; they look like CC-0042." if centre else f"Annotate it with {ANNOTATION}."
    return Verdict(False, reason, component.get_absolute_url())
