"""The same for servers that speak ASGI."""

import os

from django.core.asgi import get_asgi_application

from portal.celery import app as celery_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_asgi_application()
__all__ = ["application", "celery_app"]
