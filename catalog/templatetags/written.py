"""Who or what wrote an entity last: `{% load written %}`."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.models import Person
from catalog.models.entity import Entity
from catalog.templatetags.changes import actor

register = template.Library()


@register.simple_tag
def writer(entity: Entity) -> SafeString:
    """`by Ada Okafor`, `by Portico (demo)`; of an apply under a name of its own `from shop`; or how it came about."""
    source = entity.source
    if not source:
        return format_html("by {}", entity.get_origin_display())
    if ":" not in source:
        return format_html("from {}", source)
    person = Person.objects.filter(ref=source).first() if source.startswith("user:") else None
    if person is not None:
        return format_html('by <a class="plain" href="{}">{}</a>', person.get_absolute_url(), person.label)
    return format_html('by <span title="{}">{}</span>', source, actor(source))
