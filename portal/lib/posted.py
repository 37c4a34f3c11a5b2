"""A field of a form where no form class reads it."""

from django.http import HttpRequest


def posted(request: HttpRequest, name: str) -> str:
    """What was sent as `name`, empty where nothing was; without NUL, which no database keeps and nobody types."""
    return (request.POST.get(name) or "").replace("\x00", "")
