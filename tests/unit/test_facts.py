"""The descriptions of the tables of facts: what they must say, and that they fit together."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sql
import sql.catalog
from sql import facts, mart, masks
from sql.__main__ import main
from sql.table import STREAM_KEY, Column, Kind, Source, Table

TABLES = pytest.mark.parametrize("table", facts.TABLES.values(), ids=lambda table: table.name)


def test_a_column_that_does_not_say_whether_it_is_personal_is_refused() -> None:
    build: Any = Column
    with pytest.raises(TypeError, match="personal"):
        build("mood", "text", "How the caller felt")


@pytest.mark.parametrize("name", ["Mood", "mood; DROP TABLE facts.calls", "1st", "mood ", "ö", ""])
def test_a_name_that_would_have_to_be_quoted_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        Column(name, "text", "How the caller felt", personal=False)
    with pytest.raises(ValueError, match="identifier"):
        replace(facts.CALLS, name=name)


def test_a_table_without_its_key_or_with_a_column_twice_is_refused() -> None:
    columns = facts.CALLS.columns
    odd: tuple[dict[str, Any], ...] = (
        {"record_key": ("mood",)}, {"row_key": ("mood",)}, {"columns": (*columns, columns[-1])},
    )  # fmt: skip
    for changes in odd:
        with pytest.raises(ValueError, match="calls"):
            replace(facts.CALLS, **changes)


@TABLES
def test_a_name_tells_its_unit(table: Table) -> None:
    for column in table.columns:
        is_number = column.type in ("bigint", "double precision", "integer", "numeric")
        suffix = re.search(r"_(s|bytes)$", column.name)
        if is_number and suffix:
            assert column.unit == suffix[1]
        assert column.unit in (None, "s", "bytes", "currency")
        if column.unit == "currency":
            assert table.has("currency")
            assert column.type == "numeric"


@TABLES
def test_a_table_fits_its_kind(table: Table) -> None:
    sources = {column.name: column.source for column in table.columns}
    loaded = {name for name, source in sources.items() if source is Source.LOADER}
    assert set(STREAM_KEY) <= loaded
    assert all(table.column(name).required for name in table.key)
    if len(table.record_key) == 1:
        assert table.record_key[0] in loaded
    if table.kind is Kind.RECORD:
        assert {"first_seen_at", "missing_since"} <= loaded
        assert sources["updated_at"] is Source.CLOCK
        assert table.column("updated_at").default == "now()"
    assert table.kind is not Kind.PART or table.is_divided
    if table.is_divided and table.kind is not Kind.PART:
        assert sources[table.row_key[0]] is Source.ROW
        assert table.has("position")
    assert not any(column.required for column in table.columns if column.enrichment)


@TABLES
def test_only_what_is_said_not_to_be_personal_is_shown_to_everybody(table: Table) -> None:
    view = masks.views()[f"masked/{table.name}"]
    shown = re.search(r"SELECT\n(.*?)\nFROM", view, re.DOTALL)
    assert shown
    entries = [entry.strip() for entry in shown[1].split(",\n")]
    assert len(entries) == len(table.columns)
    for column, entry in zip(table.columns, entries, strict=True):
        plainly = entry == f"{column.name} AS {column.name}"
        assert plainly == column.is_open(agents=False)
        assert not (plainly and column.personal)
        assert ("Personal data" in column.comment) == column.personal


def test_a_column_of_marts_is_as_open_as_what_it_comes_from() -> None:
    """What nobody has said to be open isn't: who adds such a column says it in its description."""
    shown = sql.catalog.open_columns(agents=True)
    hidden = sql.catalog.open_columns(agents=False)
    closed = [(table, name) for table, columns in shown.items() for name in columns
              if not columns[name]]  # fmt: skip
    assert closed == []
    agents = {(table, name) for table, columns in hidden.items() for name in columns
              if not columns[name]}  # fmt: skip
    assert ("marts.agents_by_day", "agent_name") in agents
    assert not any(table == "marts.calls_by_day" for table, _ in agents)


@pytest.mark.parametrize(
    ("column", "is_open"),
    [
        ({"from": ["calls.queue_name"]}, True),
        ({"from": ["calls.queue_name", "calls.from_e164"]}, False),
        ({"from": ["calls.from_e164"], "personal": False}, True),
        ({"from": ["calls.queue_name"], "personal": True}, False),
        ({"from": ["calls.end_reason"]}, False),
        ({"from": ["ops.days.state"]}, True),
        ({"from": ["ops.streams.last_error"]}, False),
        ({"from": ["marts.calls_by_day.queue_name"]}, True),
        ({"from": ["marts.calls_by_day.no_such"]}, False),
        ({"from": []}, False),
        ({"from": ["calls.from_e164"], "type": "bigint"}, True),
    ],
)
def test_a_text_of_marts_that_comes_from_what_is_personal_is_closed(
    column: dict[str, Any], is_open: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = {"type": "text", "meaning": "How they felt"} | column
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in told.items())
    (tmp_path / "moods.toml").write_text(
        f'meaning = "Moods"\nview = true\n[columns.mood]\n{lines}\n', encoding="utf-8"
    )
    (tmp_path / "moods.sql").write_text("SELECT", encoding="utf-8")
    known = mart.marts()
    moods = mart.read("moods", tmp_path)
    monkeypatch.setattr(mart, "marts", lambda: {**known, "moods": moods})
    assert sql.catalog.open_columns(agents=True)["marts.moods"] == {"mood": is_open}


TEMPLATES = {
    f"{folder}/{path.stem.partition('.')[0]}"
    for folder in ("checks", "load", "plan")
    for path in (sql.FOLDER / folder).glob("*.sql")
    if "{" in path.read_text(encoding="utf-8")
}


@pytest.mark.parametrize("name", sorted(TEMPLATES))
@pytest.mark.parametrize("target", [*facts.TABLES, "audio"])
def test_no_place_of_a_template_is_left(name: str, target: str) -> None:
    assert not set("{}") & set(sql.read(name, facts.target(target)))


def test_a_place_that_there_is_not_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "odd.sql").write_text("SELECT {mood} FROM facts.{table}", encoding="utf-8")
    monkeypatch.setattr(sql, "FOLDER", tmp_path)
    with pytest.raises(KeyError, match="mood"):
        sql.read("odd", facts.CALLS)


def test_a_kind_has_statements_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    main(["load/mark_missing", "calls"])
    main(["load/mark_missing", "agent_usage"])
    main(["load/merge", "audio"])
    printed = capsys.readouterr().out
    assert "UPDATE facts.calls t SET missing_since" in printed
    assert "DELETE FROM facts.agent_usage t" in printed
    assert "SET (audio_uri, audio_sha256) = ROW (s.audio_uri, s.audio_sha256)" in printed
