"""How the API's description speaks of our tokens."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """`Authorization: Bearer portico_…`."""

    target_class = "catalog.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, object]:
        """As OpenAPI's http bearer scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A token made under Settings, Tokens"}
