"""Measurements of our own speed and correctness; results stand in `benchmarks/results/`."""
