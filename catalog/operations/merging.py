"""Partial changes: what is not named stays."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.specs import Metadata

MERGED = ("labels", "annotations")


def merged[S: Metadata](spec: S, changes: Mapping[str, Any]) -> S:
    """`spec` with `changes`, of which labels and annotations are merged key by key, None removing one (RFC 7396)."""
    whole = dict(changes)
    for name in MERGED:
        if name in whole:
            both = {**getattr(spec, name), **whole[name]}
            whole[name] = {key: value for key, value in both.items() if value is not None}
    return replace(spec, **whole)
