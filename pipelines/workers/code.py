"""What a warm process loads before its first run, and those that it forks have."""

import importlib

LATE = ("resources.postgres.frame_text", "resources.vendor_api.normalise")
"""What a load imports when something has changed."""


def load_code() -> None:
    """Imports what runs need, and makes the definitions for the accounts as they are: a run of
    another graph makes its own.
    """
    for name in LATE:
        importlib.import_module(name)
    from pipelines.definitions import defs

    # Dagster makes jobs of definitions when they are asked for: the first run needn't wait.
    defs().get_repository_def().get_all_jobs()
