"""What an unreadable recording lacks, and how to have it analyzed anyway."""

import pytest

from murmur.measure.quality import Quality, why_unreadable
from murmur.settings import Settings


@pytest.mark.parametrize(
    ("cycles", "index", "told"),
    [
        (
            1,
            0.6,
            "noisy; 1 reliable cycle, 3 needed: no findings. To analyze anyway: --set least_cycles=1",
        ),
        (
            5,
            0.129,
            "noisy; quality 0.13, 0.15 needed: no findings. To analyze anyway: --set least_quality=0.12",
        ),
        (
            2,
            0.1,
            "noisy; 2 reliable cycles, 3 needed; quality 0.10, 0.15 needed: no findings. "
            "To analyze anyway: --set least_cycles=2 --set least_quality=0.1",
        ),
        (0, 0.6, "noisy; no reliable cycles, 3 needed: no findings"),
    ],
)
def test_what_is_lacking_is_said_with_its_remedy(cycles, index, told):
    quality = Quality(index, ("noisy",), False, cycles, 0.5, 0.0, 0.0, 0.0, ())
    assert why_unreadable(quality, Settings()) == told
