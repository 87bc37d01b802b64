"""A long run of many endpoints in virtual time, with faults and people: `python -m benchmarks.soak`."""
