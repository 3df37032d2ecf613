"""`callhouse-webserver`: `dagster-webserver` with all of its options, behind the guard."""

import asyncio
from typing import Any

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.types import ASGIApp

from pipelines.heartbeats import look_less_often
from pipelines.web.guard import guarded, hosts_from_environment
from pipelines.web.metrics import (
    Latest,
    address_from_environment,
    metrics_alone,
    serve_alone,
    with_metrics,
)
from pipelines.web.report import with_report
from resources.configuration.home import Home

END_S = 1.0
"""How soon the server ends, once it is to. uvicorn looks ten times a second, and each tenth time it
tells its answers what time it is."""


def create_app(context: IWorkspaceProcessContext[Any], *arguments: Any, **keywords: Any) -> ASGIApp:
    """Dagster's app, the report and the metrics, guarded."""
    app = create_app_from_workspace_process_context(context, *arguments, **keywords)
    home, hosts = Home.from_environment(), hosts_from_environment()
    latest = Latest(lambda: _collect(home, context.instance))
    if address := address_from_environment():
        serve_alone(metrics_alone(latest, hosts), *address)
    return guarded(with_metrics(with_report(app), latest), hosts)


def _collect(home: Home, instance: DagsterInstance) -> bytes:
    """Imported once somebody asks: the UI itself needs nothing of it."""
    from pipelines.metrics.collection import collection_of

    return collection_of(home, instance).text()


async def wait_for_end(server: uvicorn.Server) -> None:
    """As uvicorn's own, which no setting slows down: it was two thirds of what the server did while
    nobody looked.
    """
    ends = await server.on_tick(0)
    while not ends:
        await asyncio.sleep(END_S)
        ends = await server.on_tick(0)


def main() -> None:
    """Serves the UI until a signal ends it."""
    look_less_often()
    uvicorn.Server.main_loop = wait_for_end  # type: ignore[assignment]
    # Dagster's command line has no option for middleware; a test tells if this ceases to work.
    cli.create_app_from_workspace_process_context = create_app  # type: ignore[assignment,attr-defined]
    cli.cli(auto_envvar_prefix="DAGSTER_WEBSERVER", prog_name="callhouse-webserver")


if __name__ == "__main__":
    main()
