"""Alerts by Portico's own JSON: kept, answered 202, and taken by the sweep a moment later."""

from django.core.exceptions import RequestDataTooBig
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from incidents.intake import deliveries
from incidents.models import Alert
from portal.lib.clock import now_of
from portal.lib.errors import Expected


class LinkIn(serializers.Serializer[dict[str, str]]):
    """Where to look."""

    url = serializers.URLField()
    title = serializers.CharField(required=False)


class AlertIn(serializers.Serializer[dict[str, object]]):
    """For the schema; `intake.own` reads and checks."""

    key = serializers.CharField(max_length=200, help_text="The same key is the same trouble")
    summary = serializers.CharField(max_length=300, required=False)
    component = serializers.CharField(max_length=200, required=False, help_text="By reference, or short")
    severity = serializers.ChoiceField(Alert.Rule.choices, required=False)
    status = serializers.ChoiceField(("firing", "resolved"), required=False)
    links = LinkIn(many=True, required=False)


class AcceptedOut(serializers.Serializer[dict[str, object]]):
    """What was kept."""

    delivery = serializers.IntegerField()
    status = serializers.CharField()


class Alerts(APIView):
    """One alert fires or is over."""

    throttle_classes = ()  # an alert that is turned away may be the one that matters

    @extend_schema(request=AlertIn, responses={202: AcceptedOut})
    def post(self, request: Request) -> Response:
        """Send one alert. 202: it is kept; 400 names the wrong field; 403: the token is not for it."""
        by, now = actor_of(request), now_of(request._request)
        raw = b""
        try:
            raw = request._request.body
            body = request.data
        except (APIException, Expected, RequestDataTooBig) as error:
            deliveries.keep_refused(raw=raw, why=str(error), by=by, now=now)
            raise
        kept = deliveries.accept(body=body, by=by, now=now)
        return Response({"delivery": kept.pk, "status": "accepted"}, status=status.HTTP_202_ACCEPTED)
