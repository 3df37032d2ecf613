"""Dagster's UI and daemon inside the test's own process: what a click asks for, by GraphQL, and
what becomes of it. The definitions are those of the accounts file that the environment names.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import yaml
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.launcher import LaunchRunContext
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration

from assets.check_results import FINDINGS
from assets.resource import CallhouseResource
from pipelines.dagster_home import CONFIGURATION, open_instance, prepare
from pipelines.definitions import build_defs
from pipelines.schedules import poll_tags
from resources.configuration.home import Home
from resources.vendors import discover

LOCATION, REPOSITORY = "callhouse", "__repository__"
ENDED = {"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"}
MOST_ITERATIONS = 30


class Launcher(SyncInMemoryRunLauncher):
    """Executes a run before it says that it has launched it: in a thread of its own, as the daemon
    launches from within an event loop.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Executes the run."""
        thread = Thread(target=super().launch_run, args=(context,))
        thread.start()
        thread.join()


def definitions() -> dg.Definitions:
    """What the location loads."""
    return build_defs()


def load() -> dg.Definitions:
    """The definitions as a new process would load them: of runs Dagster keeps the last ones."""
    ReconstructableJob.get_definition.cache_clear()
    ReconstructableJob.get_repository_definition.cache_clear()
    return definitions()


class InProcessDagster:
    """One instance of Dagster with one location."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursors: dict[str, str] = {}
        origin = InProcessCodeLocationOrigin(
            LoadableTargetOrigin(
                module_name=__name__,
                attribute=definitions.__name__,
                working_directory=str(Path.cwd()),
            ),
            location_name=LOCATION,
        )
        self.definitions = load()
        self._process = WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin))

    def close(self) -> None:
        """Lets go of the location."""
        self._process.__exit__(None, None, None)

    def reload(self) -> None:
        """What *Reload definitions* does."""
        self.definitions = load()
        self._process.refresh_code_location(LOCATION)

    def ask(self, query: str, **variables: Any) -> Any:
        """What GraphQL answers."""
        context = self._process.create_request_context()
        # Its import takes seconds, and every worker collects every test.
        from dagster_graphql.test.utils import execute_dagster_graphql

        return execute_dagster_graphql(context, query, variables).data

    def assets(self, group: str | None = None) -> dict[str, list[str]]:
        """The partitions of the assets that *Materialize all* is about, of a group or of all."""
        query = (
            "{ assetNodes { assetKey { path } groupName isMaterializable isPartitioned"
            " partitionKeys } }"
        )
        return {
            "/".join(node["assetKey"]["path"]): node["partitionKeys"]
            for node in self.ask(query)["assetNodes"]
            if node["isMaterializable"] and node["isPartitioned"]
            and group in (None, node["groupName"])
        }  # fmt: skip

    def backfill(
        self, assets: Iterable[str], days: Iterable[str], tags: Mapping[str, str] | None = None
    ) -> str:
        """*Launch backfill*; returns its id."""
        told = self.ask(
            "mutation($params: LaunchBackfillParams!) { launchPartitionBackfill("
            "backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId }"
            " ... on PythonError { message } } }",
            params={
                "assetSelection": [{"path": asset.split("/")} for asset in assets],
                "partitionNames": list(days),
                "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
            },
        )["launchPartitionBackfill"]
        assert told["__typename"] == "LaunchBackfillSuccess", told
        return str(told["backfillId"])

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
        accounts = list(CallhouseResource().accounts(vendor, {}))
        tags = poll_tags(discover()[vendor], accounts, accounts, now or datetime.now(UTC))
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
