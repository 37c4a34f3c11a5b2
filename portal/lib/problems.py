"""Problem details for the API's description: which refusals an endpoint answers with, and their shape."""

from functools import cache
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


class FieldProblem(serializers.Serializer[object]):
    """One thing wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField(help_text="For programs")
    message = serializers.CharField(help_text="For people: what to do")


class Problem(serializers.Serializer[object]):
    """RFC 9457."""

    type = serializers.CharField(help_text="An address that explains it")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]  # a declared field


@cache  # one and the same for every address that answers so
def listed(shape: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """For `extend_schema(responses=…)`: all there is, `{"results": […]}`, in one answer without pages."""
    found: serializers.Serializer[Any] = inline_serializer(
        name=f"{shape.__name__.removesuffix('Out')}List", fields={"results": shape(many=True)}
    )
    return found


def refusals(*codes: int) -> dict[tuple[int, str], type[Problem]]:
    """For `extend_schema(responses={200: …, **refusals(400, 404)})`; 401 always is one."""
    return {(code, "application/problem+json"): Problem for code in sorted({401, *codes})}
