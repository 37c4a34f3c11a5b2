"""How the API's description speaks of our tokens."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

UNLIMITED = frozenset({"/api/v1/alerts"})
IDEMPOTENCY_KEY: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
    "description": "Sent again within 24 hours, the request does nothing and gets the first answer",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """`Authorization: Bearer portico_…`."""

    target_class = "catalog.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, object]:
        """As OpenAPI's http bearer scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A token made under Settings, Tokens"}


def manners(result: dict[str, Any], generator: object, request: object, public: object) -> dict[str, Any]:
    """For drf-spectacular: what every endpoint may answer besides, and what every POST takes (Idempotency-Key)."""
    for address, methods in result.get("paths", {}).items():
        for method, operation in methods.items():
            if method not in {"get", "put", "post", "patch", "delete"} or address.endswith("/schema"):
                continue
            _refuses(operation, address, method)
            if address not in UNLIMITED:
                _may_answer(operation, "429", "Too many requests; wait as long as Retry-After says")
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
                _may_answer(operation, "400", "")
                _may_answer(
                    operation, "409", "The first with this Idempotency-Key is still running, or the state forbids"
                )
                _may_answer(operation, "422", "The Idempotency-Key was used for another request")
    return result


def _refuses(operation: dict[str, Any], address: str, method: str) -> None:
    """What any address of its kind may refuse, so that no view has to say it again."""
    _may_answer(operation, "401", "No token, or one that is not known, expired or revoked")
    if operation.get("parameters") or "requestBody" in operation:
        _may_answer(operation, "400", "Some fields need attention; errors names them")
    if method != "get":
        _may_answer(operation, "403", "You are known, but this is not yours to do")
    if "requestBody" in operation:
        _may_answer(operation, "413", "Send at most 5 MB at once")
        _may_answer(operation, "415", "The body is of another type, or compressed")
    if "{" in address:
        _may_answer(operation, "404", "There is no such thing, or you may not know of it")
    _may_answer(operation, "503", "The database does not answer; nothing was changed")


def _may_answer(operation: dict[str, Any], code: str, about: str) -> None:
    shape = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation["responses"].setdefault(code, {"content": shape, "description": about})
