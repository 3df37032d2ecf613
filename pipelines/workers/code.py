"""The definitions in a warm process: loaded once, and again when they would be others."""

import importlib

from dagster._core.definitions.reconstruct import ReconstructableJob

from pipelines.graph import Graph
from resources.configuration.home import Home
from resources.configuration.settings import read_settings

LATE = ("resources.postgres.frame_text", "resources.vendor_api.normalise")
"""What a load imports when something has changed."""


class Code:
    """What this process, and those that it forks, have loaded."""

    def __init__(self) -> None:
        for name in LATE:
            importlib.import_module(name)
        self._graph = _graph()  # before they are made of it
        self._definitions = importlib.import_module("pipelines.definitions")
        self._resolve()

    @property
    def is_current(self) -> bool:
        """Whether the definitions would be the same now. Not the accounts file alone says so: an
        account is left out while its secrets aren't at hand.
        """
        return _graph() == self._graph

    def refresh(self) -> None:
        """Loads the definitions anew if they would be others."""
        graph = _graph()
        if graph == self._graph:
            return
        importlib.reload(self._definitions)
        self._resolve()
        ReconstructableJob.get_definition.cache_clear()
        ReconstructableJob.get_repository_definition.cache_clear()
        self._graph = graph

    def _resolve(self) -> None:
        """Dagster makes jobs of definitions when they are asked for: the first run needn't wait."""
        self._definitions.defs.get_repository_def().get_all_jobs()


def _graph() -> Graph:
    """All that the definitions are made of."""
    return Graph.of(read_settings(Home.from_environment()).accounts)
