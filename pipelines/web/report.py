"""Serves the report beside Dagster's UI, from the file that the asset `report/calls` writes."""

from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assets.report_page import PATH

NO_REPORT = (
    "Callhouse: no report on this host yet. The asset report/calls makes it, after the marts."
)


def with_report(app: ASGIApp, file: Path) -> ASGIApp:
    """`app`, and the report's file at a path of its own, which it has no page at."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_asked_for = scope["type"] == "http" and scope["path"] == PATH
        await (_response(file) if is_asked_for else app)(scope, receive, send)

    return serve


def _response(file: Path) -> Response:
    headers = {"cache-control": "no-store"}
    if file.is_file():
        return FileResponse(file, media_type="text/html", headers=headers)
    return PlainTextResponse(NO_REPORT, 404, headers)
