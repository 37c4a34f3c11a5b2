"""Ready indicators for the tools that platform teams run, each a YAML file beside this one. Pure.

A preset suggests; what is made from it is an objective like any other.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from slo.indicators import kinds
from slo.promql import metric_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One suggestion. `suits` are types of components it is for (none: all); `narrow` the labels one may narrow it by.

    `metrics` are the metrics it can't do without, sorted; none where no data source is asked.
    """

    name: str
    title: str
    description: str
    tool: str
    exporter: str
    type: str
    indicator: Mapping[str, str]
    target: str
    window: str
    policy: str
    suits: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()
    no_data: str = "ignore"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that must be there."""
        kind = kinds[self.type]
        if kind.counted:
            return kind.metrics(self.indicator)
        return tuple(sorted(metric_names(self.indicator["query"]))) if self.type == "uptime" else ()

    @property
    def share(self) -> float:
        """The target as a number, such as 0.995."""
        return float(self.target)

    @property
    def budgeting(self) -> str:
        """Slices of time where its kind has them."""
        return "timeslices" if kinds[self.type].sliced else "occurrences"


@cache
def presets() -> Mapping[str, Preset]:
    """All presets by name, those of one tool together."""
    found = (_read(one.name.removesuffix(".yaml"), one.read_text("utf-8")) for one in _files())
    return {one.name: one for one in sorted(found, key=lambda one: (one.tool.lower(), one.title))}


def _files() -> Iterable[Any]:
    return (one for one in files(__package__).iterdir() if one.name.endswith(".yaml"))


def _read(name: str, text: str) -> Preset:
    given = YAML(typ="safe", pure=True).load(text)
    indicator = {key: str(value) for key, value in given.pop("indicator").items()}
    suits, narrow = (tuple(given.pop(key, ())) for key in ("suits", "narrow"))
    target = f"{given.pop('target')}"
    return Preset(name=name, indicator=indicator, target=target, suits=suits, narrow=narrow, **given)


def fitting(*, component_type: str, there: Collection[str] | None) -> list[tuple[Preset, tuple[str, ...]]]:
    """Every preset with those of its metrics that are missing, best first: fits and is there, is there, fits, others.

    `there` are the metrics a source has now; None where it can't be asked, and then nothing is called missing.
    """
    ranked = []
    for place, preset in enumerate(presets().values()):
        missing = () if there is None else tuple(metric for metric in preset.metrics if metric not in there)
        suits = not preset.suits or component_type in preset.suits
        ranked.append((bool(missing), not suits, place, preset, missing))
    ranked.sort(key=lambda one: one[:3])
    return [(preset, missing) for *_, preset, missing in ranked]
