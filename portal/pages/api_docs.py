"""The API described for people, out of the same schema that machines read; no script and nothing from elsewhere."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

from portal.lib.reading import readable

METHODS = ("get", "put", "post", "patch", "delete")
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body: its name, its type in words, what it is about."""

    name: str
    type: str
    about: str
    required: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address."""

    id: str
    method: str
    path: str
    title: str
    about: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[str, ...]


@readable
def show(request: HttpRequest) -> HttpResponse:
    """Every endpoint by group, with its parameters, its body and its answers; with `?q=` those that hold the words."""
    asked = request.GET.get("q", "").replace("\x00", " ").strip()[:200]
    found = having(asked.lower().split())
    context = {
        "groups": found,
        "counts": [(name, len(endpoints)) for name, endpoints in found.items()],
        "q": asked,
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "portal/api.html", context)


def having(words: Collection[str]) -> dict[str, list[Endpoint]]:
    """The endpoints whose method, address, words or fields hold all of `words`; all of them for none."""
    found = {name: [one for one in endpoints if _holds(one, words)] for name, endpoints in groups().items()}
    return {name: endpoints for name, endpoints in found.items() if endpoints}


def _holds(one: Endpoint, words: Collection[str]) -> bool:
    names = (field.name for field in (*one.parameters, *one.body))
    text = " ".join((one.method, one.path, one.title, one.about, *names)).lower()
    return all(word in text for word in words)


@cache
def groups() -> dict[str, list[Endpoint]]:
    """Endpoints by the first part of their address; the same as long as the process lives."""
    schema: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found: dict[str, list[Endpoint]] = {}
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                group = path.removeprefix("/api/v1/").split("/")[0]
                found.setdefault(group, []).append(_endpoint(schema, path, method, operations[method]))
    return dict(sorted(found.items()))


def _endpoint(schema: Schema, path: str, method: str, operation: Schema) -> Endpoint:
    title, _, about = str(operation.get("description", "")).partition("\n")
    return Endpoint(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=title or operation["operationId"],
        about=about.strip(),
        parameters=tuple(_parameter(schema, one) for one in operation.get("parameters", ()) if one["in"] != "path"),
        body=tuple(_body(schema, operation.get("requestBody", {}))),
        answers=tuple(sorted(operation["responses"])),
    )


def _parameter(schema: Schema, one: Schema) -> Field:
    return Field(
        one["name"], _type(schema, one.get("schema", {})), one.get("description", ""), one.get("required", False)
    )


def _body(schema: Schema, body: Schema) -> Iterator[Field]:
    content = body.get("content", {}).get("application/json", {})
    whole = _resolved(schema, content.get("schema", {}))
    for name, one in whole.get("properties", {}).items():
        yield Field(name, _type(schema, one), one.get("description", ""), name in whole.get("required", ()))


def _resolved(schema: Schema, one: Schema) -> Schema:
    if "$ref" in one:
        found: Schema = schema["components"]["schemas"][one["$ref"].rpartition("/")[2]]
        return found
    return one


def _type(schema: Schema, one: Schema) -> str:
    whole = _resolved(schema, one)
    if "enum" in whole:
        return " | ".join(str(value) for value in whole["enum"] if value is not None)
    for several in ("oneOf", "anyOf", "allOf"):
        if several in whole:
            return " | ".join(dict.fromkeys(_type(schema, part) for part in whole[several]))
    named = whole.get("type", "object")
    kinds = [named] if isinstance(named, str) else list(named)
    if "array" in kinds:
        return f"list of {_type(schema, whole.get('items', {}))}"
    return " or ".join(whole.get("format", kind) if kind == "string" else kind for kind in kinds)
