"""Benchmarks: run by `bin/bench NAME`, never as tests. Django is set up here, before a benchmark's own imports."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("PORTAL_LOG_LEVEL", "ERROR")
django.setup()
