"""Figures that few pages show: `{% load figures %}`."""

from django import template

from portal.lib import durations

register = template.Library()
register.filter("short", durations.short)
