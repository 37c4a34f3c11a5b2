"""What a body of the API names: entities by reference, whole or short, and everything else by its name."""

from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers

from catalog.models import Component, Person, Team
from catalog.queries import meant
from catalog.refs import BadReference, no_such, parse

M = TypeVar("M", bound=Model)


class ByName(serializers.SlugRelatedField[M]):
    """A row by its name in `slug_field`; one that is not there is told in words."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # as its base says
        super().__init__(**options)
        self.error_messages["does_not_exist"] = "There is nothing called {value!r}."
        self.error_messages["invalid"] = "Write a name."


class ByReference(ByName[M]):
    """A row by its reference in any case, which may leave out `kind` and the namespace `default`."""

    def __init__(self, *, kind: str, **options: Any) -> None:  # noqa: ANN401  # as its base says
        self.kind = kind
        super().__init__(slug_field="ref", **options)

    def to_internal_value(self, data: object) -> M:
        """The row. Raises ValidationError, with what was probably meant, where there is none."""
        if not isinstance(data, str):
            self.fail("invalid")
        ref = _whole(data, self.kind)
        try:
            return super().to_internal_value(ref)
        except serializers.ValidationError as gone:
            guess = meant([ref]).get(ref)
            hint = f" Did you mean {guess}?" if guess else ""
            raise serializers.ValidationError(f"{no_such(ref)}{hint}", code="does_not_exist") from gone


class Reference(serializers.CharField):
    """A reference as text, whole after reading; whether it names anything is not looked up."""

    def __init__(self, *, kind: str, **options: Any) -> None:  # noqa: ANN401  # as its base says
        self.kind = kind
        super().__init__(**{"max_length": 200, **options})

    def to_internal_value(self, data: object) -> str:
        """The whole reference. Raises ValidationError where it is none."""
        return _whole(super().to_internal_value(data), self.kind)  # type: ignore[arg-type]  # DRF checks


def _whole(text: str, kind: str) -> str:
    try:
        return str(parse(text, kind=kind))
    except BadReference as bad:
        raise serializers.ValidationError(f"{bad}.", code="invalid") from bad


def component(**options: Any) -> ByReference[Component]:  # noqa: ANN401  # as its base says
    """A living component, resource or API, unless `queryset` says otherwise."""
    return ByReference(kind="component", **{"queryset": Component.objects.filter(retired_at=None), **options})


def team(**options: Any) -> ByReference[Team]:  # noqa: ANN401  # as its base says
    """A living team."""
    return ByReference(kind="group", queryset=Team.objects.filter(retired_at=None), **options)


def person(**options: Any) -> ByReference[Person]:  # noqa: ANN401  # as its base says
    """A living person."""
    return ByReference(kind="user", queryset=Person.objects.filter(retired_at=None), **options)
