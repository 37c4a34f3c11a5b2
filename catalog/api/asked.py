"""Query strings: each view takes the names that its description tells, and no others.

A filter with a slip in its name would else be answered with everything, and `dryrun=true` would write.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.views import APIView

from portal.lib.errors import FieldError
from portal.lib.strict import probably

PAGED = frozenset({"cursor", "limit"})
OF_PLUGINS = "api/v1/x/"
"""What is below it has parameters that only it knows."""


def unknown(request: HttpRequest, view: type[APIView]) -> tuple[FieldError, ...]:
    """What the query string says that this view does not take; a write without options takes whatever it is sent."""
    if not request.GET or view.__module__.startswith("drf_spectacular") or _of_a_plugin(request):
        return ()
    method = "get" if request.method == "HEAD" else (request.method or "").lower()
    known = taken(view, method)  # type: ignore[arg-type]  # a class is hashable, whatever its instances are
    if not hasattr(view, method) or (method != "get" and not known):
        return ()
    return tuple(
        FieldError(name[:100], "unknown_parameter", f"Unknown parameter{_meant(name, known)}")
        for name in request.GET
        if name not in known
    )


@cache
def taken(view: type[APIView], method: str) -> frozenset[str]:
    """The names that a method's description tells."""
    described: Mapping[str, Any] = getattr(getattr(view, method, None), "kwargs", {})
    paged = PAGED if method == "get" and getattr(view, "pagination_class", None) else frozenset()
    if "schema" not in described:
        return paged
    schema = described["schema"]()
    schema.view, schema.method = view(), method.upper()
    schema.view.request, schema.view.kwargs = None, {}
    told = [one for one in schema.get_override_parameters() if isinstance(one, OpenApiParameter)]
    return paged.union(one.name for one in told if one.location == OpenApiParameter.QUERY)


def _meant(name: str, known: Collection[str]) -> str:
    return probably(name, known) if known else "; there are none here."


def _of_a_plugin(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.route.startswith(OF_PLUGINS)
