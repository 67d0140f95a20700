"""Run the demonstration: ``python -m demo_site``."""

import sys

from demo_site.console import main

if __name__ == "__main__":
    sys.exit(main())
