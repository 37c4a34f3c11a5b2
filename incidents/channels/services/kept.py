"""How apprise's own arguments are kept: as JSON, so that nothing that people type can become another argument."""

import orjson


def kept(schema: str, **arguments: object) -> str:
    """What `Message.secret` will be for a method of this service."""
    said = {name: value for name, value in arguments.items() if value is not None}
    return orjson.dumps({"schema": schema, **said}).decode()
