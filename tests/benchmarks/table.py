"""How every benchmark shows what it measured: a table for people, one JSON object for machines."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `bar` says in words what it is held to, `holds` whether it does (None: nothing is asked of it)."""

    name: str
    value: float
    unit: str
    bar: str = ""
    holds: bool | None = None


def show(bench: str, rows: Sequence[Row], *, as_json: bool) -> None:
    """Print them."""
    if as_json:
        print(json.dumps({"bench": bench, "machine": machine(), "rows": [asdict(row) for row in rows]}))
        return
    width = max(len(row.name) for row in rows)
    print(f"{bench} on {machine()}")
    for row in rows:
        verdict = {True: "holds", False: "MISSED", None: ""}[row.holds]
        print(f"  {row.name:<{width}}  {row.value:>12,.3f} {row.unit:<10} {row.bar:<28} {verdict}".rstrip())


def machine() -> str:
    """Processor count, architecture, Python, and how busy the machine was."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, load {load:.1f}"
