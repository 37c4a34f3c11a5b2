"""Reviews over HTTP: all, one with what is known of it, writing it, its versions, publishing, Markdown."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import Actor
from incidents import access_reviews as access
from incidents import operations, queries
from incidents.api import review_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.api.working_shapes import read
from incidents.intake.own import full_ref
from incidents.lookback import facts_of
from incidents.models import Review, ReviewVersion
from incidents.models.incident import Severity
from incidents.outcomes import outcomes_of
from incidents.queries import reviews as found
from incidents.review_text import to_markdown
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid, Missing
from portal.lib.strict import etag, expected_version

HERE = "reviews/<int:number>"
MEANWHILE = OpenApiResponse(description="Somebody saved meanwhile, or it is published")


class ByIncident(KeysetPagination):
    """List reviews, that of the newest incident first."""

    ordering = "-pk"


class ByNumber(KeysetPagination):
    """The newest first."""

    ordering = "-number"


class Reviews(generics.ListAPIView[Review]):
    """All reviews, and beginning one."""

    serializer_class = io.ReviewOut
    pagination_class = ByIncident

    def get_queryset(self) -> QuerySet[Review]:
        """Filtered by the query; raises Invalid for a filter that can't be."""
        if getattr(self, "swagger_fake_view", False):
            return Review.objects.none()
        asked = self.request.query_params
        if asked.get("state", "") not in {"", *Review.State.values}:
            raise _wrong("state", f"Use one of {', '.join(Review.State.values)}.")
        if any(one not in Severity.labels for one in asked.getlist("severity")):
            raise _wrong("severity", "Use P1, P2, P3, P4 or P5.")
        return found.reviews(
            state=asked.get("state", ""),
            text=asked.get("q", ""),
            team=asked.get("team", ""),
            component=full_ref(asked.get("component", "")),
            severities=[int(one[1]) for one in asked.getlist("severity")],
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=Review.State.values),
            OpenApiParameter("severity", enum=Severity.labels, many=True),
            OpenApiParameter("team", description="Reference of the incident's owner, such as group:default/ci"),
            OpenApiParameter("component", description="Reference, or short"),
            OpenApiParameter("q", description="Words in title, summary or causes"),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """List reviews, that of the newest incident first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=io.ReviewBeginIn, responses={201: io.ReviewOut, 200: io.ReviewOut})
    def post(self, request: Request) -> Response:
        """Begin the review of an incident that is over: 201, or 200 where it is there already."""
        number, actor = read(io.ReviewBeginIn, request)["incident"], actor_of_api(request)
        try:
            incident = queries.incident_by_number(number)
        except Missing as error:  # what the body names, not the address
            raise _wrong("incident", str(error), code="unknown") from error
        access.require_review(actor, incident)
        there = Review.objects.filter(pk=number).exists()
        made = operations.draft_review(incident=incident, by=actor, now=db_now())
        return _answer(made, status.HTTP_200_OK if there else status.HTTP_201_CREATED)


class OneReview(APIView):
    """One review."""

    @extend_schema(responses=io.WholeReviewOut)
    def get(self, request: Request, number: int) -> Response:
        """Show what was written in a review, and what is known by itself."""
        review = found.review_by_number(number)
        facts = facts_of(review.incident, now=db_now())
        body = io.WholeReviewOut(review, context={"facts": facts}).data
        return Response(body, headers={"ETag": etag(review.version)})

    @extend_schema(request=io.ReviewIn, responses={200: io.ReviewOut, 409: MEANWHILE})
    def patch(self, request: Request, number: int) -> Response:
        """Write sections over the version that was read (`version`, or If-Match); 409 where it is another by now."""
        review, actor = _mine(request, number)
        given = read(io.ReviewIn, request)
        version = given.pop("version", None) or expected_version(request)
        if version is None:
            raise _wrong("version", "Say which version you read, here or as If-Match.", code="required")
        saved = operations.save_review(review=review, sections=given, version=version, by=actor, now=db_now())
        return _answer(saved)


class PublishReview(APIView):
    """Publishing."""

    @extend_schema(request=io.PublishIn, responses=io.ReviewOut)
    def post(self, request: Request, number: int) -> Response:
        """Publish a review: everybody reads it as it is; followers and the owner's team are told."""
        review, actor = _mine(request, number)
        version = read(io.PublishIn, request).get("version")
        return _answer(operations.publish_review(review=review, version=version, by=actor, now=db_now()))


class UnpublishReview(APIView):
    """Taking back."""

    @extend_schema(request=io.UnpublishIn, responses=io.ReviewOut)
    def post(self, request: Request, number: int) -> Response:
        """Make a review a draft again; the reason stays in its history."""
        review, actor = _mine(request, number)
        reason = read(io.UnpublishIn, request)["reason"]
        return _answer(operations.unpublish_review(review=review, reason=reason, by=actor, now=db_now()))


class ReviewVersions(generics.ListAPIView[ReviewVersion]):
    """What it said over time."""

    serializer_class = io.ReviewVersionOut
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[ReviewVersion]:
        """Of this review. Raises NoSuchReview."""
        if getattr(self, "swagger_fake_view", False):
            return ReviewVersion.objects.none()
        return found.review_by_number(self.kwargs["number"]).versions.all()


class ReviewMarkdown(APIView):
    """The whole of it as a text."""

    @extend_schema(responses={(200, "text/markdown"): OpenApiTypes.STR})
    def get(self, request: Request, number: int) -> HttpResponse:
        """Read a review as Markdown: facts, sections, action items and timeline, times in UTC."""
        review, now = found.review_by_number(number), db_now()
        items = list(found.action_items(review=number, now=now).prefetch_related("objectives"))
        text = to_markdown(review, facts_of(review.incident, now=now), items, outcomes_of(items, now=now))
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")


def _mine(request: Request, number: int) -> tuple[Review, Actor]:
    review, actor = found.review_by_number(number), actor_of_api(request)
    access.require_review(actor, review.incident)
    return review, actor


def _answer(review: Review, code: int = status.HTTP_200_OK) -> Response:
    whole = found.review_by_number(review.pk)
    return Response(io.ReviewOut(whole).data, status=code, headers={"ETag": etag(whole.version)})


def _wrong(field: str, message: str, *, code: str = "invalid") -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, code, message),))


urlpatterns = [
    path("reviews", Reviews.as_view(), name="reviews"),
    path(HERE, OneReview.as_view(), name="review"),
    path(f"{HERE}/publish", PublishReview.as_view(), name="publish-review"),
    path(f"{HERE}/unpublish", UnpublishReview.as_view(), name="unpublish-review"),
    path(f"{HERE}/versions", ReviewVersions.as_view(), name="review-versions"),
    path(f"{HERE}/markdown", ReviewMarkdown.as_view(), name="review-markdown"),
]
