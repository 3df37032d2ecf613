"""A code location of Dagster's inside the test's own process: what a click asks for, by GraphQL."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget

from assets.resource import CallhouseResource
from pipelines.schedules import poll_tags
from resources.vendors import discover

LOCATION, REPOSITORY = "callhouse", "__repository__"


def forget_definitions() -> None:
    """As in a new process: of runs Dagster keeps the last ones' definitions."""
    ReconstructableJob.get_definition.cache_clear()
    ReconstructableJob.get_repository_definition.cache_clear()


def tags_of_poll(vendor: str, now: datetime | None = None) -> dict[str, str]:
    """Those that the vendor's schedule gives a poll of all accounts."""
    accounts = list(CallhouseResource().accounts(vendor, {}))
    return poll_tags(discover()[vendor], accounts, accounts, now or datetime.now(UTC))


class DagsterLocation:
    """One instance of Dagster with one location, whose definitions are at `origin`."""

    def __init__(self, instance: dg.DagsterInstance, origin: LoadableTargetOrigin) -> None:
        self.instance = instance
        here = InProcessCodeLocationOrigin(origin, location_name=LOCATION)
        self._process = WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(here))

    def close(self) -> None:
        """Lets go of the location."""
        self._process.__exit__(None, None, None)

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

    def execute_check(self, asset: str, name: str) -> str:
        """*Execute* of a check; returns the run's id."""
        location = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__"}
        check = {"assetKey": {"path": asset.split("/")}, "name": name}
        told = self.ask(
            "mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams:"
            " $params) { __typename ... on LaunchRunSuccess { run { runId } } } }",
            params={
                "selector": {
                    **location,
                    "pipelineName": "__ASSET_JOB",
                    "assetSelection": [],
                    "assetCheckSelection": [check],
                },
                "mode": "default",
            },
        )["launchPipelineExecution"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return str(told["run"]["runId"])

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
