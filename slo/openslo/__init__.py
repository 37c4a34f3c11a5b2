"""PURE: OpenSLO v1 in and out (slo.md §8): documents as JSON has them → typed objects with a place for every fault.

`read_…(value, faults)` answers None, with the reasons in `faults`, where a document can't be taken; `write_…` gives
what the same function reads alike. What OpenSLO can't say stands in annotations that begin with `portico/`.
"""

from catalog.manifest.fields import Faults
from slo.openslo.alerts import (
    Condition,
    Policy,
    read_condition,
    read_policy,
    read_target,
    write_condition,
    write_policy,
)
from slo.openslo.deriving import Counted, counted, ratio_in_slices
from slo.openslo.measures import Measure
from slo.openslo.metadata import API_VERSION, Meta
from slo.openslo.shapes import WORKBOOK, Promise, Slices, Slo, own_policy
from slo.openslo.slis import Sli, read_sli, write_sli
from slo.openslo.slos import read_slo
from slo.openslo.sources import Service, Source, read_service, read_source, write_source
from slo.openslo.writing import apart, write_slo

__all__ = [
    "API_VERSION",
    "WORKBOOK",
    "Condition",
    "Counted",
    "Faults",
    "Measure",
    "Meta",
    "Policy",
    "Promise",
    "Service",
    "Sli",
    "Slices",
    "Slo",
    "Source",
    "apart",
    "counted",
    "own_policy",
    "ratio_in_slices",
    "read_condition",
    "read_policy",
    "read_service",
    "read_sli",
    "read_slo",
    "read_source",
    "read_target",
    "write_condition",
    "write_policy",
    "write_sli",
    "write_slo",
    "write_source",
]
