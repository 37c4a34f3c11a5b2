"""`bin/bench chaos`: what `tests.chaos.everything` does, at full size."""

import sys

from tests.chaos.everything import main

if __name__ == "__main__":
    sys.exit(main())
