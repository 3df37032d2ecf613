"""From windows to facts: what to read, reading it, landing it, and what became of it.

Nothing here knows Dagster: assets, the command line and tests all load through `load.Loader`.
"""
