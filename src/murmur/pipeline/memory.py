"""Memory that one analysis frees is kept for the next."""

from __future__ import annotations

import numpy as np

#: glibc keeps up to twice the largest block that was ever given back whole; an analysis of half a minute takes 3 MB.
LARGEST_BLOCK = 2**23


def keep_freed_memory() -> None:
    """Let the allocator hold up to 16 MB, instead of giving them back after each analysis and asking for them anew.

    Each page that comes back costs the kernel's clearing it: a seventh of the time of a short recording after shorter ones.
    The block that does it is never written to, so that it takes no memory. Other allocators than glibc's take no notice.
    """
    np.empty(LARGEST_BLOCK, dtype=np.uint8)
