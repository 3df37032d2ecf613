"""What pydantic finds wrong with a file's values, in the words of the file."""

from typing import Any

from pydantic import BaseModel, ValidationError

LONGEST_NAME = 80
EXPECTED = {
    "bool_type": "expected true or false",
    "date_from_datetime_inexact": "expected a day like 2026-01-31, without a time",
    "date_from_datetime_parsing": "expected a day like 2026-01-31",
    "date_parsing": "expected a day like 2026-01-31",
    "date_type": "expected a day like 2026-01-31, without quotes",
    "dict_type": "expected a table like {{ key = value }}",
    "finite_number": "expected a number that isn't infinite",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge}",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le}",
    "list_type": 'expected a list like ["one", "two"]',
    "literal_error": "expected {expected}",
    "missing": "missing; every account needs it",
    "model_type": "expected a table like {{ key = value }}",
    "path_type": "expected a path in quotes",
    "string_too_long": "expected at most {max_length} characters",
    "string_too_short": "expected at least {min_length} characters",
    "string_type": "expected a text in quotes",
    "tuple_type": 'expected a list like ["one", "two"]',
}
"""By pydantic's types of errors, with what it knows of each. Of others, its own words are taken."""


def wrong_values(error: ValidationError, model: type[BaseModel], under: str = "") -> list[str]:
    """What is wrong with what was to become the `model`, each starting at the key's dot. The input
    is never quoted.
    """
    lines: list[str] = []
    for detail in error.errors(include_input=False, include_url=False):
        path = [under] if under else []
        path += [shown_name(str(part)) for part in detail["loc"]]
        text = _said(detail["type"], detail["msg"], detail.get("ctx", {}))
        if detail["type"] == "extra_forbidden":
            text = _unknown(model, detail["loc"][:-1])
        lines.append(f"{''.join(f'.{part}' for part in path)}: {text}")
    return lines


def shown_name(written: str) -> str:
    """A name as somebody wrote it, for a sentence: short, and nothing that moves a cursor."""
    short = written if len(written) <= LONGEST_NAME else f"{written[:LONGEST_NAME]}…"
    return short if short.isprintable() else repr(short)


def _said(kind: str, message: str, known: dict[str, Any]) -> str:
    if kind in EXPECTED:
        return EXPECTED[kind].format_map(known)
    own = message.removeprefix("Value error, ")
    return own[0].lower() + own[1:]


def _unknown(model: type[BaseModel], path: tuple[int | str, ...]) -> str:
    """That a key is unknown, and which there are."""
    for part in path:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return "unknown"
        model = inner
    known = [name for name, field in model.model_fields.items() if not field.exclude]
    return f"unknown; expected one of {', '.join(sorted(known))}" if known else "unknown; none here"
