"""A delivery's body for people to read."""

import json

from incidents.models import Delivery

LONGEST = 100_000


def body_text(row: Delivery) -> str:
    """The body as it came; of what came as a value, that value's JSON."""
    return row.raw or (json.dumps(row.body, ensure_ascii=False) if row.body is not None else "")


def pretty(row: Delivery) -> tuple[str, bool]:
    """The body with its structure shown where it is JSON, and whether it was cut because it is long."""
    text = body_text(row)
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        text = body_text(row)
    return text[:LONGEST], len(text) > LONGEST
