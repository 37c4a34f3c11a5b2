"""The constants of the counting rules: chosen and tried, not derived (slo.md §3). All in one place."""

from dataclasses import dataclass

BUCKET = 60
"""Length of a ledger bucket, seconds. A bucket is `(end - 60, end]`, named by its end."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds of the eleven rules; durations in seconds."""

    small_counter: int = 20
    """A fall from under this is always a reset (rule 3), and a birth up to this always plausible (rule 5)."""
    reset_share: float = 0.5
    """A fall to this share of the old value or less is a reset (rule 3)."""
    float_noise: float = 1e-9
    """A fall by less than this share of the value is the noise of float arithmetic, never a reset."""
    dip_patience: float = 300.0
    """A dip that lasts this long is a new base, counted from without counting itself (rule 3)."""
    birth_factor: int = 4
    """A first value may be this many times what the busiest rate explains (rule 5)."""
    busy_memory: float = 3600.0
    """How long the busiest rate of a target is remembered (rule 5)."""
    gap_floor: float = 180.0
    """An increment over a longer span than this and `gap_intervals` is carried (rule 7)."""
    gap_intervals: float = 2.5
    """In scrape intervals: how old a sample may be for its bucket to be known (rules 7 and 8)."""
    start_tolerance: float = 2.0
    """A process start that moves by less is clock noise, not a restart (rules 4 and 5)."""
    keep: float = 8 * 86400.0
    """How long a series that is not seen any more stays in the state (rule 6)."""
    target_labels: tuple[str, ...] = ("prometheus", "cluster", "job", "instance")
    """The labels that tell one scraped target from another; those a series lacks are skipped."""
    stripped_labels: tuple[str, ...] = ()
    """Replica and external labels, which are no part of a series' identity (rule 11)."""


RULES = Rules()
