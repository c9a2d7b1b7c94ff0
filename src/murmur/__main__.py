"""``python -m murmur``: the same as the command ``murmur``."""

from __future__ import annotations

import sys

from murmur.cli import main

if __name__ == "__main__":
    sys.exit(main())
