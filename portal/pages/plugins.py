"""Settings: which plugins are installed, what each added, and what is wrong with those that failed."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal import plugins
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import listed, refusals

STATES = ("loaded", "failed", "off")


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All of them by name; `?state=` keeps one of `STATES`. There are as many as packages were installed: a few."""
    asked, found = request.GET.get("state", ""), plugins.installed()
    counts = {state: sum(one.state == state for one in found) for state in STATES}
    asked = asked if counts.get(asked) else ""
    tabs = [{"title": "All", "url": "?", "active": not asked, "count": len(found)}] + [
        {"title": state.capitalize(), "url": f"?state={state}", "active": state == asked, "count": count}
        for state, count in counts.items()
        if count
    ]
    shown = [one for one in found if asked in ("", one.state)]
    return render(request, "portal/plugins.html", {"plugins": shown, "tabs": tabs})


class PluginEntryOut(serializers.Serializer[Any]):
    """One thing it added. `replaces`: it took the place of one of Portico's own, or of another plugin's."""

    what = serializers.CharField(help_text="Such as Channel")
    key = serializers.CharField()
    title = serializers.CharField()
    replaces = serializers.BooleanField()


class PluginOut(serializers.Serializer[Any]):
    """An installed plugin; `error` says in one line what went wrong, and is empty while all is well."""

    name = serializers.CharField()
    distribution = serializers.CharField()
    version = serializers.CharField()
    summary = serializers.CharField()
    target = serializers.CharField(help_text="What its entry point names")
    state = serializers.ChoiceField(STATES)
    error = serializers.CharField()
    added = PluginEntryOut(many=True)


class PluginList(APIView):
    """What is plugged in."""

    @extend_schema(
        operation_id="plugins_list",
        parameters=[OpenApiParameter("state", enum=STATES)],
        responses={200: listed(PluginOut), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """List all plugins, by name."""
        asked = request.query_params.get("state", "")
        if asked and asked not in STATES:
            message = f"Use one of {', '.join(STATES)}."
            raise Invalid(f"state: {message}", errors=(FieldError("state", "invalid", message),))
        rows = [one for one in plugins.installed() if asked in ("", one.state)]
        return Response({"results": PluginOut(rows, many=True).data})


urlpatterns: list[URLPattern] = [path("settings/plugins", listing, name="plugins")]
api: list[URLPattern] = [path("plugins", PluginList.as_view(), name="plugins")]
