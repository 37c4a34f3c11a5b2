"""Changes: pipelines tell us what they changed; everybody reads it."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import require
from catalog.models import ApiToken, Component
from catalog.refs import no_such
from incidents import operations
from incidents.api.incidents import actor_of_api, moment
from incidents.intake.own import full_ref
from incidents.models import Change
from incidents.operations.changes import AHEAD, Told
from incidents.operations.working import checked_url
from incidents.queries.changes import changes
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.strict import StrictSerializer

SCOPE = ApiToken.Scope.ALERTS
AT_MOST = 500


class ByTime(KeysetPagination):
    """List deployments and other changes, newest first."""

    ordering = ("-at", "-pk")


class DeploymentOut(serializers.ModelSerializer[Change]):
    """One change."""

    component = serializers.CharField(source="component_ref", read_only=True)

    class Meta:
        model = Change
        fields = ("component", "kind", "title", "url", "at", "actor", "source", "external_id")
        read_only_fields = fields


class DeploymentIn(StrictSerializer):
    """One change. The same `external_id` of the same `source` is the same change; the first one told stands."""

    component = serializers.CharField(max_length=200, help_text="By reference, or short: ci-runners")
    title = serializers.CharField(max_length=300)
    kind = serializers.ChoiceField(Change.Kind.choices, default=Change.Kind.DEPLOYMENT)
    url = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    at = serializers.DateTimeField(required=False, help_text="Now, when left out")
    actor = serializers.CharField(max_length=200, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a declared field
        max_length=100, required=False, help_text="The token's name, when left out"
    )
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)

    def validate_url(self, value: str) -> str:
        """Only http and https lead anywhere."""
        if not value:
            return ""
        try:
            return checked_url(value)
        except Invalid as error:
            raise serializers.ValidationError(str(error)) from error


class DeploymentsIn(StrictSerializer):
    """Many at once."""

    changes = DeploymentIn(many=True, max_length=AT_MOST, allow_empty=False)  # type: ignore[call-arg]  # of its list


class DeploymentsToldOut(serializers.Serializer[Any]):
    """What became of them: how many are new, and each as it is kept."""

    created = serializers.IntegerField()
    changes = DeploymentOut(many=True)


class Deployments(generics.ListAPIView[Change]):
    """All changes, and telling some."""

    serializer_class = DeploymentOut
    pagination_class = ByTime

    def get_queryset(self) -> QuerySet[Change]:
        """Filtered by the query; raises Invalid for a filter that can't be."""
        if getattr(self, "swagger_fake_view", False):
            return Change.objects.none()
        asked = self.request.query_params
        if asked.get("kind") and asked["kind"] not in Change.Kind.values:
            raise _wrong("kind", f"Use one of {', '.join(Change.Kind.values)}.")
        return changes(
            component=full_ref(asked["component"]) if asked.get("component") else "",
            team=asked.get("team", ""),
            kind=asked.get("kind", ""),
            source=asked.get("source", ""),
            text=asked.get("q", ""),
            since=moment("since", asked.get("since", "")),
            until=moment("until", asked.get("until", "")),
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("component", description="Reference, or short"),
            OpenApiParameter("team", description="Reference of the component's owner, such as group:default/ci"),
            OpenApiParameter("kind", enum=Change.Kind.values),
            OpenApiParameter("source"),
            OpenApiParameter("q", description="Text in the title"),
            OpenApiParameter("since", OpenApiTypes.DATETIME),
            OpenApiParameter("until", OpenApiTypes.DATETIME),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """List deployments and other changes, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=DeploymentsIn, responses={200: DeploymentsToldOut, 201: DeploymentsToldOut})
    def post(self, request: Request) -> Response:
        """Tell one change, or `{"changes": […]}`; 201 where one is new, 200 where all were told before."""
        now, actor = db_now(), actor_of_api(request)
        body = request.data
        many = isinstance(body, dict) and "changes" in body
        given = DeploymentsIn(data=body) if many else DeploymentIn(data=body)
        given.is_valid(raise_exception=True)
        said: list[dict[str, Any]] = given.validated_data["changes"] if many else [dict(given.validated_data)]
        refs = [full_ref(one["component"]) for one in said]
        there = {c.ref: c for c in Component.objects.filter(ref__in=refs, retired_at=None)}
        told: list[Told] = []
        errors: list[FieldError] = []
        for place, (one, ref) in enumerate(zip(said, refs, strict=True)):
            before = f"changes[{place}]." if many else ""
            if ref not in there:
                errors.append(FieldError(f"{before}component", "unknown", no_such(ref)))
                continue
            at = one.pop("at", None) or now
            if at > now + AHEAD:
                errors.append(FieldError(f"{before}at", "invalid", "This is still to come; tell it when it is done."))
            fields = {"source": actor.token.name if actor.token else "portico", **one, "component": there[ref]}
            told.append(Told(**fields, at=at))
        if errors:
            raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors[:5]), errors=tuple(errors))
        require(actor, {one.component.owner_id for one in told}, scope=SCOPE)
        recorded = operations.record_changes(told=told, now=now)
        created = sum(one.new for one in recorded)
        answer = {"created": created, "changes": DeploymentOut([one.change for one in recorded], many=True).data}
        return Response(answer, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "invalid", message),))


urlpatterns = [path("deployments", Deployments.as_view(), name="deployments")]
