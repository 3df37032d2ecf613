"""`callhouse-webserver`: `dagster-webserver` with all of its options, behind the guard."""

from typing import Any

from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.types import ASGIApp

from pipelines.web.guard import guarded, hosts_from_environment
from pipelines.web.report import with_report
from resources.configuration.home import Home


def create_app(*arguments: Any, **keywords: Any) -> ASGIApp:
    """Dagster's app and the report, guarded."""
    app = create_app_from_workspace_process_context(*arguments, **keywords)
    served = with_report(app, Home.from_environment().report)
    return guarded(served, hosts_from_environment())


def main() -> None:
    """Serves the UI until a signal ends it."""
    # Dagster's command line has no option for middleware; a test tells if this ceases to work.
    cli.create_app_from_workspace_process_context = create_app  # type: ignore[assignment,attr-defined]
    cli.cli(auto_envvar_prefix="DAGSTER_WEBSERVER", prog_name="callhouse-webserver")


if __name__ == "__main__":
    main()
