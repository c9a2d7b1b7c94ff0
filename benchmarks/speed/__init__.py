"""How fast, against what users would otherwise pick, in one run: ``python -m benchmarks.speed``."""
