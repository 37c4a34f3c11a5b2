"""Ways in by an integration's key: no sign-in, no cookies, no throttle. Kept, then answered.

The key stands in the address, or in `Authorization: Bearer KEY` for addresses without one.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.alerts import AcceptedOut, AlertIn
from incidents.intake import accepting, bodies, heartbeats
from incidents.intake.keys import Sender, sender_of
from incidents.intake.ways import plugged
from incidents.models import Integration
from portal.lib.errors import Expected, Invalid
from portal.lib.problems import refusals

REFUSED = refusals(400, 404, 413, 415)


class NoSuchKey(Expected):
    """No integration of this kind has this key, or the key was revoked."""

    status = 404
    title = "Not found"


class KeyRefused(Expected):
    """Send the integration's key, as Authorization: Bearer KEY or at the end of the address."""

    status = 401
    title = "Not signed in"


class NoEvent(Expected):
    """Send a JSON object, as the Events API v2 has it."""

    status = 400


class AnyAccept(DefaultContentNegotiation):
    """JSON, whatever the sender says it would rather have: an alert is not turned away for that."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first."""
        first = next(iter(renderers))
        return first, first.media_type or ""


class AsItComes(BaseParser):
    """For the schema only; bodies are read by `incidents.intake.bodies`, whatever type they claim to be."""

    media_type = "application/json"


class ByKey(APIView):
    """What all of them share."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()  # an alert that is turned away may be the one that matters
    parser_classes = (AsItComes,)
    content_negotiation_class = AnyAccept

    def sender(self, request: Request, key: str, kind: str) -> Sender:
        """Whose key it is. Raises NoSuchKey, KeyRefused; nothing tells a wrong key from one of another kind."""
        given = key or _bearer(request)
        found = sender_of(given, kind) if given else None
        if found is None:
            raise NoSuchKey if key else KeyRefused
        return found

    def raw(self, request: Request) -> bytes:
        """The body, unpacked. Raises TooLarge, UnknownEncoding, Invalid."""
        try:
            came = request._request.body
        except RequestDataTooBig as error:
            raise bodies.TooLarge from error
        return bodies.unpacked(came, request.headers.get("Content-Encoding", ""))

    def accept(self, request: Request, key: str, kind: str) -> Response:
        """202 once it is kept."""
        sender = self.sender(request, key, kind)
        try:
            raw = self.raw(request)
        except Expected as error:
            accepting.keep_refused(sender.integration, _what_came(request), error, now=sender.now)
            raise
        kept = accepting.accept_by_key(integration=sender.integration, raw=raw, now=sender.now)
        return Response({"delivery": kept.pk, "status": "accepted"}, status=status.HTTP_202_ACCEPTED)


class AlertmanagerAlert(serializers.Serializer[Any]):
    """One alert of a notification."""

    status = serializers.ChoiceField(("firing", "resolved"))
    labels = serializers.DictField(child=serializers.CharField())
    annotations = serializers.DictField(child=serializers.CharField(), required=False)
    startsAt = serializers.DateTimeField(required=False)
    endsAt = serializers.DateTimeField(required=False)
    generatorURL = serializers.CharField(required=False)
    fingerprint = serializers.CharField(required=False)


class AlertmanagerIn(serializers.Serializer[Any]):
    """Alertmanager's webhook, version 4."""

    version = serializers.CharField(required=False)
    groupKey = serializers.CharField(required=False)
    truncatedAlerts = serializers.IntegerField(required=False)
    status = serializers.CharField(required=False)
    receiver = serializers.CharField(required=False)
    groupLabels = serializers.DictField(required=False)
    commonLabels = serializers.DictField(required=False)
    commonAnnotations = serializers.DictField(required=False)
    externalURL = serializers.CharField(required=False)
    alerts = AlertmanagerAlert(many=True)


class Alertmanager(ByKey):
    """What Alertmanager's `webhook_configs` send."""

    @extend_schema(request=AlertmanagerIn, responses={202: AcceptedOut, **REFUSED})
    def post(self, request: Request, key: str = "") -> Response:
        """Send what Alertmanager's webhook sends. 202: all of its alerts are kept."""
        return self.accept(request, key, Integration.Kind.ALERTMANAGER)


class Generic(ByKey):
    """Any JSON, read by the integration's mapping."""

    @extend_schema(request=OpenApiTypes.OBJECT, responses={202: AcceptedOut, **REFUSED})
    def post(self, request: Request, key: str = "") -> Response:
        """Send any JSON, read by the mapping. 202: it is kept. 400 names the pointer that finds nothing."""
        return self.accept(request, key, Integration.Kind.GENERIC)


class OwnByKey(ByKey):
    """Portico's own JSON, on a key rather than a token."""

    @extend_schema(request=AlertIn, responses={202: AcceptedOut, **REFUSED})
    def post(self, request: Request, key: str = "") -> Response:
        """Send an alert in Portico's own JSON, on a key rather than a token. 202: it is kept."""
        return self.accept(request, key, Integration.Kind.OWN)


class EventPayload(serializers.Serializer[Any]):
    """What is wrong."""

    summary = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field
    severity = serializers.ChoiceField(("critical", "error", "warning", "info"))
    component = serializers.CharField(required=False)
    group = serializers.CharField(required=False)
    timestamp = serializers.CharField(required=False)
    custom_details = serializers.JSONField(required=False)


class EventIn(serializers.Serializer[Any]):
    """As PagerDuty's Events API v2 has it; `payload` may also hold `class`."""

    routing_key = serializers.CharField(required=False)
    event_action = serializers.ChoiceField(("trigger", "acknowledge", "resolve"))
    dedup_key = serializers.CharField(max_length=255, required=False)
    payload = EventPayload(required=False)
    links = serializers.ListField(child=serializers.DictField(), required=False)
    images = serializers.ListField(child=serializers.DictField(), required=False)
    client = serializers.CharField(required=False)
    client_url = serializers.CharField(required=False)


class EventOut(serializers.Serializer[Any]):
    """As PagerDuty answers."""

    status = serializers.CharField()
    message = serializers.CharField()
    dedup_key = serializers.CharField()


class EventRefused(serializers.Serializer[Any]):
    """As PagerDuty refuses."""

    status = serializers.CharField()
    message = serializers.CharField()
    errors = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]  # a declared field


class PagerDuty(ByKey):
    """What clients of PagerDuty's Events API v2 send; its `routing_key` is the integration's key."""

    @extend_schema(
        request=EventIn, responses={202: EventOut, (400, "application/json"): EventRefused, **refusals(400, 413, 415)}
    )
    def post(self, request: Request) -> Response:
        """Send an event as to PagerDuty. 202 with the `dedup_key`: it is kept. 400 says in `errors` what is wrong."""
        try:
            event = bodies.parsed(self.raw(request)).value
        except Expected as error:
            if (sender := sender_of(_bearer(request), Integration.Kind.PAGERDUTY)) is not None:
                accepting.keep_refused(sender.integration, _what_came(request), error, now=sender.now)
            if isinstance(error, Invalid):
                return _invalid_event([str(error)])
            raise
        routing_key = event.get("routing_key") if isinstance(event, dict) else ""
        given = routing_key if isinstance(routing_key, str) and routing_key else _bearer(request)
        sender = sender_of(given, Integration.Kind.PAGERDUTY)
        if sender is not None and not isinstance(event, dict):
            accepting.keep_refused(sender.integration, _what_came(request), NoEvent(), now=sender.now)
            return _invalid_event([str(NoEvent())])
        if sender is None or not isinstance(event, dict):
            return _invalid_event(["'routing_key' is missing, not known, or was revoked"])
        try:
            _, key = accepting.accept_event(integration=sender.integration, event=event, now=sender.now)
        except Invalid as error:
            return _invalid_event([f"'{one.field}' {one.message}".strip() for one in error.errors])
        body = {"status": "success", "message": "Event processed", "dedup_key": key}
        return Response(body, status=status.HTTP_202_ACCEPTED)


class BeatOut(serializers.Serializer[Any]):
    """It was heard."""

    status = serializers.CharField()


class Heartbeats(ByKey):
    """Something is alive."""

    @extend_schema(operation_id="heartbeats_beat", request=None, responses={200: BeatOut, **refusals(404)})
    def post(self, request: Request, key: str = "") -> Response:
        """Send one beat; what the body says is not read."""
        given = key or _bearer(request)
        if not given or not heartbeats.beat(given):
            raise NoSuchKey if key else KeyRefused
        return Response({"status": "ok"})

    @extend_schema(operation_id="heartbeats_beat_by_get", responses={200: BeatOut, **refusals(404)})
    def get(self, request: Request, key: str = "") -> Response:
        """Send one beat by fetching the address, for what can do no more."""
        return self.post(request, key)


@extend_schema_view(post=extend_schema(operation_id="alerts_alertmanager_by_address"))
class AlertmanagerByAddress(Alertmanager):
    """With the key in the address."""


@extend_schema_view(post=extend_schema(operation_id="alerts_generic_by_address"))
class GenericByAddress(Generic):
    """With the key in the address."""


@extend_schema_view(
    post=extend_schema(
        operation_id="alerts_own_by_address",
        description="As without a key in the address, for tools that can set no header. 202: it is kept.",
    )
)
class OwnByAddress(OwnByKey):
    """With the key in the address."""


@extend_schema_view(
    post=extend_schema(operation_id="heartbeats_beat_by_address"),
    get=extend_schema(operation_id="heartbeats_beat_by_get_of_address"),
)
class HeartbeatsByAddress(Heartbeats):
    """With the key in the address."""


def _what_came(request: Request) -> bytes:
    """The bytes of a body that is refused; none of one that was not even read."""
    try:
        return request._request.body
    except RequestDataTooBig:
        return b""


def _bearer(request: Request) -> str:
    kind, _, rest = request.headers.get("Authorization", "").partition(" ")
    return rest.strip() if kind.lower() in ("bearer", "token") else ""


def _invalid_event(errors: list[str]) -> Response:
    clean = [error.encode("utf-8", "replace").decode() for error in errors]
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": clean}
    return Response(body, status=status.HTTP_400_BAD_REQUEST)


class Plugged(ByKey):
    """What a plugin reads."""

    kind = ""

    @extend_schema(request=OpenApiTypes.OBJECT, responses={202: AcceptedOut, **REFUSED})
    def post(self, request: Request, key: str = "") -> Response:
        """Send what the plugin reads. 202: it is kept. 400 names what can't be read."""
        return self.accept(request, key, self.kind)


def _plugged(kind: str) -> Iterator[URLPattern]:
    """Its two addresses; read once all plugins have registered theirs."""
    for name, rest, told in ((f"{kind}-in", "", ""), (f"{kind}-in-key", "/<str:key>", "_by_address")):
        made: type[Plugged] = type(name, (Plugged,), {})
        view = extend_schema_view(post=extend_schema(operation_id=f"alerts_{kind}{told}"))(made)
        yield path(f"alerts/{kind}{rest}", view.as_view(kind=kind), name=name)


urlpatterns = [
    path("alerts/alertmanager", Alertmanager.as_view(), name="alertmanager"),
    path("alerts/alertmanager/<str:key>", AlertmanagerByAddress.as_view(), name="alertmanager-key"),
    path("alerts/generic", Generic.as_view(), name="generic"),
    path("alerts/generic/<str:key>", GenericByAddress.as_view(), name="generic-key"),
    path("alerts/own", OwnByKey.as_view(), name="own"),
    path("alerts/own/<str:key>", OwnByAddress.as_view(), name="own-key"),
    path("events/pagerduty/v2/enqueue", PagerDuty.as_view(), name="pagerduty"),
    path("heartbeats", Heartbeats.as_view(), name="heartbeats"),
    path("heartbeats/<str:key>", HeartbeatsByAddress.as_view(), name="heartbeats-key"),
    *(address for kind in plugged() for address in _plugged(kind)),
]
