"""Accuracy on public data sets, as published: ``python -m benchmarks.accuracy SET DIR``."""
