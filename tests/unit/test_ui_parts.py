"""What Dagster's UI shows and takes: the order of runs, the accounts asked for, small pictures."""

import base64
import random
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from assets import hour_chart
from assets.resource import ACCOUNTS_TAG, CallhouseResource
from pipelines.run_queue import last_day, priority
from pipelines.schedules import PRIORITY
from resources.errors import ConfigurationError

TODAY = date(2026, 3, 10)


def run_of(**tags: str) -> dg.DagsterRun:
    return dg.DagsterRun("job", make_new_run_id(), tags=tags)


def test_runs_with_newer_days_leave_the_queue_first_and_none_before_a_poll() -> None:
    days = [TODAY + timedelta(days=n) for n in (1, 0, -1, -31, -400)]
    shuffled = random.Random(1).sample(days, len(days))
    by_priority = sorted(shuffled, key=lambda day: priority(day, TODAY), reverse=True)
    assert by_priority[2:] == days[2:]
    assert max(priority(day, TODAY) for day in days) < 0 < int(PRIORITY)


def test_a_runs_last_day_is_read_from_its_tags() -> None:
    tags = {
        "dagster/asset_partition_range_start": "2026-03-01",
        "dagster/asset_partition_range_end": "2026-03-10",
    }
    assert last_day(run_of(**tags)) == TODAY
    assert last_day(run_of(**{"dagster/partition": "2026-03-10"})) == TODAY
    assert last_day(run_of(**{"dagster/partition": "europe"})) is None
    assert last_day(run_of()) is None


@pytest.fixture
def callhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CallhouseResource:
    file = tmp_path / "accounts.toml"
    (tmp_path / "token").write_text("a token", encoding="utf-8")
    file.write_text(
        "\n".join(
            f"[accounts.{name}]\nvendor = '{vendor}'\nbase_url = 'https://x.example'\n"
            f"start_date = 2026-03-01\ncredentials.token = {{ file = '{tmp_path / 'token'}' }}"
            for name, vendor in (("lodz", "conpeek"), ("warsaw", "conpeek"), ("rio", "evolux"))
        ),
        encoding="utf-8",
    )
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    return CallhouseResource()


@pytest.mark.parametrize(
    ("tag", "only", "expected"),
    [
        (None, [], ["lodz", "warsaw"]),
        ("", [], ["lodz", "warsaw"]),
        ("warsaw, rio", [], ["warsaw"]),
        ("rio", [], []),
        ("warsaw", ["lodz"], ["lodz"]),
    ],
)
def test_the_launchpad_says_which_accounts_else_the_tag_else_all(
    tag: str | None, only: list[str], expected: list[str], callhouse: CallhouseResource
) -> None:
    tags = {} if tag is None else {ACCOUNTS_TAG: tag}
    assert [account.name for account in callhouse.accounts("conpeek", tags, only)] == expected


def test_an_unknown_account_is_refused_with_those_that_there_are(
    callhouse: CallhouseResource,
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        callhouse.accounts("conpeek", {ACCOUNTS_TAG: "warsaw,krakow"}, ["rio"])
    assert raised.value.faults == [
        f"tag {ACCOUNTS_TAG}: no account 'krakow'; accounts.toml has lodz, rio, warsaw",
        "accounts: no account 'rio'; accounts.toml has lodz, warsaw",
    ]


def test_the_days_calls_in_a_line() -> None:
    line = hour_chart.as_text({8: 1, 9: 50, 10: 100})
    assert line == "········▁▄█·············  151 calls, most from 10:00 (100)"


def test_the_days_calls_drawn() -> None:
    markdown = hour_chart.as_image({0: 3, 10: 100, 23: 1}).md_str
    assert markdown
    encoded = markdown.partition("base64,")[2].partition(")")[0]
    image = ElementTree.fromstring(base64.b64decode(encoded))
    heights = [float(bar.attrib["height"]) for bar in image.iter() if bar.tag.endswith("rect")]
    assert heights == [1.9, 64, 1]
    assert len(markdown) < 3_000
