"""Conpeek: `cdr_dialog` with a JSON filter, offset and limit; no total and no promised order.

Which field a list filter looks at is not documented: the names here are the stand-in's own.
A filter it doesn't know, or an operator on the wrong property, is refused, so that a caller who
misspells one can't take the whole history for an answer.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from resources.standin.answer import Answer, Api, Ask, RefusalError

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant

Test = Callable[[dict[str, Any]], bool]

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
LISTS: dict[str, tuple[type, tuple[str, ...]]] = {
    "number_list": (str, ("from_display_target", "to_display_target")),
    "project_id_list": (int, ("project_id",)),
    "tenant_user_id_list": (int, ("tenant_user_id",)),
    "custom_tag_id_list": (int, ("custom_tag_ids",)),
    "operator_call_id_list": (str, ("operator_call_id",)),
    "dialog_type_list": (str, ("dialog_type",)),
    "call_request_agent_id_list": (str, ("call_request_agent_id",)),
}
DIALOG_TYPES = {
    "CONSULTANT",
    "TENANT_USER",
    "EXTERNAL",
    "BOT",
    "SCREENSHARE_DIALOG",
    "SYSTEM",
    "UNBOUND_DIALOG",
}
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def error(status: int, message: str) -> Answer:
    """No error body is documented."""
    return Answer(status, {"error": message})


def refuse(tenant: Tenant, ask: Ask) -> Answer | None:
    """The sample sends the bare key: "Bearer" in front of it is another key."""
    known = ask.headers.get("authorization") == tenant.token
    return None if known else error(401, "Unauthorized")


def report(_: Ask) -> str:
    return "cdr_dialog"


def answer(tenant: Tenant, ask: Ask) -> Answer:
    if ask.path != "cdr_dialog":
        return error(404, "Not Found")
    limit, offset = count(ask, "limit", 500), count(ask, "offset", 0)
    conditions = read_filter(ask)
    if tenant.until(EVER[0]) > EVER[0]:
        conditions = [
            {**c, "operator": "lte"} if c.get("operator") == "lt" else c for c in conditions
        ]
    tests = [_test(**condition) for condition in conditions]
    dialogs = [
        dialog
        for dialog in tenant.rows("cdr_dialog", *bounds(conditions))
        if not isinstance(dialog, dict) or all(test(dialog) for test in tests)
    ]
    return envelope(tenant.listing(dialogs, offset, limit).page)


def envelope(rows: list[Any]) -> Answer:
    return Answer(payload={"data": rows}, rows=rows)


def read_filter(ask: Ask) -> list[dict[str, Any]]:
    try:
        conditions = json.loads(ask.query.get("filter", "[]"))
    except ValueError:
        raise RefusalError(error(400, "filter is not JSON")) from None
    if not isinstance(conditions, list) or not all(isinstance(c, dict) for c in conditions):
        raise RefusalError(error(400, "filter is not a list of objects"))
    for condition in conditions:
        if not {"property", "value"} <= condition.keys() <= {"property", "value", "operator"}:
            raise RefusalError(error(400, "a filter needs the keys property and value"))
    return [{"name": c.pop("property"), **c} for c in conditions]


def _test(name: str, value: Any, operator: str | None = None) -> Test:
    """One filter as a test of a dialog; what a dialog doesn't have never matches."""
    if name in ("start_time", "hangup_time"):
        instant(value)
        return _compare(name, value, operator)
    if name == "talking_time":
        if not isinstance(value, int):
            raise RefusalError(error(400, "talking_time takes an integer"))
        return _compare(name, value, operator, eq_too=True)
    if name == "business_direction":
        return lambda dialog: dialog.get(name) == value
    if name not in LISTS:
        raise RefusalError(error(400, f"unknown filter {name}"))

    kind, fields = LISTS[name]
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise RefusalError(error(400, f"{name} takes a list of {kind.__name__}"))
    if name == "dialog_type_list" and not set(value) <= DIALOG_TYPES:
        raise RefusalError(error(400, f"unknown dialog type in {value}"))
    wanted = set(value)
    return lambda dialog: any(wanted & _as_set(dialog.get(field)) for field in fields)


def _compare(name: str, value: Any, operator: str | None, eq_too: bool = False) -> Test:
    if eq_too and operator in (None, "eq"):
        return lambda dialog: dialog.get(name) == value
    if operator not in OPERATORS:
        raise RefusalError(error(400, f"{name} has no operator {operator}"))
    holds = OPERATORS[operator]

    def test(dialog: dict[str, Any]) -> bool:
        found = dialog.get(name)
        return isinstance(found, type(value)) and holds(found, value)

    return test


def _as_set(found: Any) -> set[Any]:
    return set(found) if isinstance(found, list) else {found}


def bounds(conditions: list[dict[str, Any]]) -> tuple[datetime, datetime]:
    """The span in which a matching dialog can have begun or ended."""
    since, until = EVER
    for condition in conditions:
        if condition["name"] in ("start_time", "hangup_time"):
            at = instant(condition["value"])
            if condition.get("operator") in ("gt", "gte"):
                since = max(since, at)
            else:
                until = min(until, at)
    return since, until


def instant(value: Any) -> datetime:
    try:
        return datetime.strptime(value, TIME_FORMAT).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise RefusalError(error(400, f"not YYYY-MM-DD HH:mm:ss: {value}")) from None


def count(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, str(default))
    if not text.isdecimal():
        raise RefusalError(error(400, f"{name} is not a number: {text}"))
    return int(text)


API = Api(
    timezone="Europe/Warsaw",
    reports=("cdr_dialog",),
    report=report,
    key=lambda dialog: dialog["dialog_uuid"],
    refuse=refuse,
    answer=answer,
    day=lambda row, zone: (
        datetime.strptime(row["start_time"], TIME_FORMAT)
        .replace(tzinfo=UTC)
        .astimezone(zone)
        .date()
    ),
)
