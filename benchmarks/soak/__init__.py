"""Mixed load with random kills, and a reckoning to the unit: `make soak`, or `python -m benchmarks.soak`."""
