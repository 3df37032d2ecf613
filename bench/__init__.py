"""The measurements behind the figures in `docs/benchmarks.md`: `make bench`.

Nothing of the product imports this. A contender is a process of its own for each run, so that its
CPU time and peak memory are its own; the peers live in an environment of their own, as they may
need other versions than we do.
"""
