"""Who or what wrote an entity last: `{% load written %}`."""

from collections.abc import Mapping

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.models import Person
from catalog.models.entity import Entity
from catalog.templatetags.changes import actor

register = template.Library()


@register.simple_tag
def writer(entity: Entity, names: Mapping[str, str] | None = None) -> SafeString:
    """`by Ada Okafor`, `by Portico (demo)`; of an apply under a name of its own `from shop`; or how it came about.

    A person whom `names` calls by reference is not asked for.
    """
    source = entity.source
    if not source:
        return format_html("by {}", entity.get_origin_display())
    if ":" not in source:
        return format_html("from {}", source)
    if source.startswith("user:"):
        name = (names or {}).get(source) or _label_of(source)
        if name:
            address = reverse("catalog:person", args=source.removeprefix("user:").split("/"))
            return format_html('by <a class="plain" href="{}">{}</a>', address, name)
    return format_html('by <span title="{}">{}</span>', source, actor(source))


def _label_of(ref: str) -> str:
    person = Person.objects.filter(ref=ref).first()
    return person.label if person else ""
