"""Serves the report beside Dagster's UI, from where the asset `report/calls` puts it."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assets.report_page import PATH
from resources.errors import CallhouseError
from resources.report.place import REPORT, ReportPlace

NO_REPORT = (
    "Callhouse: no report here yet. The asset report/calls makes it, after the marts; where other "
    f"hosts execute runs, they and this one need the same {REPORT}."
)
HEADERS = {"cache-control": "no-store"}
SANDBOX = {
    "content-security-policy": (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}
"""An origin of its own: whoever can write to the bucket can't act in the UI by a page."""


def with_report(app: ASGIApp) -> ASGIApp:
    """`app`, and the report at a path of its own, which it has no page at."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_asked_for = scope["type"] == "http" and scope["path"] == PATH
        answer = await run_in_threadpool(_response) if is_asked_for else app
        await answer(scope, receive, send)

    return serve


def _response() -> Response:
    try:
        page = ReportPlace().read()
    except CallhouseError as error:
        return PlainTextResponse(f"Callhouse: no report: {error}", 503, HEADERS)
    if page is None:
        return PlainTextResponse(NO_REPORT, 404, HEADERS)
    return HTMLResponse(page, headers=HEADERS | SANDBOX)
