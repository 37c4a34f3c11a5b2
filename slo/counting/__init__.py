"""Raw samples to exact counts (slo.md §3). Pure: no clock, no database, no floats in sums.

Times are seconds since the epoch; a bucket is named by its end. In short, for one batch of `events` objectives:

    requests = planning.plan(items)                                  # few queries for many objectives
    series   = [s for r in requests for s in prometheus.raw(r.query, at=until, range_s=…).series]
    targets  = planning.scrape_queries(series)                       # `up` and process starts of the same targets
    outcome  = counting.count(series, state=counting.load(blob), cursor=cursor, until=until, up=…, starts=…)
    mine     = planning.assign(outcome.series, items)                # item key -> side -> positions in outcome.series
    tally    = counting.tally(outcome, mine[key], followed_since=ledger_start, surplus=cursor_row.surplus)
    tally.buckets, tally.surplus, counting.dump(outcome.state)       # stored in one transaction
"""

from slo.counting.buckets import Bucket, ImpossibleSides, Tally, tally
from slo.counting.constants import BUCKET, RULES, Rules
from slo.counting.flags import Flag
from slo.counting.increments import Counting, Replaced, count
from slo.counting.lines import Increment
from slo.counting.samples import Labels, Number, Series, identity, number
from slo.counting.slices import BadCondition, Combine, Condition, Verdict, parse_condition, slices, verdict
from slo.counting.state import State, UnreadableState, dump, load, merge, parts, seed, select

__all__ = [
    "BUCKET", "RULES", "BadCondition", "Bucket", "Combine", "Condition", "Counting", "Flag", "ImpossibleSides",
    "Increment", "Labels", "Number", "Replaced", "Rules", "Series", "State", "Tally", "UnreadableState", "Verdict",
    "count", "dump", "identity", "load", "merge", "number", "parse_condition", "parts", "seed", "select", "slices",
    "tally", "verdict",
]  # fmt: skip
