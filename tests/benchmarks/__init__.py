"""Benchmarks: run by `bin/bench NAME`, never as tests. Django is set up here, before a benchmark's own imports."""

import os
from importlib import import_module

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("PORTAL_LOG_LEVEL", "ERROR")
settings.CELERY_BROKER_URL = "memory://"  # hints go nowhere, as quickly as to a broker
settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
django.setup()
import_module("portal.celery")
