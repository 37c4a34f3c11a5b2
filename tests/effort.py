"""How long generated tests look: a share of what they could on every run, all of it where `PORTAL_TEST_EFFORT` says 1.

Every run draws other examples, so what one leaves out another looks at.
"""

import os

EFFORT = float(os.environ.get("PORTAL_TEST_EFFORT", "0.2"))
FEWEST = 8


def examples(number: int) -> int:
    """So many of `number` examples."""
    return max(min(number, FEWEST), round(number * EFFORT))
