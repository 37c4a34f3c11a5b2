"""The Celery app. Messages are wake-ups: they carry no business data and no business time, and all may be lost."""

import os

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from django.urls import get_resolver

from portal import lifeline
from portal.beat import ROUTES, celery_schedule
from portal.lib import filebroker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# Django's checks ask the database for its version: a worker or beat that starts while it restarts would end with that.
# `portal migrate` has looked already, and what is started waits for the database instead.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

filebroker.register()
lifeline.arrange()
app = Celery("portico")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = celery_schedule()
app.conf.task_routes = ROUTES
app.set_default()
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_kwargs: object) -> None:
    """Celery would replace the root logger's handlers; ours come with settings.LOGGING."""
    _ = settings.LOGGING


@worker_init.connect
def _know_all_addresses(**_kwargs: object) -> None:
    """Messages hold links. Their names are learned before the worker forks, not by each child at its first page."""
    get_resolver()._populate()
