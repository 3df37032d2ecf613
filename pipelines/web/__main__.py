"""`callhouse-webserver`: `dagster-webserver` with all of its options, behind the guard."""

from typing import Any

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


def main() -> None:
    """Serves the UI until a signal ends it."""
    look_less_often()
    # Dagster's command line has no option for middleware; a test tells if this ceases to work.
    cli.create_app_from_workspace_process_context = create_app  # type: ignore[assignment,attr-defined]
    cli.cli(auto_envvar_prefix="DAGSTER_WEBSERVER", prog_name="callhouse-webserver")


if __name__ == "__main__":
    main()
