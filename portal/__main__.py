"""`python -m portal …` is `portal …`."""

import sys

from portal.cli import main

if __name__ == "__main__":
    sys.exit(main())
