"""The definitions in a warm process: loaded once, and again when the accounts file is another."""

import hashlib
import importlib

from dagster._core.definitions.reconstruct import ReconstructableJob

from resources.configuration.home import Home


class Code:
    """What this process, and those that it forks, have loaded."""

    def __init__(self) -> None:
        self._accounts = _digest()  # before they are made of it
        self._definitions = importlib.import_module("pipelines.definitions")
        self._resolve()

    @property
    def is_current(self) -> bool:
        """Whether the definitions would be the same now."""
        return _digest() == self._accounts

    def refresh(self) -> None:
        """Loads the definitions anew if they would be others."""
        if self.is_current:
            return
        self._accounts = _digest()
        importlib.reload(self._definitions)
        self._resolve()
        ReconstructableJob.get_definition.cache_clear()
        ReconstructableJob.get_repository_definition.cache_clear()

    def _resolve(self) -> None:
        """Dagster makes jobs of definitions when they are asked for: the first run needn't wait."""
        self._definitions.defs.get_repository_def().get_all_jobs()


def _digest() -> str | None:
    """Of the accounts file; None while it can't be read."""
    try:
        return hashlib.sha256(Home.from_environment().accounts.read_bytes()).hexdigest()
    except OSError:
        return None
