"""Dagster's UI and daemon inside the test's own process: what a click asks for, by GraphQL, and
what becomes of it. The definitions are those of the accounts file that the environment names.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import yaml
from dagster._core.launcher import LaunchRunContext
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.backfill import execute_backfill_iteration

from assets.check_results import FINDINGS
from pipelines.dagster_home import CONFIGURATION, open_instance, prepare
from pipelines.definitions import build_defs
from resources.configuration.home import Home
from tests.dagster_location import LOCATION, DagsterLocation, forget_definitions, tags_of_poll

ENDED = {"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"}
MOST_ITERATIONS = 30


class Launcher(SyncInMemoryRunLauncher):
    """Executes a run before it says that it has launched it: in a thread of its own, as the daemon
    launches from within an event loop.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Executes the run, as a new process would."""
        forget_definitions()
        thread = Thread(target=super().launch_run, args=(context,))
        thread.start()
        thread.join()


def load() -> dg.Definitions:
    """The definitions as a new process would load them."""
    forget_definitions()
    return build_defs()


class InProcessDagster(DagsterLocation):
    """It executes runs as soon as they are launched."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.cursors: dict[str, str] = {}
        self.definitions = load()
        super().__init__(
            instance,
            LoadableTargetOrigin(
                module_name=build_defs.__module__,
                attribute="defs",
                working_directory=str(Path.cwd()),
            ),
        )

    def reload(self) -> None:
        """What *Reload definitions* does."""
        self.definitions = load()
        self._process.refresh_code_location(LOCATION)

    def ended(self, backfill: str) -> dict[str, Any]:
        """How the backfill stands when Dagster's daemon is done with it."""
        for _ in range(MOST_ITERATIONS):
            errors = execute_backfill_iteration(self._process, logging.getLogger("backfills"))
            assert not [error for error in errors if error]
            told = self.ask(
                "query($id: String!) { partitionBackfillOrError(backfillId: $id) {"
                " ... on PartitionBackfill { status assetBackfillData { assetBackfillStatuses {"
                " ... on AssetPartitionsStatusCounts { assetKey { path } numPartitionsTargeted"
                " numPartitionsInProgress numPartitionsMaterialized numPartitionsFailed"
                " } } } } } }",
                id=backfill,
            )["partitionBackfillOrError"]
            if told["status"] in ENDED:
                return dict(told)
        raise AssertionError(f"it never ends: {told}")

    def days_of(self, asset: str, state: str = "MATERIALIZED") -> set[str]:
        """The asset's partitions in that state: MATERIALIZED, FAILED, MATERIALIZING."""
        told = self.ask(
            "query($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) {"
            " ... on AssetNode { partitionKeys assetPartitionStatuses {"
            " ... on TimePartitionStatuses { ranges { status startKey endKey } } } } } }",
            path=asset.split("/"),
        )["assetNodeOrError"]
        return {
            key
            for part in told["assetPartitionStatuses"]["ranges"]
            if part["status"] == state
            for key in told["partitionKeys"]
            if part["startKey"] <= key <= part["endKey"]
        }

    def checks(self) -> dict[tuple[str, str], str]:
        """How the asset pages show the checks: their status, or NOT_EVALUATED."""
        query = (
            "{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {"
            " name executionForLatestMaterialization { status } } } } } }"
        )
        return {
            ("/".join(node["assetKey"]["path"]), check["name"]): (
                check["executionForLatestMaterialization"] or {"status": "NOT_EVALUATED"}
            )["status"]
            for node in self.ask(query)["assetNodes"]
            for check in node["assetChecksOrError"].get("checks", [])
        }

    def findings(self) -> dict[tuple[str, str], int]:
        """How many findings the asset pages tell of, by check; of none where there are none."""
        query = (
            "{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {"
            " name executionForLatestMaterialization { evaluation { metadataEntries { label"
            " ... on IntMetadataEntry { intValue } } } } } } } } }"
        )
        return {
            ("/".join(node["assetKey"]["path"]), check["name"]): entry["intValue"]
            for node in self.ask(query)["assetNodes"]
            for check in node["assetChecksOrError"].get("checks", [])
            if (shown := check["executionForLatestMaterialization"]) and shown["evaluation"]
            for entry in shown["evaluation"]["metadataEntries"]
            if entry["label"] == FINDINGS and entry["intValue"]
        }

    def poll(self, vendor: str, now: datetime | None = None) -> dg.ExecuteInProcessResult:
        """The vendor's poll, of all accounts, as its schedule would ask for it."""
        tags = tags_of_poll(vendor, now)
        job = self.definitions.resolve_job_def(f"{vendor}_poll")
        return job.execute_in_process(instance=self.instance, tags=tags, raise_on_error=False)


@contextmanager
def open_dagster(home: Path, database_url: str) -> Iterator[InProcessDagster]:
    """A dagster on the database, its runs executed as soon as they are launched."""
    prepare(Home(home), database_url)
    file = home / "dagster" / CONFIGURATION.name
    configuration = yaml.safe_load(file.read_text(encoding="utf-8"))
    for part in ("run_coordinator", "concurrency", "run_monitoring"):
        del configuration[part]
    configuration["run_launcher"] = {"module": __name__, "class": Launcher.__name__}
    configuration["run_coordinator"] = {
        "module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"
    }  # fmt: skip
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    with open_instance() as instance:
        dagster = InProcessDagster(instance)
        yield dagster
        dagster.close()
