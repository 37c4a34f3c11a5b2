"""What readers of a ledger should know about a bucket."""

from enum import IntFlag


class Flag(IntFlag):
    """What happened in a bucket that a reader of the page should know."""

    NONE = 0
    BASELINE = 1
    """A new series was taken as a baseline: its first value was not counted (rule 5)."""
    BIRTH = 2
    """The first value of a new series was counted (rule 5)."""
    RESET = 4
    """A counter started again (rule 3)."""
    HIDDEN_RESET = 8
    """A counter started again and had already passed its old value (rule 4)."""
    REBASED = 16
    """A counter stayed lower for five minutes and was followed from there without counting (rule 3)."""
    CARRIED = 32
    """Events that arrived after a gap (rule 7)."""
    LATE = 64
    """A sample arrived after its bucket had been closed; counted in the oldest open one (rule 2)."""
    SURPLUS = 128
    """Good (or bad) went beyond total; the rest is carried forward into the next bucket, never written."""
    REPLICA = 256
    """Another replica of the source was counted from here on (rule 11)."""
